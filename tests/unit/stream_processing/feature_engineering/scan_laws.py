"""What holds of every scan, whatever it computes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.scan import Scan

Columns = Mapping[str, Floats]

ANY_NUMBER = st.one_of(
    st.floats(), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1.0, 2.0, 1e-300, 1e300, 1e9, 1e15])
)


def rows_between(columns: Columns, first: int, end: int) -> dict[str, Floats]:
    return {name: values[first:end] for name, values in columns.items()}


def whole(scan: Scan, columns: Columns) -> Floats:
    return scan.advance(scan.start(), columns)


def named(scan: Scan, columns: Columns) -> dict[str, Floats]:
    """Features of a whole tape by their names."""
    out = whole(scan, columns)
    return {feature.name: out[:, place] for place, feature in enumerate(scan.features)}


def assert_cuts_change_nothing(scan: Scan, columns: Columns, cuts: Sequence[int]) -> None:
    """The very bits, and the state at the end, are those of the whole tape however it is cut."""
    length = len(columns[scan.inputs[0]])
    edges = [0, *sorted(cuts), length]
    state = scan.start()
    parts = [scan.advance(state, rows_between(columns, first, end)) for first, end in pairwise(edges)]
    once = scan.start()
    np.testing.assert_array_equal(np.concatenate(parts), scan.advance(once, columns))
    np.testing.assert_array_equal(state, once)


def assert_rows_change_nothing(scan: Scan, columns: Columns) -> None:
    """A row at a time."""
    assert_cuts_change_nothing(scan, columns, range(1, len(columns[scan.inputs[0]])))


def assert_first_values_come_after_the_warm_up(scan: Scan, columns: Columns) -> None:
    """On a tape in which every row has all there is."""
    out = whole(scan, columns)
    for place, feature in enumerate(scan.features):
        told = np.isfinite(out[:, place])
        assert np.argmax(told) == feature.warm_up, feature.name
        assert told[feature.warm_up :].all(), feature.name


def assert_survives(scan: Scan, garbage: Sequence[Sequence[float]], columns: Columns) -> None:
    """Whatever came before, nothing is infinite, and after as many good rows as there are everything is told."""
    before = np.array(garbage, dtype=np.float64).reshape(-1, len(scan.inputs))
    joined = {name: np.concatenate([before[:, place], columns[name]]) for place, name in enumerate(scan.inputs)}
    out = whole(scan, joined)
    assert not np.isinf(out).any()
    assert np.isfinite(out[-1]).all()


def garbage_for(scan: Scan, rows: int = 6) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(st.lists(ANY_NUMBER, min_size=len(scan.inputs), max_size=len(scan.inputs)), max_size=rows)


def with_a_hole(columns: Columns, name: str, row: int, value: float = np.nan) -> dict[str, Floats]:
    """The same columns with one value gone."""
    holed = {key: values.copy() for key, values in columns.items()}
    holed[name][row] = value
    return holed


def without(columns: Columns, row: int) -> dict[str, Floats]:
    return {name: np.delete(values, row) for name, values in columns.items()}
