"""The Mills ratio of the normal distribution, R(z) = (1 − Φ(z)) / φ(z), as a formula.

Theory of operation
-------------------
R is the one special function of this package: tails of the normal distribution are φ(z)·R(z), and the ratio of a
normalised option price to its slope is a difference of two R. It falls slowly from 1.25 at 0 to 1/z, so a rational
function in u = z + 0.75 follows it over the whole range, and because all its coefficients are positive nothing cancels.
The coefficients were fitted with mpmath; the quotient of the leading ones and of the next makes the limit for large z
exact to two terms. Relative error against mpmath, z from −0.74 to 40: 7.4e-17 and 3.4e-11.
"""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from models.quantitative.formulas import Chain, Number

SHIFT = 0.75
"""Added to z, so that the fit covers the small negative arguments which prices below half their bound need."""


class Rational(NamedTuple):
    """p(u)/q(u), coefficients from the constant term up; both leading ones are 1 and left out."""

    numerator: tuple[float, ...]
    denominator: tuple[float, ...]


FINE = Rational(
    (
        4141993.1259857016, 7203035.1663058475, 6474851.811976279, 3860252.895924978, 1670763.6217160244,
        546663.0212259156, 137443.24944384833, 26541.27152938278, 3868.0609814857385, 407.69853084466143,
        28.287240462037612,
    ),
    (
        1612817.8023823842, 4642348.31261614, 6315084.708622612, 5380122.370221086, 3205282.3547335686,
        1411022.747465403, 472325.0425608792, 121666.38963866793, 24067.702254503874, 3591.3243238140617,
        387.48310049813364, 27.537240462037612,
    ),
)  # fmt: skip
COARSE = Rational(
    (
        4790.742555955433, 6226.104430139917, 4233.3101885168135, 1853.792013752804, 555.0711367822447,
        113.43488483459326, 14.8334167296084,
    ),
    (
        1865.4291897369733, 4549.76989417321, 5102.547940121726, 3457.644490829281, 1560.613181444325,
        485.57835767181854, 103.30982247562942, 14.083416729437822,
    ),
)  # fmt: skip


def mills_ratio(chain: Chain, name: str, z: Number, rational: Rational = FINE) -> Number:
    """R(z) as the step `name`; z ≥ −0.74."""
    u = chain.step(f"{name}_u", z + SHIFT)
    return chain.step(name, _monic(rational.numerator, u) / _monic(rational.denominator, u))


def _monic(coefficients: Sequence[float], u: Number) -> Number:
    """The polynomial with these coefficients and a leading 1, by Horner's rule."""
    *lower, last = coefficients
    return reduce(lambda value, coefficient: value * u + coefficient, reversed(lower), u + last)
