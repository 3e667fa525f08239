from typing import Any

import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.european import european
from models.quantitative.exposure.dealers import DEALERS_SHORT_ALL
from models.quantitative.exposure.flip import GammaProfile, gamma_profile
from tests.unit.models.quantitative.exposure.chains import DIVIDEND, RATE, SPOT, chain


def _net(spot: float) -> float:
    c = chain()
    gamma = european(spot, c.strike, c.years, RATE, DIVIDEND, c.vol, c.is_call).gamma
    return float(np.sum(np.where(c.is_call == 1.0, 1.0, -1.0) * c.open_interest * gamma * spot * spot))


def _profile(**changes: object) -> GammaProfile:
    c = chain()
    arguments: dict[str, Any] = {
        "underlying_price": SPOT, "strike": c.strike, "years": c.years, "rate": RATE, "dividend_yield": DIVIDEND,
        "vol": c.vol, "is_call": c.is_call, "open_interest": c.open_interest,
    }  # fmt: skip
    return gamma_profile(**(arguments | changes))


def test_net_gamma_is_repriced_at_every_price_of_the_grid() -> None:
    found = _profile(points=11)
    assert found.underlying_price.tolist() == pytest.approx(np.linspace(75.0, 125.0, 11).tolist())
    assert found.gamma_dollars_per_percent == pytest.approx([_net(spot) for spot in found.underlying_price], rel=1e-12)


def test_gamma_grows_with_the_multiplier_and_is_that_of_the_contracts() -> None:
    """One call of 10 shares: its gamma in dollars per 1 %, at each price, and what smaller prices do not change."""
    for scale in (1.0, 0.005):  # a penny stock has an answer too
        found = gamma_profile(100.0 * scale, 100.0 * scale, 0.5, 0.02, 0.0, 0.2, 1, 3, multiplier=10.0, points=5)
        gamma = european(found.underlying_price, 100.0 * scale, 0.5, 0.02, 0.0, 0.2, is_call=True).gamma
        expected = 3 * 10 * gamma * found.underlying_price**2 / 100
        assert found.gamma_dollars_per_percent == pytest.approx(expected, rel=1e-13)


def test_a_long_chain_is_priced_in_parts_to_the_same_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _profile(points=10)
    monkeypatch.setattr("models.quantitative.exposure.flip.ROWS_AT_ONCE", 300)
    in_parts = _profile(points=10)
    np.testing.assert_allclose(in_parts.gamma_dollars_per_percent, whole.gamma_dollars_per_percent, rtol=1e-12)


def test_the_flip_level_has_no_gamma_and_a_change_of_sign_around_it() -> None:
    found = _profile()
    assert found.flip_level is not None
    assert 94.0 < found.flip_level < 108.0  # between the puts and the calls
    assert found.underlying_price.size == 101
    assert abs(_net(found.flip_level)) < 1e-9 * abs(_net(SPOT * 1.1))
    assert _net(found.flip_level - 0.01) < 0.0 < _net(found.flip_level + 0.01)


def test_the_flip_level_does_not_depend_on_the_grid() -> None:
    levels = [
        _profile(points=points, width=width).flip_level for points, width in ((101, 0.25), (38, 0.17), (400, 0.3))
    ]
    assert levels == pytest.approx([levels[0]] * 3, rel=1e-10)


def test_of_several_levels_the_nearest_is_the_flip() -> None:
    """Calls at 90 and 110 around puts at 100: gamma is negative only in the middle."""
    found = gamma_profile(98.0, [90.0, 100.0, 110.0], 0.05, 0.0, 0.0, 0.15, [1, 0, 1], [100, 100, 100])
    assert found.flip_levels.size == 2
    assert found.flip_levels[0] < 98.0 < found.flip_levels[1]
    assert found.flip_level == found.flip_levels[0]
    above = gamma_profile(102.0, [90.0, 100.0, 110.0], 0.05, 0.0, 0.0, 0.15, [1, 0, 1], [100, 100, 100])
    assert above.flip_level == above.flip_levels[1] == pytest.approx(found.flip_levels[1])


def test_gamma_of_one_sign_has_no_flip_level() -> None:
    found = _profile(convention=DEALERS_SHORT_ALL)
    assert found.flip_level is None
    assert found.flip_levels.size == 0
    assert (found.gamma_dollars_per_percent < 0.0).all()
    assert found.convention is DEALERS_SHORT_ALL


def test_calls_and_puts_that_cancel_leave_no_gamma_and_no_level() -> None:
    found = gamma_profile(100.0, [95.0, 95.0, 105.0, 105.0], 0.1, 0.01, 0.0, 0.2, [1, 0, 1, 0], [7, 7, 9, 9])
    assert not found.gamma_dollars_per_percent.any()
    assert found.flip_level is None


def test_contracts_without_an_answer_are_counted_and_change_nothing() -> None:
    c = chain()
    vol, years, contracts = c.vol.copy(), c.years.copy(), c.open_interest.copy()
    vol[0], years[1], contracts[2], contracts[3] = np.nan, -0.1, np.nan, -5.0
    multiplier = np.full_like(vol, 100.0)
    multiplier[4:7] = np.nan, np.inf, 0.0
    found = _profile(vol=vol, years=years, open_interest=contracts, multiplier=multiplier)
    assert found.left_out == 7
    rest = _profile(open_interest=np.where(np.arange(c.strike.size) < 7, 0.0, c.open_interest))
    assert rest.left_out == 0
    np.testing.assert_allclose(found.gamma_dollars_per_percent, rest.gamma_dollars_per_percent, rtol=1e-12)


def test_an_empty_chain_has_no_gamma() -> None:
    found = gamma_profile(100.0, [], [], 0.0, 0.0, [], [], [])
    assert not found.gamma_dollars_per_percent.any()
    assert found.flip_level is None


@pytest.mark.parametrize(
    ("argument", "value"),
    [("underlying_price", 0.0), ("width", 1.0), ("width", 0.0), ("points", 1), ("points", 100_001)],
)
def test_bad_input_is_named(argument: str, value: float) -> None:
    with pytest.raises(BadInput, match=argument):
        _profile(**{argument: value})


def test_two_prices_are_a_grid() -> None:
    assert _profile(points=2).underlying_price.tolist() == pytest.approx([75.0, 125.0])


@pytest.mark.parametrize(("width", "outwards"), [(1e-6, 0.0), (1.0 - 1e-6, 1.0)])
def test_the_grid_may_be_as_narrow_as_a_millionth_and_reach_as_low(width: float, outwards: float) -> None:
    found = _profile(width=width, points=2).underlying_price
    assert found == pytest.approx([SPOT * (1.0 - width), SPOT * (1.0 + width)])
    with pytest.raises(BadInput, match="width"):
        _profile(width=float(np.nextafter(width, outwards)))


def test_a_contract_may_be_for_a_part_of_a_share() -> None:
    found = _profile(multiplier=0.5, points=3)
    assert found.left_out == 0
    assert found.gamma_dollars_per_percent == pytest.approx(_profile(points=3).gamma_dollars_per_percent / 200.0)


def test_a_convention_may_give_dealers_a_part_of_the_contracts() -> None:
    whole = _profile(convention=DEALERS_SHORT_ALL, points=3)
    half = _profile(convention=DEALERS_SHORT_ALL._replace(call_side=-0.5, put_side=-0.5), points=3)
    assert half.gamma_dollars_per_percent == pytest.approx(0.5 * whole.gamma_dollars_per_percent)
