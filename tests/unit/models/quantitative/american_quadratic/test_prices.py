import numpy as np
import pytest

from models.quantitative import blocks, compiled
from models.quantitative.american_quadratic.prices import AMERICAN_QUADRATIC, american_quadratic
from models.quantitative.european import EuropeanGreeks, european
from models.quantitative.reasons import Reason, reason_names
from tests.unit.models.quantitative.american.samples import Columns, contracts
from tests.unit.models.quantitative.american_quadratic.listed import Listed, listed, off, wild_rows

POINTS = 100_000
MAX_VOL_POINTS = 0.2
MAX_DELTA_OFF = 0.005
WORST_DELTA_OFF = 0.01


@pytest.fixture(scope="module")
def sample() -> Listed:
    return listed(4_000, seed=21)


@pytest.fixture(scope="module")
def many() -> Columns:
    return contracts(POINTS, seed=22)


@pytest.fixture(scope="module")
def results(many: Columns) -> EuropeanGreeks:
    return american_quadratic(*many)


def test_price_is_within_a_fifth_of_a_volatility_point(sample: Listed) -> None:
    errors = off(american_quadratic(*sample.terms).price, sample.exact.price) / sample.exact.vega
    assert np.quantile(errors, 0.995) <= MAX_VOL_POINTS
    assert np.median(errors) <= 0.1 * MAX_VOL_POINTS
    largest = off(american_quadratic(*sample.terms).price, sample.exact.price) / sample.terms[0]
    assert largest.max() <= 1e-3


def test_delta_against_the_exact_engine(sample: Listed) -> None:
    errors = off(american_quadratic(*sample.terms).delta, sample.exact.delta)
    assert errors.max() <= WORST_DELTA_OFF
    assert np.quantile(errors, 0.995) <= MAX_DELTA_OFF
    assert np.quantile(errors, 0.99) <= 0.8 * MAX_DELTA_OFF


@pytest.mark.parametrize(
    ("name", "most", "typical"),
    [("gamma", 0.1, 5e-3), ("vega", 0.15, 5e-3), ("theta", 0.15, 5e-3), ("rho", 0.5, 5e-3)],
)
def test_other_greeks_against_the_exact_engine(sample: Listed, name: str, most: float, typical: float) -> None:
    """In units of what the Greek of such an option at the money is, except for rho: of the strike's."""
    spot, strike, years, _, _, vol, _ = sample.terms
    size = {
        "gamma": 0.4 / (spot * vol * np.sqrt(years)),
        "vega": 0.004 * spot * np.sqrt(years),
        "theta": 0.2 * spot * vol / np.sqrt(years) / 365.0,
        "rho": 0.01 * strike * years,
    }[name]
    errors = off(getattr(american_quadratic(*sample.terms), name), getattr(sample.exact, name)) / size
    assert np.quantile(errors, 0.99) <= most
    assert np.median(errors) <= typical


def test_worth_no_less_than_exercise_now_or_at_expiry(many: Columns, results: EuropeanGreeks) -> None:
    spot, strike, *_, is_call = many
    exercised = np.where(is_call == 1.0, spot - strike, strike - spot)
    slack = 1e-13 * (spot + strike)
    assert (results.price >= exercised - slack).all()
    assert (results.price >= european(*many).price - 1e-10 * (spot + strike)).all()
    assert (results.price <= np.where(is_call == 1.0, spot, strike) + slack).all()


def test_signs_and_sizes_of_the_greeks(many: Columns, results: EuropeanGreeks) -> None:
    side = np.where(many[6] == 1.0, 1.0, -1.0)
    assert (results.reason_code == Reason.OK).all()
    assert (side * results.delta >= -1e-9).all()
    assert np.quantile(side * results.delta, 0.9999) <= 1.001
    assert (side * results.rho >= 0.0).all()
    for column in results[1:]:
        assert np.isfinite(column).all()


def test_a_call_is_a_put_on_the_strike(many: Columns, results: EuropeanGreeks) -> None:
    spot, strike, years, rate, dividend, vol, is_call = many
    mirrored = american_quadratic(strike, spot, years, dividend, rate, vol, 1.0 - is_call)
    np.testing.assert_allclose(mirrored.price, results.price, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mirrored.vega, results.vega, rtol=1e-6, atol=1e-6)


def test_scale_changes_nothing(many: Columns, results: EuropeanGreeks) -> None:
    spot, strike, *rest = many
    scaled = american_quadratic(8.0 * spot, 8.0 * strike, *rest)
    np.testing.assert_allclose(scaled.price, 8.0 * results.price, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scaled.delta, results.delta, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("rate", "dividend", "is_call"), [(0.05, 0.0, 1.0), (0.0, 0.03, 0.0), (-0.02, 0.01, 0.0), (0.03, -0.01, 1.0)]
)
def test_european_where_early_exercise_never_pays(rate: float, dividend: float, is_call: float) -> None:
    terms = (100.0, np.linspace(50.0, 200.0, 31), 0.7, rate, dividend, 0.25, is_call)
    early, late = american_quadratic(*terms), european(*terms)
    for name in early._fields:
        np.testing.assert_array_equal(getattr(early, name), getattr(late, name), err_msg=name)


@pytest.mark.parametrize("is_call", [0.0, 1.0])
def test_exercised_at_once_it_is_the_payoff(is_call: float) -> None:
    strike = 200.0 if is_call == 0.0 else 50.0
    result = american_quadratic(100.0, strike, 1.0, 0.08, 0.08, 0.15, is_call)
    assert result.price == pytest.approx(abs(strike - 100.0), rel=1e-15)
    assert result.delta == (1.0 if is_call == 1.0 else -1.0)
    assert [result.gamma, result.vega, result.theta, result.rho] == [0.0] * 4


def test_delta_and_gamma_are_the_slopes_of_the_price() -> None:
    spots = np.linspace(80.0, 130.0, 51)
    step = 1e-3
    for rate, dividend, is_call in ((0.05, 0.01, 0.0), (0.03, 0.05, 1.0), (0.04, 0.04, 0.0)):
        terms = (100.0, 0.6, rate, dividend, 0.3, is_call)
        here, up, down = (american_quadratic(spots + move, *terms) for move in (0.0, step, -step))
        held = (here.gamma > 0.0) & (up.gamma > 0.0) & (down.gamma > 0.0)
        assert held.mean() > 0.7
        slope = (up.price - down.price) / (2.0 * step)
        bend = (up.delta - down.delta) / (2.0 * step)
        np.testing.assert_allclose(here.delta[held], slope[held], atol=1e-7)
        np.testing.assert_allclose(here.gamma[held], bend[held], atol=1e-6)


def test_theta_follows_from_the_black_scholes_equation(many: Columns, results: EuropeanGreeks) -> None:
    spot, _, _, rate, dividend, vol, _ = many
    held = (results.gamma > 0.0) & (results.vega > 0.0)
    drift = (rate - dividend) * spot * results.delta + 0.5 * (vol * spot) ** 2 * results.gamma
    left = 365.0 * results.theta + drift - rate * results.price
    assert np.quantile(np.abs(left[held]) / spot[held], 0.999) <= 1e-9


def test_engines_agree(many: Columns) -> None:
    part = many[:, ::5]
    spot, strike, years, rate, dividend, vol, is_call = part
    inputs = (spot, strike, years, rate, dividend, is_call, vol)
    one = EuropeanGreeks(*blocks.evaluate(AMERICAN_QUADRATIC, *inputs))
    other = EuropeanGreeks(*compiled.evaluate(AMERICAN_QUADRATIC, *inputs))
    np.testing.assert_array_equal(one.reason_code, other.reason_code)
    assert (np.abs(one.price - other.price) <= 1e-12 * (spot + strike)).all()
    np.testing.assert_allclose(one.delta, other.delta, atol=1e-10)


def test_reasons_and_masks() -> None:
    years = np.array([0.5, 0.0, np.nan, 0.5, 0.5])
    vols = np.array([0.2, 0.2, 0.2, -0.1, np.inf])
    result = american_quadratic(100.0, 110.0, years, 0.05, 0.0, vols, is_call=False)
    assert list(reason_names(result.reason_code)) == ["ok", "expired", *["bad_input"] * 3]
    for column in result[1:]:
        assert np.isfinite(column).tolist() == [True, *[False] * 4]


def test_no_input_gives_a_number_without_a_reason_or_nan_with_ok() -> None:
    spot, strike, years, rate, dividend, vol, is_call = wild_rows(7, 50_000, seed=24)
    with np.errstate(all="ignore"):
        result = american_quadratic(spot, strike, years, rate, dividend, vol, is_call)
    answered = result.reason_code == Reason.OK
    assert 0.0 < answered.mean() < 1.0
    np.testing.assert_array_equal(np.isfinite(result[1:]).all(axis=0), answered)
    assert np.isnan(np.array(result[1:])[:, ~answered]).all()


def test_nothing_is_divided_by_zero(many: Columns) -> None:
    """Spark would end the job."""
    spot, strike, years, rate, dividend, vol, is_call = many[:, ::10]
    for scale in (1.0, -1.0, 1e-3, 0.0):
        inputs = (spot, strike, years, scale * rate, dividend, is_call, vol)
        with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
            blocks.evaluate(AMERICAN_QUADRATIC, *inputs)
