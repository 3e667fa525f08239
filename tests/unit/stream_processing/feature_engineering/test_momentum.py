import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.momentum import MOMENTUM
from tests.unit.stream_processing.feature_engineering import scan_laws as laws
from tests.unit.stream_processing.feature_engineering.bars_made import some_bars

(SCAN,) = MOMENTUM
ROWS = 130
BARS = some_bars(ROWS)


def formulas(bars: dict[str, Floats]) -> pd.DataFrame:
    frame = pd.DataFrame(bars)
    close = frame.close
    logs = np.log(close)
    places = {
        f"range_position_{bars}": (close - frame.low.rolling(bars).min())
        / (frame.high.rolling(bars).max() - frame.low.rolling(bars).min())
        for bars in (20, 60)
    }
    rose = (close > close.shift()).astype(float).where(close.shift().notna())
    out = pd.DataFrame(
        {
            **{f"log_return_{lag}": logs.diff(lag) for lag in (1, 5, 10, 20, 60)},
            "z_score_20": (close - close.rolling(20).mean()) / close.rolling(20).std(ddof=0),
            **places,
            "acceleration_10": logs.diff(10) - logs.diff(10).shift(10),
            "up_share_20": rose.rolling(20).mean(),
        }
    )
    return out[[feature.name for feature in SCAN.features]]


@pytest.mark.parametrize("seed", range(3))
def test_features_are_their_formulas(seed: int) -> None:
    bars = some_bars(ROWS, seed)
    np.testing.assert_allclose(laws.whole(SCAN, bars), formulas(bars).to_numpy(), rtol=1e-9, atol=1e-12)


def test_values_begin_after_the_warm_up() -> None:
    laws.assert_first_values_come_after_the_warm_up(SCAN, BARS)


@given(cuts=st.lists(st.integers(0, ROWS), max_size=6))
@settings(max_examples=20, deadline=None)
def test_cuts_change_nothing(cuts: list[int]) -> None:
    laws.assert_cuts_change_nothing(SCAN, laws.with_a_hole(BARS, "low", 25), cuts)


def test_rows_change_nothing() -> None:
    laws.assert_rows_change_nothing(SCAN, BARS)


@given(garbage=laws.garbage_for(SCAN))
@settings(max_examples=20, deadline=None)
def test_survives_whatever_came_before(garbage: list[list[float]]) -> None:
    laws.assert_survives(SCAN, garbage, laws.rows_between(BARS, 0, 62))


@pytest.mark.parametrize(("name", "value"), [("close", np.nan), ("close", 1e6), ("high", np.inf), ("low", -1.0)])
def test_a_bar_that_cannot_be_is_forgotten(name: str, value: float) -> None:
    at = 63
    clean, holed = laws.whole(SCAN, BARS), laws.whole(SCAN, laws.with_a_hole(BARS, name, at, value))
    assert np.isnan(holed[at]).all()
    np.testing.assert_array_equal(holed[:at], clean[:at])
    np.testing.assert_array_equal(holed[at + 61 :], clean[at + 61 :])
    fast = [feature.name for feature in SCAN.features].index("log_return_1")
    assert np.isnan(holed[at + 1, fast])
    assert np.isfinite(holed[at + 2, fast])


def test_a_price_that_stands_still_has_no_place_in_its_range() -> None:
    """A tenth is no double, so that a mean of tenths is not a tenth: still there is no deviation."""
    out = laws.named(SCAN, {name: np.full(70, 0.1) for name in SCAN.inputs})
    assert np.isnan(out["z_score_20"][-1])
    assert np.isnan(out["range_position_60"][-1])
    assert (out["log_return_60"][-1], out["up_share_20"][-1], out["acceleration_10"][-1]) == (0.0, 0.0, 0.0)


def test_a_price_that_only_rises_is_at_the_top() -> None:
    rising = np.exp(np.arange(70) * 0.01)
    out = laws.named(SCAN, dict.fromkeys(SCAN.inputs, rising))
    assert (out["range_position_60"][-1], out["up_share_20"][-1]) == (1.0, 1.0)
    np.testing.assert_allclose(out["acceleration_10"][-1], 0.0, atol=1e-12)
    np.testing.assert_allclose(out["log_return_10"][-1], 0.1)


@given(seed=st.integers(0, 100))
@settings(max_examples=10, deadline=None)
def test_shares_and_places_lie_between_nothing_and_one(seed: int) -> None:
    out = laws.named(SCAN, some_bars(80, seed))
    for name in ("up_share_20", "range_position_20", "range_position_60"):
        told = out[name][60:]
        assert ((told >= 0.0) & (told <= 1.0)).all()
