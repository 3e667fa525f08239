import numpy as np
import pytest

from models.quantitative.american.boundary import early_exercise_boundary
from models.quantitative.american.exact import american_price
from models.quantitative.reasons import reason_names


@pytest.mark.parametrize("is_call", [True, False])
def test_there_the_price_becomes_the_intrinsic_value(*, is_call: bool) -> None:
    terms = (np.array([0.05, 0.3, 1.0, 2.0]), 0.04, 0.03, 0.25)
    edge = early_exercise_boundary(100.0, *terms, is_call).underlying_price
    side = 1.0 if is_call else -1.0
    beyond, before = (american_price(edge * (1.0 + side * t), 100.0, *terms, is_call).price for t in (1e-3, -1e-2))
    np.testing.assert_allclose(beyond, side * (edge * (1.0 + side * 1e-3) - 100.0), rtol=1e-12)
    assert (before > side * (edge * (1.0 - side * 1e-2) - 100.0) + 1e-5).all()


def test_it_moves_away_from_the_strike_with_time() -> None:
    years = np.linspace(0.01, 3.0, 60)
    put = early_exercise_boundary(100.0, years, 0.05, 0.02, 0.3, is_call=False).underlying_price
    call = early_exercise_boundary(100.0, years, 0.05, 0.02, 0.3, is_call=True).underlying_price
    assert (np.diff(put) < 0.0).all()
    assert (np.diff(call) > 0.0).all()
    assert put[0] < 100.0 < call[0]


@pytest.mark.parametrize(("rate", "dividend", "limit"), [(0.05, 0.02, 100.0), (0.02, 0.05, 40.0), (0.05, -0.02, 100.0)])
def test_its_end_at_expiry(rate: float, dividend: float, limit: float) -> None:
    """The strike, or where the yield given up is as much as the interest gained: K·r/q."""
    edge = early_exercise_boundary(100.0, 1e-9, rate, dividend, 0.2, is_call=False).underlying_price
    assert edge == pytest.approx(limit, rel=1e-4)
    assert edge < limit


def test_it_scales_with_the_strike_and_mirrors_for_calls() -> None:
    put = early_exercise_boundary([50.0, 200.0], 0.5, 0.05, 0.02, 0.3, is_call=False).underlying_price
    call = early_exercise_boundary(100.0, 0.5, 0.02, 0.05, 0.3, is_call=True).underlying_price
    assert put[1] == pytest.approx(4.0 * put[0], rel=1e-14)
    assert call * put[0] == pytest.approx(100.0 * 50.0, rel=1e-13)


def test_where_exercise_never_pays() -> None:
    assert early_exercise_boundary(100.0, 0.5, 0.0, 0.02, 0.3, is_call=False).underlying_price == 0.0
    assert early_exercise_boundary(100.0, 0.5, 0.05, 0.0, 0.3, is_call=True).underlying_price == np.inf


def test_two_boundaries_are_no_answer() -> None:
    result = early_exercise_boundary(100.0, 0.5, [-0.01, 0.01], [-0.03, -0.03], 0.3, is_call=False)
    assert list(reason_names(result.reason_code)) == ["bad_input", "ok"]
    assert list(np.isnan(result.underlying_price)) == [True, False]
