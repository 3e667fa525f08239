"""Kernels of the indicators that oscillate between bounds. Arguments before `warm_up` are the indicator's periods."""

import math

from numba import njit

from stream_processing.feature_engineering.indicators.window_kernels import (
    OPTIONS,
    TINY,
    Floats,
    enter,
    highest,
    lowest,
    mean,
    place,
    push,
    wilder,
)


@njit(**OPTIONS)
def strength(memory: Floats, period: int, first: bool, close: float) -> float:  # noqa: FBT001 - a kernel's argument
    """RSI, NaN until seeded; 0 where nothing moved. Memory: close before, memories (2) of gains and of losses."""
    step = close - memory[0]
    memory[0] = close
    if first:
        return math.nan
    gain = wilder(memory[1:3], period, max(step, 0.0))
    loss = wilder(memory[3:5], period, max(-step, 0.0))
    if math.isnan(gain):
        return math.nan
    return 100.0 * gain / (gain + loss) if gain + loss > TINY else 0.0


@njit(**OPTIONS)
def relative_strength(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """RSI. State: rows, memory of `strength` (5)."""
    for i in range(len(rows)):
        if enter(state, rows[i]):
            value = strength(state[1:6], period, state[0] == 1.0, rows[i, 0])
            if state[0] > warm_up:
                out[i, 0] = value


@njit(**OPTIONS)
def stochastic_strength(period: int, smoothing: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """StochRSI, %K and %D. State: rows, memory of `strength` (5), window of %K (smoothing), window of RSI."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        fast, window = state[6 : 6 + smoothing], state[6 + smoothing :]
        value = strength(state[1:6], period, state[0] == 1.0, rows[i, 0])
        push(window, 0.0 if math.isnan(value) else value)
        push(fast, 100.0 * place(value, lowest(window), highest(window)))
        if state[0] > warm_up:
            out[i, 0] = fast[-1]
            out[i, 1] = mean(fast)


@njit(**OPTIONS)
def stochastic(period: int, slow: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Slow %K and %D. State: rows, windows of highs, lows, raw %K (slow), slow %K (the rest)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        highs, lows = state[1 : 1 + period], state[1 + period : 1 + 2 * period]
        raw, smoothed = state[1 + 2 * period : 1 + 2 * period + slow], state[1 + 2 * period + slow :]
        push(highs, rows[i, 0])
        push(lows, rows[i, 1])
        push(raw, 100.0 * place(rows[i, 2], lowest(lows), highest(highs)))
        push(smoothed, mean(raw))
        if state[0] > warm_up:
            out[i, 0] = smoothed[-1]
            out[i, 1] = mean(smoothed)


@njit(**OPTIONS)
def williams(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Williams %R; 0 where the window has no range. State: rows, windows of highs and lows."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        highs, lows = state[1 : 1 + period], state[1 + period :]
        push(highs, rows[i, 0])
        push(lows, rows[i, 1])
        if state[0] > warm_up:
            high, low = highest(highs), lowest(lows)
            out[i, 0] = -100.0 * (high - rows[i, 2]) / (high - low) if high > low else 0.0


@njit(**OPTIONS)
def commodity_channel(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """CCI; 0 where prices do not move. State: rows, window of typical prices."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        window = state[1:]
        push(window, (rows[i, 0] + rows[i, 1] + rows[i, 2]) / 3.0)
        if state[0] > warm_up:
            centre = mean(window)
            total = 0.0
            for value in window:
                total += abs(value - centre)
            apart = window[-1] - centre
            out[i, 0] = apart / (0.015 * total / len(window)) if total > TINY and abs(apart) > TINY else 0.0


@njit(**OPTIONS)
def aroon(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Aroon up and down; of equal extremes the latest counts. State: rows, windows of highs and lows (period + 1)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        highs, lows = state[1 : 2 + period], state[2 + period :]
        push(highs, rows[i, 0])
        push(lows, rows[i, 1])
        if state[0] > warm_up:
            top, bottom = 0, 0
            for j in range(1, period + 1):
                if highs[j] >= highs[top]:
                    top = j
                if lows[j] <= lows[bottom]:
                    bottom = j
            out[i, 0] = 100.0 * top / period
            out[i, 1] = 100.0 * bottom / period
