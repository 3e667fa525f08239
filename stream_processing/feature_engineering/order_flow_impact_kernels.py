"""Price impact on bars and unusual option flow, see `order_flow` for what the columns are."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from stream_processing.feature_engineering.memory_kernels import (
    LARGEST_PRICE,
    LARGEST_SIZE,
    Floats,
    is_price,
    joined,
    mean,
    publish,
)

Places = NDArray[np.int64]

WINDOW = 60
DOLLARS = 1e6
"""Amihud's measure is told per million dollars."""
CHANGE, SIGNED, ILLIQUIDITY = range(3)
TERMS = 3
LAST_CLOSE, MEMORY = 0, 1
IMPACT_SIZE = MEMORY + 1 + WINDOW * TERMS

FEWEST_CONTRACTS = 100.0
"""Open interest and mean volume count as at least this, lest a handful of contracts be unusual in a quiet series."""
HALF_PREMIUM = 100_000.0
"""Dollars of premium at which half the score is given."""
LARGEST_PREMIUM = 1e15
DAY, VOLUME, PREMIUM, NET_PREMIUM = range(4)
OPTION_SIZE = 4


@njit(cache=True, error_model="numpy")
def _slope(line: Floats, end: int) -> float:
    """Least squares of price change on signed volume, with a constant.

    Volumes are measured from the last one, so that if all are equal their variance is exactly nothing.
    """
    first, base = end - WINDOW, line[end - 1, SIGNED]
    centre = 0.0
    for row in range(first, end):
        centre += line[row, SIGNED] - base
    centre /= WINDOW
    change = mean(line, CHANGE, first, end)
    across, square = 0.0, 0.0
    for row in range(first, end):
        volume = line[row, SIGNED] - base - centre
        across += volume * (line[row, CHANGE] - change)
        square += volume * volume
    return across / square


@njit(cache=True, error_model="numpy")
def _illiquidity(line: Floats, end: int) -> float:
    """Mean over the bars of the window that had volume; NaN if one of them cannot be told."""
    total, traded = 0.0, 0
    for row in range(end - WINDOW, end):
        if np.isnan(line[row, CHANGE]):
            return np.nan
        if line[row, ILLIQUIDITY] >= 0.0:
            total += line[row, ILLIQUIDITY]
            traded += 1
    return total / traded if traded > 0 else np.nan


@njit(cache=True, error_model="numpy")
def price_impact(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of close, volume, signed volume. A bar without volume has an illiquidity of −1, which is left out."""
    count = rows.shape[0]
    terms = np.full((count, TERMS), np.nan)
    for row in range(count):
        close, volume, signed = rows[row, 0], rows[row, 1], rows[row, 2]
        if not (is_price(close) and 0.0 <= volume <= LARGEST_SIZE and abs(signed) <= volume):
            state[LAST_CLOSE] = np.nan
            continue
        if state[LAST_CLOSE] > 0.0:
            terms[row, CHANGE] = close - state[LAST_CLOSE]
            terms[row, SIGNED] = signed
            moved = abs(np.log(close / state[LAST_CLOSE]))
            terms[row, ILLIQUIDITY] = moved * DOLLARS / (close * volume) if volume > 0.0 else -1.0
        state[LAST_CLOSE] = close
    line = joined(state[MEMORY:], terms, WINDOW)
    for row in range(count):
        out[row, 0] = _slope(line, WINDOW + row + 1)
        out[row, 1] = _illiquidity(line, WINDOW + row + 1)
    publish(out)


@njit(cache=True, error_model="numpy")
def _quote_rule(price: float, bid: float, ask: float) -> float:
    """+1 nearer to the ask, −1 nearer to the bid, 0 at the mid or without two sides that are not crossed."""
    if not 0.0 <= bid <= ask <= LARGEST_PRICE or ask == 0.0:
        return 0.0
    return float(np.sign(price - 0.5 * (bid + ask)))


@njit(cache=True, error_model="numpy")
def option_flow(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of session day, price, size, bid, ask, multiplier, open interest, mean volume of 20 days."""
    for row in range(rows.shape[0]):
        out[row] = np.nan
        day, price, size, multiplier = rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 5]
        premium = price * size * multiplier
        if not (day > 0.0 and is_price(price) and 0.0 < size <= LARGEST_SIZE and 0.0 < premium <= LARGEST_PREMIUM):
            continue
        if day != state[DAY]:
            state[:] = 0.0
            state[DAY] = day
        side = _quote_rule(price, rows[row, 3], rows[row, 4])
        state[VOLUME] += size
        state[PREMIUM] += premium
        state[NET_PREMIUM] += premium * side
        interest = state[VOLUME] / max(rows[row, 6], FEWEST_CONTRACTS) if rows[row, 6] >= 0.0 else np.nan
        usual = state[VOLUME] / max(rows[row, 7], FEWEST_CONTRACTS) if rows[row, 7] >= 0.0 else np.nan
        weight = state[PREMIUM] / (state[PREMIUM] + HALF_PREMIUM)
        score = weight * (np.log2(1.0 + interest) + np.log2(1.0 + usual))
        out[row, 0] = interest
        out[row, 1] = usual
        out[row, 2] = premium
        out[row, 3] = side
        out[row, 4] = state[NET_PREMIUM]
        out[row, 5] = score
        out[row, 6] = score * state[NET_PREMIUM] / state[PREMIUM]
    publish(out)


@njit(cache=True, error_model="numpy")
def option_flows(states: Floats, rows: Floats, ends: Places, out: Floats) -> None:
    """`option_flow` of several contracts at once, each with its row of states; `ends` are those of their rows."""
    first = 0
    for contract, end in enumerate(ends):
        option_flow(states[contract], rows[first:end], out[first:end])
        first = end
