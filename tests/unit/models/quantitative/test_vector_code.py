"""Exponential and logarithm against mpmath, in units in the last place, and at their limits."""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from models.quantitative import compiled
from models.quantitative.blocks import Floats
from models.quantitative.formulas import Chain, Number, exp, log

MAX_ULP = 1.0
POINTS = 4_000
RANDOM = np.random.default_rng(5)
LIMITS = np.array(
    [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e308, -1e308, 709.7827128933840,
     709.7827128933841, -708.5, -744.9, -745.1332191019411, -745.1332191019412, 0.5**0.5, 2.0**0.5]
)  # fmt: skip


def _apply(function: Callable[[Number], Number], values: Floats) -> Floats:
    chain = Chain()
    chain.step("result", function(chain.number("x")))
    return compiled.evaluate(chain.close("result"), values)[0]


def _worst(computed: Floats, values: Floats, exact: Callable[[mpmath.mpf], mpmath.mpf]) -> float:
    with mpmath.workdps(40):
        truths = [exact(mpmath.mpf(value)) for value in values]
        return max(
            float(abs(result - truth) / np.spacing(abs(float(truth))))
            for result, truth in zip(computed, truths, strict=True)
        )


@pytest.mark.parametrize(("low", "high"), [(-745.0, 709.7), (-40.0, 1.0), (-0.7, 0.7), (-1e-8, 1e-8)])
def test_exp_is_exact_to_less_than_a_unit_in_the_last_place(low: float, high: float) -> None:
    x = RANDOM.uniform(low, high, POINTS)
    assert _worst(_apply(exp, x), x, mpmath.exp) < MAX_ULP


@pytest.mark.parametrize(
    ("low", "high"), [(-322.0, -308.0), (-308.0, 308.0), (-1.0, 1.0), (-0.01, 0.01), (-1e-9, 1e-9)]
)
def test_log_is_exact_to_less_than_a_unit_in_the_last_place(low: float, high: float) -> None:
    x = 10.0 ** RANDOM.uniform(low, high, POINTS)
    x = x[x != 1.0]
    assert _worst(_apply(log, x), x, mpmath.log) < MAX_ULP


@pytest.mark.parametrize(("function", "reference"), [(exp, np.exp), (log, np.log)])
def test_limits_are_numpys(function: Callable[[Number], Number], reference: Callable[[Floats], Floats]) -> None:
    with np.errstate(all="ignore"):
        expected = reference(LIMITS)
    np.testing.assert_allclose(_apply(function, LIMITS), expected, rtol=2.0**-52)
