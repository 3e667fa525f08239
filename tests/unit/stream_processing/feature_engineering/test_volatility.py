import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.volatility import VOLATILITY, per_year
from tests.unit.stream_processing.feature_engineering import scan_laws as laws
from tests.unit.stream_processing.feature_engineering.bars_made import some_bars

(SCAN,) = VOLATILITY
ROWS = 290
BARS = some_bars(ROWS)
WINDOWED = [feature.name for feature in SCAN.features if feature.name != "ewma_variance"]


def formulas(bars: dict[str, Floats]) -> pd.DataFrame:
    """The papers' formulas, on pandas."""
    frame = pd.DataFrame(bars)
    logs = frame[["open", "high", "low", "close"]].transform("log")
    change = logs.close.diff()
    overnight = logs.open - logs.close.shift()
    up, down, intraday = logs.high - logs.open, logs.low - logs.open, logs.close - logs.open
    rogers_satchell = up * (up - intraday) + down * (down - intraday)
    garman_klass = 0.5 * (up - down) ** 2 - (2 * np.log(2) - 1) * intraday**2
    k = 0.34 / (1.34 + 21 / 19)
    second = (change**2).rolling(60).sum()
    bipower = np.pi / 2 * (change.abs() * change.abs().shift()).rolling(59).mean()
    out = pd.DataFrame(
        {
            "realised_variance_20": (change**2).rolling(20).mean(),
            "realised_volatility_20": (change**2).rolling(20).mean() ** 0.5,
            "realised_variance_60": second / 60,
            "realised_volatility_60": (second / 60) ** 0.5,
            "parkinson_variance_20": ((up - down) ** 2).rolling(20).mean() / (4 * np.log(2)),
            "garman_klass_variance_20": garman_klass.rolling(20).mean(),
            "rogers_satchell_variance_20": rogers_satchell.rolling(20).mean(),
            "yang_zhang_variance_20": overnight.rolling(20).var()
            + k * intraday.rolling(20).var()
            + (1 - k) * rogers_satchell.rolling(20).mean(),
            "bipower_variation_60": bipower,
            "jump_share_60": (1 - bipower / (second / 60)).clip(lower=0),
            "realised_skewness_60": 60**0.5 * (change**3).rolling(60).sum() / second**1.5,
            "realised_kurtosis_60": 60 * (change**4).rolling(60).sum() / second**2,
            "demeaned_return_60": change - change.shift().rolling(60).mean(),
            "ewma_variance": (change**2).ewm(alpha=0.06, adjust=True, min_periods=261).mean(),
        }
    )
    return out[[feature.name for feature in SCAN.features]]


@pytest.mark.parametrize("seed", range(3))
def test_features_are_the_formulas_of_the_papers(seed: int) -> None:
    bars = some_bars(ROWS, seed)
    expected = formulas(bars).to_numpy()
    out = laws.whole(SCAN, bars)
    told = np.isfinite(expected)
    np.testing.assert_allclose(out[told], expected[told], rtol=1e-9, atol=1e-15)


def test_values_begin_after_the_warm_up() -> None:
    laws.assert_first_values_come_after_the_warm_up(SCAN, BARS)


@given(cuts=st.lists(st.integers(0, ROWS), max_size=6))
@settings(max_examples=20, deadline=None)
def test_cuts_change_nothing(cuts: list[int]) -> None:
    holed = laws.with_a_hole(BARS, "high", 25)
    laws.assert_cuts_change_nothing(SCAN, holed, cuts)


def test_rows_change_nothing() -> None:
    laws.assert_rows_change_nothing(SCAN, BARS)


@given(garbage=laws.garbage_for(SCAN))
@settings(max_examples=20, deadline=None)
def test_survives_whatever_came_before(garbage: list[list[float]]) -> None:
    laws.assert_survives(SCAN, garbage, laws.rows_between(BARS, 0, 262))


@pytest.mark.parametrize(("name", "value"), [("open", np.nan), ("close", -1.0), ("high", 1.0), ("low", np.inf)])
def test_a_bar_that_cannot_be_is_forgotten(name: str, value: float) -> None:
    at = 200
    clean, holed = laws.named(SCAN, BARS), laws.named(SCAN, laws.with_a_hole(BARS, name, at, value))
    for feature in WINDOWED:
        assert np.isnan(holed[feature][at]), feature
        np.testing.assert_array_equal(holed[feature][:at], clean[feature][:at])
        np.testing.assert_array_equal(holed[feature][at + 62 :], clean[feature][at + 62 :])
    assert np.isfinite(holed["parkinson_variance_20"][at + 20])
    passed_over = laws.named(SCAN, laws.without(BARS, at))["ewma_variance"]
    np.testing.assert_array_equal(np.delete(holed["ewma_variance"], at), passed_over)


def test_a_price_that_stands_still_has_no_variance_and_no_shares_of_it() -> None:
    still = {name: np.full(270, 50.0) for name in SCAN.inputs}
    out = laws.named(SCAN, still)
    for name in ("realised_variance_60", "parkinson_variance_20", "garman_klass_variance_20", "ewma_variance"):
        assert out[name][-1] == 0.0
    for name in ("jump_share_60", "realised_skewness_60", "realised_kurtosis_60"):
        assert np.isnan(out[name][-1])


def test_one_jump_is_told_as_such() -> None:
    random = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(np.append(random.normal(0.0, 1e-4, 61), 0.05)))
    out = laws.named(SCAN, dict.fromkeys(SCAN.inputs, close))
    assert out["jump_share_60"][-1] > 0.95
    assert out["realised_kurtosis_60"][-1] > 50
    assert out["realised_skewness_60"][-1] > 7


@given(factor=st.integers(1, 12))
@settings(max_examples=8, deadline=None)
def test_units_of_price_change_nothing(factor: int) -> None:
    scaled = {name: values * 2.0**factor for name, values in BARS.items()}
    np.testing.assert_allclose(laws.whole(SCAN, scaled), laws.whole(SCAN, BARS), rtol=1e-9, atol=1e-15)


def test_volatility_of_a_year() -> None:
    np.testing.assert_allclose(per_year([1e-4, 4e-4], 252), [0.01 * 252**0.5, 0.02 * 252**0.5])
