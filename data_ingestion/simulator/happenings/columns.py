"""Tables as named tuples of arrays, the time first and the name or indicator second."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T", bound=tuple[Any, ...])


def taken(table: T, chosen: Any) -> T:  # noqa: ANN401 - whatever indexes an array
    """The chosen rows of a table."""
    return _made(table, [column[chosen] for column in table])


def in_order(table: T) -> T:
    """The rows of a table of arrays of any shape in order of time, then of name."""
    flat = _made(table, [np.ravel(column) for column in table])
    return taken(flat, np.lexsort((flat[1], flat[0])))


def joined(parts: Sequence[T]) -> T:
    """Tables of one kind as one, in order of time."""
    return in_order(_made(parts[0], [np.concatenate(columns) for columns in zip(*parts, strict=True)]))


def _made(like: T, columns: Sequence[Any]) -> T:
    kind: Any = type(like)
    made: T = kind(*columns)
    return made
