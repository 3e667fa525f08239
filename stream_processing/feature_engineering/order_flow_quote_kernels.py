"""Order flow of quotes and books, see `order_flow` for what the columns are.

Theory of operation
-------------------
Rows are single events, of which each is compared with the last one that could be read. A row that cannot be is passed
over as if it had not come. Flow is remembered in sums that decay with the time of the events; a row that comes with an
earlier time than its predecessor counts as simultaneous, so that one wrong clock does no lasting damage.
"""

import math

import numpy as np
from numba import njit

from stream_processing.feature_engineering.memory_kernels import LARGEST_PRICE, LARGEST_SIZE, Floats, publish

MICROS_PER_S = 1e6
HALF_LIVES_S = (1.0, 10.0, 60.0)
WARM_UP_HALF_LIVES = 24.0
"""A rate is told once the tape is so long: what came before it would weigh less than 1e-7."""
LEVELS = 5

SEEN, TIME, ELAPSED_S, BEST = 0, 1, 2, 3
QUOTE = 4
"""Bid, bid size, ask, ask size."""
QUOTE_SIZE = BEST + QUOTE + len(HALF_LIVES_S)
BOOK_SIZE = 1 + LEVELS * QUOTE


@njit(cache=True, error_model="numpy")
def _reads(quote: Floats) -> bool:
    """Whether prices and sizes are numbers that can be; zero means that nobody quotes that side."""
    fits = 0.0 <= quote[0] <= LARGEST_PRICE and 0.0 <= quote[2] <= LARGEST_PRICE
    return fits and 0.0 <= quote[1] <= LARGEST_SIZE and 0.0 <= quote[3] <= LARGEST_SIZE


@njit(cache=True, error_model="numpy")
def _flow(before: Floats, now: Floats) -> float:
    """The contribution e of two successive quotes; a side that nobody quotes stands infinitely far away, empty."""
    flow = 0.0
    if now[0] > 0.0 and now[0] >= before[0]:
        flow += now[1]
    if before[0] > 0.0 and now[0] <= before[0]:
        flow -= before[1]
    if now[2] > 0.0 and (now[2] <= before[2] or before[2] == 0.0):
        flow -= now[3]
    if before[2] > 0.0 and (now[2] >= before[2] or now[2] == 0.0):
        flow += before[3]
    return flow


@njit(cache=True, error_model="numpy")
def quote_flow(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of event time, bid, bid size, ask, ask size."""
    for row in range(rows.shape[0]):
        out[row] = np.nan
        at, quote = rows[row, 0], rows[row, 1:]
        if not (math.isfinite(at) and _reads(quote)):
            continue
        if state[SEEN] > 0.0:
            flow = _flow(state[BEST : BEST + QUOTE], quote)
            elapsed_s = max(at - state[TIME], 0.0) / MICROS_PER_S
            out[row, 0] = flow
            state[ELAPSED_S] += elapsed_s
            for column, half_life_s in enumerate(HALF_LIVES_S):
                place = BEST + QUOTE + column
                state[place] = state[place] * 2.0 ** (-elapsed_s / half_life_s) + flow
                if state[ELAPSED_S] >= WARM_UP_HALF_LIVES * half_life_s:
                    out[row, 1 + column] = state[place] * math.log(2.0) / half_life_s
        state[SEEN] = 1.0
        state[TIME] = at
        state[BEST : BEST + QUOTE] = quote
    publish(out)


@njit(cache=True, error_model="numpy")
def book_flow(state: Floats, rows: Floats, out: Floats) -> None:
    """Rows of bid, bid size, ask, ask size for each level, best first."""
    for row in range(rows.shape[0]):
        out[row] = np.nan
        readable = True
        for level in range(LEVELS):
            readable = readable and _reads(rows[row, level * QUOTE : (level + 1) * QUOTE])
        if not readable:
            continue
        if state[SEEN] > 0.0:
            total, depth = 0.0, 0.0
            for level in range(LEVELS):
                before, now = state[1 + level * QUOTE : 1 + (level + 1) * QUOTE], rows[row, level * QUOTE :]
                flow = _flow(before, now)
                out[row, level] = flow
                total += flow
                depth += before[1] + before[3] + now[1] + now[3]
            out[row, LEVELS] = total * 4.0 * LEVELS / depth if depth > 0.0 else np.nan
        state[SEEN] = 1.0
        state[1:] = rows[row]
    publish(out)
