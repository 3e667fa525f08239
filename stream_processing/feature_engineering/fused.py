"""Several scans over the same rows as one: their states lie side by side, so do their features."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from stream_processing.feature_engineering.scan import Floats, Kernel, Scan


class _Part(NamedTuple):
    kernel: Kernel
    inputs: int
    """Which of the sets of columns it reads."""
    state: slice
    features: slice


def fuse(scans: Sequence[Scan]) -> Scan:
    """A scan that says what all of them say. Rows are laid out once for all that read the same columns."""
    inputs = tuple(dict.fromkeys(name for scan in scans for name in scan.inputs))
    sets = tuple(dict.fromkeys(scan.inputs for scan in scans))
    parts: list[_Part] = []
    size = features = 0
    for scan in scans:
        after = size + scan.size, features + len(scan.features)
        parts.append(_Part(scan.kernel, sets.index(scan.inputs), slice(size, after[0]), slice(features, after[1])))
        size, features = after
    places = tuple(tuple(inputs.index(name) for name in names) for names in sets)
    return Scan(
        inputs, tuple(feature for scan in scans for feature in scan.features), size, partial(_walk, places, parts)
    )


def _walk(places: Sequence[Sequence[int]], parts: Sequence[_Part], state: Floats, rows: Floats, out: Floats) -> None:
    columns = [np.take(rows, place, axis=1) for place in places]
    room = np.full(out.size, np.nan)
    for part in parts:
        begin, end = part.features.start, part.features.stop
        piece = room[begin * len(rows) : end * len(rows)].reshape(len(rows), end - begin)
        part.kernel(state[part.state], columns[part.inputs], piece)
        out[:, part.features] = piece
