"""Arguments of the strict functions: made into arrays of doubles, or refused with the first place that is at fault.

Bulk functions, which answer a bad row with a reason code, do not use these.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contracts.errors import BadInput

Floats = NDArray[np.float64]
_RIGHTS = {"C": 1.0, "P": 0.0}


def finite(name: str, values: ArrayLike) -> Floats:
    """`values`, none of them NaN or infinite.

    >>> finite("rate", [0.04, float("nan")])
    Traceback (most recent call last):
    contracts.errors.BadInput: rate[1] is nan: must be a finite number
    """
    array = _numbers(name, values)
    _refuse_first(name, array, np.isfinite(array), "a finite number")
    return array


def positive(name: str, values: ArrayLike) -> Floats:
    """`values`, all of them finite and above zero."""
    array = finite(name, values)
    _refuse_first(name, array, array > 0.0, "above 0")
    return array


def not_negative(name: str, values: ArrayLike) -> Floats:
    """`values`, all of them finite and at least zero."""
    array = finite(name, values)
    _refuse_first(name, array, array >= 0.0, "0 or above")
    return array


def within(name: str, values: ArrayLike, low: float, high: float) -> Floats:
    """`values`, all of them finite and from `low` to `high`."""
    array = finite(name, values)
    _refuse_first(name, array, (array >= low) & (array <= high), f"from {low:g} to {high:g}")
    return array


def is_call(values: ArrayLike) -> Floats:
    """1 for calls and 0 for puts, from "C" and "P", from truth values, or from 1 and 0."""
    given = np.asarray(values)
    if given.dtype.kind in "UO":
        array = np.array([_RIGHTS.get(str(value), np.nan) for value in given.ravel()]).reshape(given.shape)
        _refuse_first("is_call", given, np.isfinite(array), '"C" or "P"')
        return array
    array = _numbers("is_call", given)
    _refuse_first("is_call", array, (array == 0.0) | (array == 1.0), "true (call) or false (put)")
    return array


def one_shape(**arrays: ArrayLike) -> tuple[Floats, ...]:
    """The arguments in the shape they broadcast to, in the order given."""
    numbers = [_numbers(name, values) for name, values in arrays.items()]
    try:
        return tuple(np.broadcast_arrays(*numbers))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(arrays, numbers, strict=True))
        raise BadInput(f"shapes do not fit together: {shapes}; give scalars, or arrays of one shape") from error


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name} is not made of numbers: {error}") from error


def _refuse_first(name: str, values: NDArray[Any], good: NDArray[np.bool_], rule: str) -> None:
    if good.all():
        return
    index = tuple(int(place) for place in np.argwhere(~good)[0])
    where = f"{name}[{', '.join(map(str, index))}]" if index else name
    raise BadInput(f"{where} is {values[index]}: must be {rule}")
