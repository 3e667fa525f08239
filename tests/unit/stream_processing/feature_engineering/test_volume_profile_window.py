import numpy as np
import pytest

from stream_processing.feature_engineering.flow_sessions import Times
from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE, volume_profile
from stream_processing.feature_engineering.volume_profile_window import MINUTE_US, MINUTES, WINDOW_PROFILE, Window

TICK = 0.01
SECOND = 1_000_000
START = 1_767_620_000 * SECOND


def some_trades(count: int = 200, minutes: int = 80, seed: int = 0) -> tuple[Times, Floats, Floats]:
    random = np.random.default_rng(seed)
    times = START + np.sort(random.integers(0, minutes * MINUTE_US, count))
    cents = 1_000 + np.cumsum(random.integers(-2, 3, count))
    return times, cents / 100, random.integers(1, 99, count).astype(np.float64)


def counted(window: Window, times: Times, price: Floats, size: Floats) -> Floats:
    last = np.flatnonzero(np.diff(times // SECOND, append=-1))
    return window.count(times, price, size, last, TICK)


def test_a_window_holds_this_minute_and_those_before_it() -> None:
    times, price, size = some_trades()
    ends = np.flatnonzero(np.diff(times // SECOND, append=-1))
    window = Window()
    for end, row in zip(ends, counted(window, times, price, size), strict=True):
        minutes = times // MINUTE_US
        inside = (minutes > minutes[end] - MINUTES) & (np.arange(len(times)) <= end)
        wanted = volume_profile(price[inside], size[inside], TICK)
        assert row.tolist() == [getattr(wanted, feature.name) for feature in VOLUME_PROFILE]
    assert len(window.minutes) <= MINUTES


@pytest.mark.parametrize("seed", range(3))
def test_cuts_change_nothing(seed: int) -> None:
    times, price, size = some_trades(seed=seed)
    once, cut = Window(), Window()
    whole = counted(once, times, price, size)
    edges = np.flatnonzero(np.diff(times // SECOND)) + 1
    chosen = np.random.default_rng(seed).choice(edges, 30, replace=False)
    pieces = (np.split(values, np.sort(chosen)) for values in (times, price, size))
    parts = [counted(cut, *piece) for piece in zip(*pieces, strict=True)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert cut == once


def test_nothing_traded_says_nothing() -> None:
    window = Window()
    nothing = np.empty(0)
    assert counted(window, nothing.astype(np.int64), nothing, nothing).shape == (0, len(WINDOW_PROFILE))
    assert window == Window()
