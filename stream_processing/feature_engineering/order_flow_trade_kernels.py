"""Order flow of trades, see `order_flow` for what the columns are.

Theory of operation
-------------------
A trade's side is the one that the feed tells; else the quote rule decides, and at the mid the tick rule (Lee and
Ready, 1991). A trade that cannot be is passed over as if it had not come, so that windows count trades that were. Each
trade is kept with its side and its relative spread, and the last hundred are the memory.
"""

import math

import numpy as np
from numba import njit

from stream_processing.feature_engineering.memory_kernels import (
    LARGEST_PRICE,
    LARGEST_SIZE,
    Floats,
    is_price,
    joined,
    publish,
)

WINDOW = 100
BUCKETS = 50
SWEEP_MICROS, SWEEP_PRINTS, SWEEP_LEVELS = 5_000.0, 3, 2
"""A sweep: at least so many prints of one side at so many prices, each no better than the one before, within 5 ms. Of a
longer one than the window the last hundred prints count."""

TIME, PRICE, SIZE, SIDE, SPREAD = range(5)
KEPT = 5
LAST_PRICE, LAST_TICK, MEMORY = 0, 1, 2
TRADE_SIZE = MEMORY + 1 + WINDOW * KEPT

SESSION, BOUGHT, SOLD, FILLED_BUCKETS, IMBALANCES = 2, 3, 4, 5, 6
VOLUMES = IMBALANCES + BUCKETS
VPIN_SIZE = VOLUMES + BUCKETS


@njit(cache=True, error_model="numpy")
def _mid(bid: float, ask: float) -> float:
    """NaN unless both sides are quoted and not crossed."""
    return 0.5 * (bid + ask) if 0.0 < bid <= ask <= LARGEST_PRICE else np.nan


@njit(cache=True, error_model="numpy")
def _is_trade(price: float, size: float, side: float) -> bool:
    return is_price(price) and 0.0 < size <= LARGEST_SIZE and -1.0 <= side <= 1.0


@njit(cache=True, error_model="numpy")
def _side(state: Floats, price: float, side: float, mid: float) -> float:
    """+1 if the buyer was the aggressor, −1 if the seller was, 0 if nothing tells. Remembers the tick."""
    if state[LAST_PRICE] > 0.0 and price != state[LAST_PRICE]:
        state[LAST_TICK] = 1.0 if price > state[LAST_PRICE] else -1.0
    state[LAST_PRICE] = price
    if side != 0.0:
        return 1.0 if side > 0.0 else -1.0
    if price > mid:
        return 1.0
    if price < mid:
        return -1.0
    return state[LAST_TICK]


@njit(cache=True, error_model="numpy")
def _roll(line: Floats, end: int) -> float:
    """2·√−covariance of successive price changes, 0 where it is positive."""
    first, pairs = end - WINDOW, WINDOW - 1
    early = (line[end - 2, PRICE] - line[first - 1, PRICE]) / pairs
    late = (line[end - 1, PRICE] - line[first, PRICE]) / pairs
    total = 0.0
    for row in range(first, end - 1):
        change = line[row, PRICE] - line[row - 1, PRICE]
        total += (change - early) * (line[row + 1, PRICE] - line[row, PRICE] - late)
    covariance = total / (pairs - 1)
    return 0.0 if covariance > 0.0 else 2.0 * np.sqrt(-covariance)


@njit(cache=True, error_model="numpy")
def _sweep(line: Floats, end: int, out: Floats) -> None:
    """Signed shares and prices of the sweep that the last trade belongs to, zero if there is none."""
    now = end - 1
    side, shares, prices, prints = line[now, SIDE], 0.0, 1, 0
    for row in range(now, now - WINDOW, -1):
        age = line[now, TIME] - line[row, TIME]
        if line[row, SIDE] != side or not 0.0 <= age <= SWEEP_MICROS:
            break
        if row < now:
            step = (line[row + 1, PRICE] - line[row, PRICE]) * side
            if step < 0.0:
                break
            prices += int(step > 0.0)
        prints += 1
        shares += line[row, SIZE]
    swept = side != 0.0 and prints >= SWEEP_PRINTS and prices >= SWEEP_LEVELS
    out[4] = shares * side if swept else 0.0
    out[5] = prices if swept else 0.0


@njit(cache=True, error_model="numpy")
def _window(line: Floats, end: int, out: Floats) -> None:
    """Imbalance and mean relative spread of the last hundred trades, NaN before there were as many."""
    total, signed, spreads, quoted = 0.0, 0.0, 0.0, 0
    for row in range(end - WINDOW, end):
        total += line[row, SIZE]
        signed += line[row, SIZE] * line[row, SIDE]
        if not np.isnan(line[row, SPREAD]):
            spreads += line[row, SPREAD]
            quoted += 1
    out[0] = signed / total
    out[2] = spreads / quoted if quoted > 0 and not np.isnan(total) else np.nan


@njit(cache=True, error_model="numpy")
def trade_flow(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of event time, price, size, side, bid, ask."""
    count = rows.shape[0]
    trades = np.empty((count, KEPT))
    places = np.empty(count, dtype=np.int64)
    found = 0
    for row in range(count):
        out[row] = np.nan
        at, price, size, side = rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3]
        if not (math.isfinite(at) and _is_trade(price, size, side)):
            continue
        mid = _mid(rows[row, 4], rows[row, 5])
        side = _side(state, price, side, mid)
        trades[found, TIME], trades[found, PRICE], trades[found, SIZE], trades[found, SIDE] = at, price, size, side
        spread = 2.0 * side * (price - mid) if side != 0.0 else np.nan
        trades[found, SPREAD] = spread / mid
        out[row, 1] = spread
        places[found] = row
        found += 1
    line = joined(state[MEMORY:], trades[:found], WINDOW)
    for trade in range(found):
        end = WINDOW + trade + 1
        result = out[places[trade]]
        _window(line, end, result)
        result[3] = _roll(line, end)
        _sweep(line, end, result)
    publish(out)


@njit(cache=True, error_model="numpy")
def _close_bucket(state: Floats) -> None:
    """Put the bucket at the end of the fifty, and begin another."""
    for bucket in range(BUCKETS - 1):
        state[IMBALANCES + bucket] = state[IMBALANCES + bucket + 1]
        state[VOLUMES + bucket] = state[VOLUMES + bucket + 1]
    state[IMBALANCES + BUCKETS - 1] = abs(state[BOUGHT] - state[SOLD])
    state[VOLUMES + BUCKETS - 1] = state[BOUGHT] + state[SOLD]
    state[FILLED_BUCKETS] += 1.0
    state[BOUGHT] = state[SOLD] = 0.0


@njit(cache=True, error_model="numpy")
def _pour(state: Floats, size: float, side: float, bucket: float) -> None:
    """Fill buckets with a trade. Of one that fills more than fifty, the earliest buckets would not be seen again."""
    beyond = np.floor(size / bucket) - BUCKETS - 1.0
    left = size - beyond * bucket if beyond > 0.0 else size
    while left > 0.0:
        room = max(bucket - state[BOUGHT] - state[SOLD], 0.0)
        poured = min(room, left)
        state[BOUGHT] += poured * 0.5 * (1.0 + side)
        state[SOLD] += poured * 0.5 * (1.0 - side)
        left -= poured
        if poured == room:
            _close_bucket(state)


@njit(cache=True, error_model="numpy")
def vpin(state: Floats, rows: Floats, out: Floats) -> None:
    """Session day, price, size, side, bid, ask, bucket volume. A bucket that a session left open is dropped."""
    for row in range(rows.shape[0]):
        out[row] = np.nan
        day, price, size, side, bucket = rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3], rows[row, 6]
        if not (day > 0.0 and _is_trade(price, size, side) and 1.0 <= bucket <= LARGEST_SIZE):
            continue
        if day != state[SESSION]:
            state[SESSION] = day
            state[BOUGHT] = state[SOLD] = 0.0
        side = _side(state, price, side, _mid(rows[row, 4], rows[row, 5]))
        _pour(state, size, side, bucket)
        if state[FILLED_BUCKETS] >= BUCKETS:
            imbalance, volume = 0.0, 0.0
            for place in range(BUCKETS):
                imbalance += state[IMBALANCES + place]
                volume += state[VOLUMES + place]
            out[row, 0] = imbalance / volume
    publish(out)
