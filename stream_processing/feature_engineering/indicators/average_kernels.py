"""Kernels of the indicators that average the close. Arguments before `warm_up` are the indicator's periods."""

import math

from numba import njit

from stream_processing.feature_engineering.indicators.window_kernels import (
    OPTIONS,
    Floats,
    ema,
    enter,
    mean,
    push,
    weighted_mean,
)


@njit(**OPTIONS)
def simple(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Moving average. State: rows, window."""
    for i in range(len(rows)):
        if enter(state, rows[i]):
            push(state[1:], rows[i, 0])
            if state[0] > warm_up:
                out[i, 0] = mean(state[1:])


@njit(**OPTIONS)
def exponential(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Exponential moving average. State: rows, memory (2)."""
    for i in range(len(rows)):
        if enter(state, rows[i]):
            value = ema(state[1:3], period, rows[i, 0])
            if state[0] > warm_up:
                out[i, 0] = value


@njit(**OPTIONS)
def convergence(fast: int, slow: int, signal: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """MACD: line, signal, histogram. State: rows, memories (2) of fast, slow, signal.

    Both means have their first value at the same row, as in TA-Lib: the fast one waits.
    """
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        slow_mean = ema(state[3:5], slow, rows[i, 0])
        if state[0] <= slow - fast:
            continue
        line = ema(state[1:3], fast, rows[i, 0]) - slow_mean
        if math.isnan(line):
            continue
        average = ema(state[5:7], signal, line)
        if state[0] > warm_up:
            out[i, 0] = line
            out[i, 1] = average
            out[i, 2] = line - average


@njit(**OPTIONS)
def triple(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """TRIX: change in percent of an average of averages of averages. State: rows, memories (2) × 3, value before."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        value = rows[i, 0]
        for k in range(3):
            if not math.isnan(value):
                value = ema(state[1 + 2 * k : 3 + 2 * k], period, value)
        before = state[7]
        if not math.isnan(value):
            state[7] = value
        if state[0] > warm_up:
            out[i, 0] = 100.0 * (value / before - 1.0) if before != 0.0 else 0.0


@njit(**OPTIONS)
def hull(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Hull's average: WMA over √n of 2·WMA(n/2) − WMA(n). State: rows, window (n), window (√n)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        closes, raw = state[1 : 1 + period], state[1 + period :]
        push(closes, rows[i, 0])
        push(raw, 2.0 * weighted_mean(closes[period - period // 2 :]) - weighted_mean(closes))
        if state[0] > warm_up:
            out[i, 0] = weighted_mean(raw)


@njit(**OPTIONS)
def slope(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Slope of the least-squares line through the window, per bar. State: rows, window."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        window = state[1:]
        push(window, rows[i, 0])
        if state[0] > warm_up:
            n = len(window)
            total = 0.0
            for j in range(n):
                total += (j - 0.5 * (n - 1)) * (window[j] - window[-1])
            out[i, 0] = total / (n * (n * n - 1) / 12.0)


@njit(**OPTIONS)
def change(warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Momentum and its rate in percent against the oldest of the window. State: rows, window (period + 1)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        window = state[1:]
        push(window, rows[i, 0])
        if state[0] > warm_up:
            out[i, 0] = window[-1] - window[0]
            out[i, 1] = 100.0 * (window[-1] / window[0] - 1.0) if window[0] != 0.0 else 0.0
