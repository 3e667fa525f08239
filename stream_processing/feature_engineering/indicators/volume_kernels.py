"""Kernels of the indicators that weigh prices with volume. Arguments before `warm_up` are the indicator's periods."""

import math

from numba import njit

from stream_processing.feature_engineering.indicators.window_kernels import (
    OPTIONS,
    TINY,
    Floats,
    deviation,
    enter,
    mean,
    push,
)


@njit(**OPTIONS)
def on_balance(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """OBV, from the first bar's volume on. State: rows, close before, total."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        close, volume = rows[i, 0], rows[i, 1]
        if state[0] == 1.0 or close > state[1]:
            state[2] += volume
        elif close < state[1]:
            state[2] -= volume
        state[1] = close
        if state[0] > warm_up:
            out[i, 0] = state[2]


@njit(**OPTIONS)
def accumulate(state: Floats, row: Floats) -> float:
    """Chaikin's line, in `state[1]`, after a bar of high, low, close, volume; one without range does not move it."""
    high, low, close, volume = row[0], row[1], row[2], row[3]
    if high > low:
        state[1] += ((close - low) - (high - close)) / (high - low) * volume
    return state[1]


@njit(**OPTIONS)
def accumulation(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Accumulation/distribution line. State: rows, total."""
    for i in range(len(rows)):
        if enter(state, rows[i]):
            total = accumulate(state, rows[i])
            if state[0] > warm_up:
                out[i, 0] = total


@njit(**OPTIONS)
def chaikin(fast: int, slow: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Chaikin's oscillator: means of the line, both starting at its first value. State: rows, total, means (2)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        total = accumulate(state, rows[i])
        if state[0] == 1.0:
            state[2], state[3] = total, total
        state[2] += 2.0 / (fast + 1) * (total - state[2])
        state[3] += 2.0 / (slow + 1) * (total - state[3])
        if state[0] > warm_up:
            out[i, 0] = state[2] - state[3]


@njit(**OPTIONS)
def money_flow(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """MFI; 0 where no money flowed. State: rows, typical price before, window of signed flows."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        high, low, close, volume = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3]
        typical = (high + low + close) / 3.0
        step = typical - state[1]
        still = state[0] == 1.0 or abs(step) <= TINY * (abs(typical) + abs(state[1]))
        state[1] = typical
        window = state[2:]
        push(window, 0.0 if still else math.copysign(typical * volume, step))
        if state[0] > warm_up:
            inward, total = 0.0, 0.0
            for flow in window:
                inward += max(flow, 0.0)
                total += abs(flow)
            out[i, 0] = 100.0 * inward / total if total > 0.0 else 0.0


@njit(**OPTIONS)
def vwap_bands(period: int, width: float, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """VWAP of the window ± deviations weighted alike; without volume all bars weigh the same.

    State: rows, windows of VWAPs and volumes.
    """
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        prices, volumes = state[1 : 1 + period], state[1 + period :]
        push(prices, rows[i, 0])
        push(volumes, rows[i, 1])
        if state[0] <= warm_up:
            continue
        middle, spread = mean(prices), deviation(prices)
        total = 0.0
        for volume in volumes:
            total += volume
        if total > 0.0:
            first, second = 0.0, 0.0
            for j in range(period):
                first += volumes[j] / total * (prices[j] - prices[-1])
            middle = prices[-1] + first
            for j in range(period):
                second += volumes[j] / total * (prices[j] - middle) * (prices[j] - middle)
            spread = math.sqrt(second)
        out[i, 0] = middle + width * spread
        out[i, 1] = middle
        out[i, 2] = middle - width * spread
