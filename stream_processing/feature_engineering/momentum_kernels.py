"""Momentum of bars, see `momentum` for what the columns are. The last 60 bars are the memory."""

import numpy as np
from numba import njit

from stream_processing.feature_engineering.memory_kernels import Floats, is_price, joined, publish

SHORT, LONG = 20, 60
LAGS = (1, 5, 10, 20, 60)
STEP = 10
"""Bars of each of the two returns whose difference is the acceleration."""
HIGH, LOW, CLOSE = range(3)
INPUTS = 3
SIZE = 1 + LONG * INPUTS
COLUMNS = len(LAGS) + 5
"""A return for each lag; deviations from the mean, place in the short and the long range, acceleration, share up."""


@njit(cache=True, error_model="numpy")
def _deviations(line: Floats, now: int) -> float:
    """How far the close is from its moving mean, in standard deviations.

    Measured from the close itself, so that closes that are all equal have a deviation of exactly nothing.
    """
    first, close = now + 1 - SHORT, line[now, CLOSE]
    total = 0.0
    for row in range(first, now + 1):
        total += line[row, CLOSE] - close
    centre = total / SHORT
    squares = 0.0
    for row in range(first, now + 1):
        squares += (line[row, CLOSE] - close - centre) ** 2
    return -centre / np.sqrt(squares / SHORT)


@njit(cache=True, error_model="numpy")
def _place(line: Floats, now: int, bars: int) -> float:
    """Where the close stands between the lowest low and the highest high."""
    lowest, highest = np.inf, -np.inf
    for row in range(now + 1 - bars, now + 1):
        if np.isnan(line[row, CLOSE]):
            return np.nan
        lowest, highest = min(lowest, line[row, LOW]), max(highest, line[row, HIGH])
    return (line[now, CLOSE] - lowest) / (highest - lowest)


@njit(cache=True, error_model="numpy")
def _share_up(line: Floats, now: int) -> float:
    risen = 0
    for row in range(now + 1 - SHORT, now + 1):
        change = line[row, CLOSE] - line[row - 1, CLOSE]
        if np.isnan(change):
            return np.nan
        if change > 0.0:
            risen += 1
    return risen / SHORT


@njit(cache=True, error_model="numpy")
def momentum(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of high, low and close."""
    count = rows.shape[0]
    legal = np.full((count, INPUTS), np.nan)
    for row in range(count):
        high, low, close = rows[row, HIGH], rows[row, LOW], rows[row, CLOSE]
        if is_price(low) and is_price(high) and low <= close <= high:
            legal[row] = rows[row]
    line = joined(state, legal, LONG)
    for row in range(count):
        now = LONG + row
        close = line[now, CLOSE]
        for column, lag in enumerate(LAGS):
            out[row, column] = np.log(close / line[now - lag, CLOSE])
        half = line[now - STEP, CLOSE]
        out[row, 5] = _deviations(line, now)
        out[row, 6] = _place(line, now, SHORT)
        out[row, 7] = _place(line, now, LONG)
        out[row, 8] = np.log(close / half) - np.log(half / line[now - 2 * STEP, CLOSE])
        out[row, 9] = _share_up(line, now)
    publish(out)
