"""Volatility of bars, see `volatility` for what the columns are.

Theory of operation
-------------------
Each bar is reduced to five terms, the only things that the windows look at; a bar that cannot be has none. The terms of
the last 60 bars are the memory. Beside it stand the last close and the exponentially weighted sums, which pass over a
bar that cannot be as if it had not come.
"""

import math

import numpy as np
from numba import njit

from stream_processing.feature_engineering.memory_kernels import Floats, is_price, joined, mean, publish

SHORT, LONG = 20, 60
DECAY = 0.94
EWMA_WARM_UP = 261
"""Returns before the weighted variance is told: what came before them would weigh less than 1e-7, so that it no longer
matters where the tape began."""
RETURN, OVERNIGHT, INTRADAY, PARKINSON, ROGERS_SATCHELL = range(5)
TERMS = 5
CLOSE, SEEN_CLOSE, WEIGHTED, WEIGHT, COUNTED, MEMORY = range(6)
"""Places in the state: the close before, NaN after a bar that cannot be; the last close that there was; the weighted
sum of squared returns, its weights, their number; the memory."""
SIZE = MEMORY + 1 + LONG * TERMS
COLUMNS = 14
"""Realised variance and volatility, short and long; Parkinson, Garman–Klass, Rogers–Satchell, Yang–Zhang; bipower
variation, jump share, skewness, kurtosis; return less its mean, weighted variance."""


@njit(cache=True, error_model="numpy")
def _is_bar(opening: float, high: float, low: float, close: float) -> bool:
    inside = low <= opening <= high and low <= close <= high
    return inside and is_price(low) and is_price(high)


@njit(cache=True, error_model="numpy")
def _reduce(state: Floats, bar: Floats, terms: Floats) -> float:
    """Fill the terms of a bar; the exponentially weighted variance, NaN if there is none."""
    opening, high, low, close = bar[0], bar[1], bar[2], bar[3]
    if not _is_bar(opening, high, low, close):
        terms[:] = np.nan
        state[CLOSE] = np.nan
        return np.nan
    before = state[CLOSE] if state[SEEN_CLOSE] > 0.0 else np.nan
    terms[RETURN] = np.log(close / before)
    terms[OVERNIGHT] = np.log(opening / before)
    terms[INTRADAY] = np.log(close / opening)
    terms[PARKINSON] = np.log(high / low) ** 2 / (4.0 * math.log(2.0))
    up, down = np.log(high / opening), np.log(low / opening)
    terms[ROGERS_SATCHELL] = np.log(high / close) * up + np.log(low / close) * down
    if state[SEEN_CLOSE] > 0.0:
        change = np.log(close / state[SEEN_CLOSE])
        state[WEIGHTED] = DECAY * state[WEIGHTED] + (1.0 - DECAY) * change * change
        state[WEIGHT] = DECAY * state[WEIGHT] + (1.0 - DECAY)
        state[COUNTED] += 1.0
    state[CLOSE] = close
    state[SEEN_CLOSE] = close
    return state[WEIGHTED] / state[WEIGHT] if state[COUNTED] >= EWMA_WARM_UP else np.nan


@njit(cache=True, error_model="numpy")
def _variance(line: Floats, column: int, first: int, end: int) -> float:
    """Sample variance about the mean."""
    centre = mean(line, column, first, end)
    total = 0.0
    for row in range(first, end):
        total += (line[row, column] - centre) ** 2
    return total / (end - first - 1)


@njit(cache=True, error_model="numpy")
def _ranges(line: Floats, end: int, out: Floats) -> None:
    """The estimators that use more of a bar than its close."""
    first = end - SHORT
    parkinson = mean(line, PARKINSON, first, end)
    intraday = 0.0
    for row in range(first, end):
        intraday += line[row, INTRADAY] ** 2
    intraday /= SHORT
    rogers_satchell = mean(line, ROGERS_SATCHELL, first, end)
    out[4] = parkinson
    garman_klass = 2.0 * math.log(2.0) * (parkinson - intraday) + intraday
    out[5] = np.maximum(garman_klass, 0.0)
    out[6] = rogers_satchell
    share = 0.34 / (1.34 + (SHORT + 1.0) / (SHORT - 1.0))
    overnight = _variance(line, OVERNIGHT, first, end)
    out[7] = overnight + share * _variance(line, INTRADAY, first, end) + (1.0 - share) * rogers_satchell


@njit(cache=True, error_model="numpy")
def _moments(line: Floats, end: int, out: Floats) -> None:
    """What the returns of the long window say."""
    first = end - LONG
    second, third, fourth, neighbours = 0.0, 0.0, 0.0, 0.0
    for row in range(first, end):
        change = line[row, RETURN]
        square = change * change
        second += square
        third += square * change
        fourth += square * square
        if row > first:
            neighbours += abs(change * line[row - 1, RETURN])
    bipower = 0.5 * math.pi * neighbours / (LONG - 1)
    share = 1.0 - bipower / (second / LONG)
    out[2] = second / LONG
    out[3] = np.sqrt(second / LONG)
    out[8] = bipower
    out[9] = np.maximum(share, 0.0)
    out[10] = np.sqrt(LONG) * third / second**1.5
    out[11] = LONG * fourth / second**2


@njit(cache=True, error_model="numpy")
def volatility(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of open, high, low and close."""
    count = rows.shape[0]
    terms = np.empty((count, TERMS))
    for row in range(count):
        out[row, 13] = _reduce(state, rows[row], terms[row])
    line = joined(state[MEMORY:], terms, LONG)
    for row in range(count):
        now = LONG + row
        end = now + 1
        squares = 0.0
        for past in range(end - SHORT, end):
            squares += line[past, RETURN] ** 2
        out[row, 0] = squares / SHORT
        out[row, 1] = np.sqrt(squares / SHORT)
        _ranges(line, end, out[row])
        _moments(line, end, out[row])
        out[row, 12] = line[now, RETURN] - mean(line, RETURN, now - LONG, now)
    publish(out)
