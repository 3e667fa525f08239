from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from contracts.errors import BadInput, OptionsAIError
from models.quantitative import checks

FLOATS = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats())


@pytest.mark.parametrize(
    ("check", "values", "message"),
    [
        (checks.finite, [0.0, np.inf], "x[1] is inf: must be a finite number"),
        (checks.positive, [0.2, 0.3, 0.0], "x[2] is 0.0: must be above 0"),
        (checks.positive, [[1.0, 2.0], [3.0, -0.2]], "x[1, 1] is -0.2: must be above 0"),
        (checks.positive, -1, "x is -1.0: must be above 0"),
        (checks.not_negative, [0.0, -1e-300], "x[1] is -1e-300: must be 0 or above"),
        (checks.not_negative, np.nan, "x is nan: must be a finite number"),
        (checks.finite, "many", "x is not made of numbers: could not convert string to float: 'many'"),
        (checks.finite, [[1.0], [1.0, 2.0]], "x is not made of numbers"),
    ],
)
def test_the_first_offender_is_named(check: Callable[[str, Any], Any], values: object, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        check("x", values)
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, OptionsAIError)


@given(FLOATS)
def test_what_passes_is_what_the_rule_says(values: Any) -> None:  # noqa: ANN401 - an array
    finite = np.isfinite(values)
    rules: list[tuple[Callable[[str, Any], Any], Any]] = [
        (checks.finite, finite),
        (checks.positive, finite & (values > 0.0)),
        (checks.not_negative, finite & (values >= 0.0)),
        (lambda name, given: checks.within(name, given, -1.0, 2.0), (values >= -1.0) & (values <= 2.0)),
    ]
    for check, good in rules:
        if good.all():
            np.testing.assert_array_equal(check("x", values), values)
        else:
            with pytest.raises(BadInput):
                check("x", values)


def test_limits_belong_to_the_range() -> None:
    assert checks.within("x", [-1.0, 2.0], -1.0, 2.0).tolist() == [-1.0, 2.0]
    with pytest.raises(BadInput, match=r"x\[0\] is 2.5: must be from -1 to 2"):
        checks.within("x", [2.5], -1.0, 2.0)


@pytest.mark.parametrize(
    "given", [["C", "P"], np.array(["C", "P"]), np.array(["C", "P"], dtype=object), [True, False], [1, 0], [1.0, 0.0]]
)
def test_rights_in_all_their_forms(given: object) -> None:
    assert checks.is_call(given).tolist() == [1.0, 0.0]  # type: ignore[arg-type]


def test_a_single_right_keeps_its_shape() -> None:
    assert checks.is_call("P").shape == ()
    assert float(checks.is_call("P")) == 0.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["C", "X"], 'is_call[1] is X: must be "C" or "P"'),
        ("call", 'is_call is call: must be "C" or "P"'),
        ([1.0, 0.5], "is_call[1] is 0.5: must be true (call) or false (put)"),
        ([np.nan], "is_call[0] is nan: must be true (call) or false (put)"),
    ],
)
def test_unknown_rights(given: Any, message: str) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(BadInput) as caught:
        checks.is_call(given)
    assert str(caught.value) == message


def test_shapes_meet_or_are_told() -> None:
    found = checks.one_shape(strike=[90.0, 100.0], years=0.5, vol=[[0.2], [0.3]])
    assert [column.shape for column in found] == [(2, 2)] * 3
    assert found[1].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    with pytest.raises(BadInput, match=r"shapes do not fit together: strike \(2,\), vol \(3,\)"):
        checks.one_shape(strike=[1.0, 2.0], vol=[1.0, 2.0, 3.0])
