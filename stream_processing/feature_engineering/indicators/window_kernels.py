"""What the kernels of the indicators share: windows and exponential means that live in a slice of the state.

A window is an array of the last values, oldest first, moved by one place for every row. Its sums run over differences
from its newest value: prices that do not move have a deviation of exactly 0, and the sums are the same bits wherever
the tape began. A window not yet full holds zeros; the warm-up of its indicator hides what comes of them.
"""

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Nothing is allocated, so arrays need not be counted: compiled code runs in two thirds of the time.
OPTIONS: Final = {"cache": True, "error_model": "numpy", "_nrt": False}
LEAST: Final = 1e-9
MOST: Final = 1e15
"""Limits of prices and sizes that are not 0: a recursion would remember an absurd one for ever, a ratio overflow."""
TINY: Final = 1e-14
"""Below this TA-Lib takes a sum for zero."""
NOISE: Final = 1e-12
"""Relative range below which values differ by rounding: the RSI of a market that stands still."""


@njit(**OPTIONS)
def enter(state: Floats, row: Floats) -> bool:
    """Count the row in `state[0]`. One with a value that no bar can have is left out: no value, nothing remembered."""
    for value in row:
        if not (value == 0.0 or LEAST <= value <= MOST):
            return False
    state[0] += 1.0
    return True


@njit(**OPTIONS)
def push(window: Floats, value: float) -> None:
    """Let go of the oldest value and take in a new one."""
    last = len(window) - 1
    for i in range(last):
        window[i] = window[i + 1]
    window[last] = value


@njit(**OPTIONS)
def mean(window: Floats) -> float:
    """Arithmetic mean."""
    newest = window[-1]
    total = 0.0
    for value in window:
        total += value - newest
    return newest + total / len(window)


@njit(**OPTIONS)
def weighted_mean(window: Floats) -> float:
    """Mean with weights 1, 2, … n, the newest value weighing most."""
    newest = window[-1]
    n = len(window)
    total = 0.0
    for i in range(n):
        total += (i + 1) * (window[i] - newest)
    return newest + total / (0.5 * n * (n + 1))


@njit(**OPTIONS)
def deviation(window: Floats) -> float:
    """Standard deviation of the population."""
    centre = mean(window)
    total = 0.0
    for value in window:
        total += (value - centre) * (value - centre)
    return math.sqrt(total / len(window))


@njit(**OPTIONS)
def highest(window: Floats) -> float:
    """Largest value."""
    best = window[0]
    for value in window:
        best = max(best, value)
    return best


@njit(**OPTIONS)
def lowest(window: Floats) -> float:
    """Smallest value."""
    best = window[0]
    for value in window:
        best = min(best, value)
    return best


@njit(**OPTIONS)
def place(value: float, low: float, high: float) -> float:
    """Where a value lies between low (0) and high (1); 0 where there is nothing between but rounding."""
    return (value - low) / (high - low) if high - low > NOISE * abs(high) else 0.0


@njit(**OPTIONS)
def smooth(memory: Floats, period: int, weight: float, value: float) -> float:
    """Exponential mean, seeded with the mean of the first `period` values; NaN until then.

    `memory`, shape (2,): how many values there were, and their mean.
    """
    memory[0] += 1.0
    gain = 1.0 / memory[0] if memory[0] <= period else weight
    memory[1] += gain * (value - memory[1])
    return memory[1] if memory[0] >= period else math.nan


@njit(**OPTIONS)
def ema(memory: Floats, period: int, value: float) -> float:
    """`smooth` with the usual weight, 2 / (period + 1)."""
    return smooth(memory, period, 2.0 / (period + 1), value)


@njit(**OPTIONS)
def wilder(memory: Floats, period: int, value: float) -> float:
    """`smooth` with Wilder's weight, 1 / period."""
    return smooth(memory, period, 1.0 / period, value)


@njit(**OPTIONS)
def true_range(high: float, low: float, before: float) -> float:
    """Range of a bar, joined to the close before it."""
    return max(high, before) - min(low, before)
