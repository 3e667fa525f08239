from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quantitative.blocks import Floats, evaluate
from models.quantitative.formulas import MISSING, Chain, Formula, Number, exp, log, sqrt, where, within

Build = Callable[[Number, Number], Number]
Reference = Callable[[Floats, Floats], Floats]
OPERATIONS: dict[str, tuple[Build, Reference]] = {
    "add": (lambda x, y: x + y, lambda x, y: x + y),
    "subtract": (lambda x, y: x - y, lambda x, y: x - y),
    "multiply": (lambda x, y: x * y, lambda x, y: x * y),
    "divide": (lambda x, y: x / y, lambda x, y: x / y),
    "literals": (lambda x, y: 2.0 / (1.0 - (3.0 + x)) * y, lambda x, y: 2.0 / (1.0 - (3.0 + x)) * y),
    "exp": (lambda x, y: exp(x - y), lambda x, y: np.exp(x - y)),
    "log": (lambda x, y: log(x * y), lambda x, y: np.log(x * y)),
    "sqrt": (lambda x, y: sqrt(x + y), lambda x, y: np.sqrt(x + y)),
    "abs": (lambda x, y: abs(x - y), lambda x, y: np.abs(x - y)),
    "less": (lambda x, y: where(x < y, 1.0, 2.0), lambda x, y: np.where(x < y, 1.0, 2.0)),
    "less_equal": (lambda x, y: where(x <= y, x, 2.0), lambda x, y: np.where(x <= y, x, 2.0)),
    "greater": (lambda x, y: where(x > y, 1.0, y), lambda x, y: np.where(x > y, 1.0, y)),
    "greater_equal": (lambda x, y: where(x >= y, x, y), lambda x, y: np.where(x >= y, x, y)),
    "within": (lambda x, y: where(within(x, 0.7, 1.2), x, y), lambda x, y: np.where((x >= 0.7) & (x <= 1.2), x, y)),
    "missing": (lambda x, y: where(x < y, x, MISSING), lambda x, y: np.where(x < y, x, np.nan)),
}


def one_step(build: Build) -> Formula:
    chain = Chain()
    chain.step("result", build(chain.number("x"), chain.number("y")))
    return chain.close("result")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_numpys(name: str) -> None:
    build, reference = OPERATIONS[name]
    x, y = np.random.default_rng(1).uniform(0.5, 1.5, (2, 100))
    y[::10] = x[::10]
    (result,) = evaluate(one_step(build), x, y, block_rows=7)
    np.testing.assert_array_equal(result, reference(x, y))


def tangle() -> Formula:
    """Values that die in every order, are used twice in one operation, and outputs that later steps use."""
    chain = Chain()
    x, y = chain.number("x"), chain.number("y")
    a = chain.step("a", x * x + y)
    b = chain.step("b", a * a - x)
    big = chain.step("big", b > a)
    c = chain.step("c", where(big, b, a) + where(big, a, b))
    chain.step("d", where(big, where(c > x, c, x), y) * a)
    chain.step("constant", where(big, 1.0, 1.0))
    return chain.close("d", "a", "constant")


@given(st.integers(0, 40), st.integers(1, 50))
def test_results_do_not_depend_on_the_block_size(rows: int, block_rows: int) -> None:
    x, y = np.random.default_rng(rows).normal(size=(2, rows))
    a = x * x + y
    b = a * a - x
    c = np.where(b > a, b, a) + np.where(b > a, a, b)
    results = evaluate(tangle(), x, y, block_rows=block_rows)
    np.testing.assert_array_equal(results[0], np.where(b > a, np.where(c > x, c, x), y) * a)
    np.testing.assert_array_equal(results[1], a)
    np.testing.assert_array_equal(results[2], np.ones(rows))


def test_inputs_broadcast_and_are_left_alone() -> None:
    x = np.array([[1.0], [2.0]])
    y = np.array([10.0, 20.0, 30.0])
    (result,) = evaluate(one_step(lambda x, y: x * y), x, y)
    np.testing.assert_array_equal(result, x * y)
    np.testing.assert_array_equal(y, [10.0, 20.0, 30.0])


def test_scalars_give_a_scalar() -> None:
    (result,) = evaluate(one_step(lambda x, y: x + y), 1, True)  # noqa: FBT003 - a truth value comes in as 1
    assert result.shape == ()
    assert result == 2.0


def test_the_number_of_inputs_is_checked() -> None:
    with pytest.raises(ValueError, match=r"takes 2 inputs \(x, y\), not 1"):
        evaluate(one_step(lambda x, y: x + y), np.ones(3))
