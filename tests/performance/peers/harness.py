"""What the peers' scripts share: the options, and how calls are timed. Runs in the peers' own environments."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REPETITIONS = 5
Columns = Mapping[str, NDArray[np.float64]]
Calls = Mapping[str, tuple[int, Callable[[], object]]]
"""By the figure's name: how many options a call handles, and the call."""


def save(folder: Path, columns: Columns) -> None:
    """Write each column as plain doubles, which every language reads."""
    for name, values in columns.items():
        values.tofile(folder / f"{name}.f64")


def load(folder: Path) -> dict[str, NDArray[np.float64]]:
    """The columns that `save` wrote."""
    return {path.stem: np.fromfile(path) for path in folder.glob("*.f64")}


def rates(calls: Calls) -> dict[str, float]:
    """Options per second, the median of repetitions after one call that warms up."""
    found = {}
    for name, (options, call) in calls.items():
        call()
        seconds = []
        for _ in range(REPETITIONS):
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
        found[name] = options / statistics.median(seconds)
    return found


def main(calls: Callable[[Columns], Calls]) -> None:
    """Time the calls on the columns in the folder that the command line names; print the rates as JSON."""
    print(json.dumps(rates(calls(load(Path(sys.argv[1]))))))  # noqa: T201 - the caller reads it
