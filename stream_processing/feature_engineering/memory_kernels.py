"""What kernels of scans share: the rows that came before, and which numbers are fit to use and to publish.

A memory is a stretch of a state: one number, 0 before the first row, and then the last rows, oldest first. A window is
therefore a stretch of one array in order of time wherever the rows were cut, and its sums have the same bits.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST_PRICE = 1e9
LARGEST_SIZE = 1e15
"""The limits of the events' contract; what lies beyond is a fault, and would stay in a recursion for ever."""


@njit(cache=True, error_model="numpy")
def is_price(value: float) -> bool:
    """Whether it can be what something was traded at."""
    return 0.0 < value <= LARGEST_PRICE


@njit(cache=True, error_model="numpy")
def joined(memory: Floats, rows: Floats, keep: int) -> Floats:
    """The `keep` rows of a memory, NaN where none came yet, followed by `rows`. The memory moves on.

    A memory has 1 + keep·columns numbers.
    """
    count, columns = rows.shape
    line = np.full((keep + count, columns), np.nan)
    if memory[0] != 0.0:
        for row in range(keep):
            for column in range(columns):
                line[row, column] = memory[1 + row * columns + column]
    for row in range(count):
        for column in range(columns):
            line[keep + row, column] = rows[row, column]
    remember(memory, line, keep)
    return line


@njit(cache=True, error_model="numpy")
def remember(memory: Floats, line: Floats, keep: int) -> None:
    """Write the last `keep` rows of a line into a memory."""
    first, columns = line.shape[0] - keep, line.shape[1]
    memory[0] = 1.0
    for row in range(keep):
        for column in range(columns):
            memory[1 + row * columns + column] = line[first + row, column]


@njit(cache=True, error_model="numpy")
def mean(line: Floats, column: int, first: int, end: int) -> float:
    """Mean of a column over the rows from `first` to before `end`."""
    total = 0.0
    for row in range(first, end):
        total += line[row, column]
    return total / (end - first)


@njit(cache=True, error_model="numpy")
def publish(out: Floats) -> None:
    """Nothing infinite leaves a kernel: it becomes no value."""
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            if not math.isfinite(out[row, column]):
                out[row, column] = np.nan
