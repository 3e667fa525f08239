"""Kernels of the indicators that measure ranges, and of bands. Arguments before `warm_up` are periods and widths."""

import math

from numba import njit

from stream_processing.feature_engineering.indicators.window_kernels import (
    OPTIONS,
    TINY,
    Floats,
    deviation,
    ema,
    enter,
    highest,
    lowest,
    mean,
    push,
    true_range,
    wilder,
)


@njit(**OPTIONS)
def average_range(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """ATR, and in percent of the close. State: rows, close before, memory (2)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        high, low, close = rows[i, 0], rows[i, 1], rows[i, 2]
        if state[0] > 1.0:
            value = wilder(state[2:4], period, true_range(high, low, state[1]))
            if state[0] > warm_up:
                out[i, 0] = value
                out[i, 1] = 100.0 * value / close if close != 0.0 else 0.0
        state[1] = close


@njit(**OPTIONS)
def directional(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """ADX, +DI, −DI; 0 where there is no range. State: rows, bar before (3), sums (3), memory of ADX (2).

    Wilder's sums as TA-Lib seeds them: the plain sum of the first period − 1 bars. ADX keeps its value on a bar that
    has no direction.
    """
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        high, low, close = rows[i, 0], rows[i, 1], rows[i, 2]
        up, down = high - state[1], state[2] - low
        reach = true_range(high, low, state[3])
        state[1], state[2], state[3] = high, low, close
        if state[0] == 1.0:
            continue
        keep = 1.0 if state[0] <= period else 1.0 - 1.0 / period
        sums = state[4:7]
        sums[0] = keep * sums[0] + (up if up > max(down, 0.0) else 0.0)
        sums[1] = keep * sums[1] + (down if down > max(up, 0.0) else 0.0)
        sums[2] = keep * sums[2] + reach
        if state[0] <= period:
            continue
        plus = 100.0 * sums[0] / sums[2] if sums[2] > TINY else 0.0
        minus = 100.0 * sums[1] / sums[2] if sums[2] > TINY else 0.0
        moved = plus + minus > TINY
        if moved or state[7] < period:
            wilder(state[7:9], period, 100.0 * abs(plus - minus) / (plus + minus) if moved else 0.0)
        if state[0] > warm_up:
            out[i, 0] = state[8]
            out[i, 1] = plus
            out[i, 2] = minus


@njit(**OPTIONS)
def bollinger(width: float, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Upper, middle, lower, %b, bandwidth; without width the close is in the middle. State: rows, window."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        window = state[1:]
        push(window, rows[i, 0])
        if state[0] > warm_up:
            middle, half = mean(window), width * deviation(window)
            out[i, 0] = middle + half
            out[i, 1] = middle
            out[i, 2] = middle - half
            out[i, 3] = 0.5 + 0.5 * (window[-1] - middle) / half if half > 0.0 else 0.5
            out[i, 4] = 2.0 * half / middle if middle != 0.0 else 0.0


@njit(**OPTIONS)
def keltner(
    period: int, range_period: int, width: float, warm_up: int, state: Floats, rows: Floats, out: Floats
) -> None:
    """Upper, middle, lower: EMA of the typical price ± ATR. State: rows, close before, memories (2) of EMA and ATR.

    Both have their first value at the same row, as in TA-Lib: the ATR, of the shorter period, waits.
    """
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        high, low, close = rows[i, 0], rows[i, 1], rows[i, 2]
        middle = ema(state[2:4], period, (high + low + close) / 3.0)
        half = math.nan
        if state[0] > period - range_period:
            half = width * wilder(state[4:6], range_period, true_range(high, low, state[1]))
        state[1] = close
        if state[0] > warm_up:
            out[i, 0] = middle + half
            out[i, 1] = middle
            out[i, 2] = middle - half


@njit(**OPTIONS)
def donchian(period: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Upper, middle, lower. State: rows, windows of highs and lows."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        highs, lows = state[1 : 1 + period], state[1 + period :]
        push(highs, rows[i, 0])
        push(lows, rows[i, 1])
        if state[0] > warm_up:
            high, low = highest(highs), lowest(lows)
            out[i, 0] = high
            out[i, 1] = 0.5 * (high + low)
            out[i, 2] = low


@njit(**OPTIONS)
def ichimoku(conversion: int, base: int, span: int, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Conversion, base, span A, span B: middles of ranges. State: rows, windows of highs and lows (span)."""
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        highs, lows = state[1 : 1 + span], state[1 + span :]
        push(highs, rows[i, 0])
        push(lows, rows[i, 1])
        if state[0] > warm_up:
            out[i, 0] = 0.5 * (highest(highs[span - conversion :]) + lowest(lows[span - conversion :]))
            out[i, 1] = 0.5 * (highest(highs[span - base :]) + lowest(lows[span - base :]))
            out[i, 2] = 0.5 * (out[i, 0] + out[i, 1])
            out[i, 3] = 0.5 * (highest(highs) + lowest(lows))


@njit(**OPTIONS)
def parabolic(step: float, most: float, warm_up: int, state: Floats, rows: Floats, out: Floats) -> None:
    """Parabolic SAR. State: rows, bar before (high, low), direction (±1), stop, extreme, acceleration.

    A falling trend is a rising one of mirrored prices. So stop and extreme are kept times the direction; the bar's side
    towards the stop is `near`, the other `far`. The stop never enters the range of the last two bars.
    """
    for i in range(len(rows)):
        if not enter(state, rows[i]):
            continue
        high, low = rows[i, 0], rows[i, 1]
        high_before, low_before = state[1], state[2]
        state[1], state[2] = high, low
        if state[0] == 1.0:
            continue
        if state[3] == 0.0:  # the second row tells the first direction
            state[3] = -1.0 if low_before - low > max(high - high_before, 0.0) else 1.0
            state[4] = low_before if state[3] > 0.0 else -high_before
            state[5] = high if state[3] > 0.0 else -low
            state[6] = step
            high_before, low_before = high, low
        stop = state[4]
        turned = (low if state[3] > 0.0 else -high) <= stop
        if turned:
            state[3] = -state[3]
            stop = -state[5]
        near = min(low, low_before) if state[3] > 0.0 else -max(high, high_before)
        far = high if state[3] > 0.0 else -low
        if turned:
            stop = min(stop, near)
            state[5], state[6] = far, step
        elif far > state[5]:
            state[5], state[6] = far, min(state[6] + step, most)
        state[4] = min(stop + state[6] * (state[5] - stop), near)
        if state[0] > warm_up:
            out[i, 0] = state[3] * stop
