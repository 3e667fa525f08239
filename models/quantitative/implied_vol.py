"""Implied volatility of a normalised European price, to machine accuracy in two fixed steps.

Theory of operation
-------------------
Write x = ln(F/K), s = σ√T, y = |x|/s and t = s/2. The price of the out-of-the-money side over √(F·K), both
undiscounted alike, is

    b = v·[R(y − t) − R(y + t)],    v = db/ds = exp(−(y² + t²)/2) / √2π,

with the Mills ratio R, and what is missing to its bound exp(−|x|/2) is  c = v·[R(t − y) + R(t + y)]. Both are smooth
to any depth once their logarithms are taken, and ln v needs no exponential, so nothing underflows. As in Jäckel,
"Let's Be Rational" (2015), the lower half of the prices is solved on 1/ln b and the upper half on ln c, by
Householder's method of third order: its error is raised to the fourth power in each step. With A the bracket above,
w = 1 in the lower half and −1 in the upper, L = ln b or ln c and L* its target, the scale-free ingredients are

    Q = w·s/A,  H = y² − t²,  e = 2/L in the lower half and 0 in the upper,
    N = (L* − L)·(L/L* in the lower half)/Q                      Newton's step over s
    M = H − Q(1 + e)                                             s·f''/f'
    C = M² − 3y² − t² − Q(H − Q)(1 + e) + Q²e²/2                 s²·f'''/f'
    s ← s·(1 + N·(1 + N·M/2) / (1 + N·(M + N·C/6))).

The first guess is that of Stefanica and Radoičić (2017): with Pólya's approximation of Φ the price equation becomes a
quadratic in β = exp(−2(y² + t²)/π). Solved for β it fails near the money, where β → 1, so there it is solved for
1 − β, with every coefficient rewritten as a sum of positive terms. It is off by at most 12 %, step one leaves 2e-5,
step two 5e-15.

For small t the bracket R(y − t) − R(y + t) cancels; there it is the odd Taylor series of R about y, whose derivatives
follow from dR/dy = yR − 1.
"""

from math import factorial, log, pi, sqrt
from typing import NamedTuple

from models.quantitative import formulas
from models.quantitative.formulas import Chain, Formula, Number, exp, where
from models.quantitative.mills import COARSE, FINE, Rational, mills_ratio

_LOG_SQRT_2PI = 0.5 * log(2.0 * pi)
_POLYA = 1.0 - 2.0 / pi
_NEAR_MONEY = 0.01
"""Below this the guess takes sinh(x) for linear, which is then right to 2e-5."""
_NEAR_ONE = 1e-3
"""Below this the guess takes two terms of −ln(1 − ·), which are then right to 4e-7."""
_TINY = 1e-300
"""Keeps a divisor or a logarithm's argument off zero where prices are so small that their squares underflow."""


class _Stage(NamedTuple):
    """How one Householder step computes the bracket A."""

    rational: Rational
    terms: int
    """Terms of the Taylor series."""
    half_vol: float
    """The series is used for t and |x| below these."""
    moneyness: float


_STAGES = {
    "first": _Stage(COARSE, 1, 1e-3, 1e-3),
    "second": _Stage(FINE, 5, 0.05, 0.5),
}


class _Target(NamedTuple):
    """What both steps solve for; see the module's theory."""

    moneyness: Number
    sign: Number
    log_price: Number
    inverse: Number
    """1/`log_price` in the lower half, 0 in the upper."""
    twice_lower: Number
    """2 in the lower half, 0 in the upper."""


def total_vol(chain: Chain, moneyness: Number, price: Number, headroom: Number) -> Number:
    """σ√T as the step `total_vol`.

    `moneyness` is |ln(F/K)|; `price` the out-of-the-money side over √(F·K); `headroom` its bound exp(−moneyness/2)
    minus `price`, given separately because the caller can compute it without cancellation. Both are positive.
    """
    lower = chain.step("lower_half", price <= headroom)
    side = chain.step("half_side", where(lower, 1.0, -1.0))
    log_price = chain.step("log_target", formulas.log(where(lower, price, headroom)))
    twice_lower = chain.step("twice_lower", side + 1.0)
    inverse = chain.step("inverse_target", 0.5 * twice_lower / log_price)
    target = _Target(moneyness, side, log_price, inverse, twice_lower)
    vol = _guess(chain, moneyness, price, headroom)
    vol = _householder(chain, "first", vol, target)
    return _householder(chain, "second", vol, target)


def _guess(chain: Chain, x: Number, price: Number, headroom: Number) -> Number:
    """The first guess of s, at most 12 % off."""
    half = chain.step("exp_half", exp(0.5 * x))
    part = chain.step("exp_part", exp((0.5 * _POLYA) * x))
    near = chain.step("near_money", x < _NEAR_MONEY)
    rest = chain.step("exp_rest", half / part)

    def sinh(name: str, factor: float, power: Number) -> Number:
        """Hyperbolic sine of factor·x, where `power` is the exponential of that."""
        return chain.step(name, where(near, factor * x, 0.5 * (power - 1.0 / power)))

    sinh_half = sinh("sinh_half", 0.5, half)
    sinh_part = sinh("sinh_part", 0.5 * _POLYA, part)
    sinh_rest = sinh("sinh_rest", 0.5 - 0.5 * _POLYA, rest)
    sinh_last = sinh("sinh_last", 0.5 - _POLYA, chain.step("exp_last", rest / part))
    excess = chain.step("excess", 4.0 * price * (price + 2.0 * sinh_half))
    square = chain.step("part_square", sinh_part * sinh_part)
    cosh = chain.step("cosh_full", 1.0 + 2.0 * square)
    # The quadratic a·β² + b·β − c = 0, and the sum a + b − c that its solution for 1 − β needs.
    a = chain.step("quadratic", 16.0 * square * (1.0 + square))
    b = chain.step("linear", 16.0 * sinh_half * sinh_last + 4.0 * excess * cosh)
    c = chain.step("constant", 4.0 * excess * headroom * (price + half))
    root = chain.step("root", formulas.sqrt(b * b + 4.0 * a * c) + _TINY)
    gap = chain.step("beta_gap", 4.0 * square + excess)
    complement = chain.step("beta_complement", 2.0 * (gap * gap + 16.0 * sinh_rest * sinh_rest) / (2.0 * a + b + root))
    beta = chain.step("beta", 2.0 * c / (b + root) + _TINY)
    radius = chain.step(
        "radius",  # y² + t²
        (0.5 * pi) * where(complement < _NEAR_ONE, complement * (1.0 + 0.5 * complement), -1.0 * formulas.log(beta)),
    )
    outer = chain.step("outer", formulas.sqrt(radius + x))  # y + t
    inner = chain.step("inner", formulas.sqrt(abs(radius - x)))  # |y − t|
    # Below the price at which y = t the sum and the difference of y + t and |y − t| change roles.
    rest_square = chain.step("rest_square", rest * rest)
    tail = 1.0 - formulas.sqrt(1.0 - 1.0 / (rest_square * rest_square))
    middle = chain.step("middle", 0.5 * (1.0 / half - half * tail))
    vol = chain.step("polya_vol", where(price <= middle, 2.0 * x / (outer + inner + _TINY), outer + inner))
    floor = chain.step("floor_vol", sqrt(2.0 * pi) * price)  # b ≤ s/√2π
    return chain.step("guess", where(vol > floor, vol, floor))


def _householder(chain: Chain, stage: str, s: Number, target: _Target) -> Number:
    """One step of third order; named after `stage`, the last one `total_vol`."""
    t = chain.step(f"{stage}_t", 0.5 * s)
    y = chain.step(f"{stage}_y", target.moneyness / s)
    y2 = chain.step(f"{stage}_y2", y * y)
    t2 = chain.step(f"{stage}_t2", t * t)
    bracket = _bracket(chain, stage, target, t, y, t2, y2)
    level = chain.step(f"{stage}_level", formulas.log(bracket) - 0.5 * (y2 + t2) - _LOG_SQRT_2PI)
    slope = chain.step(f"{stage}_slope", target.sign * s / bracket)
    gap = chain.step(f"{stage}_gap", target.log_price - level)
    newton = chain.step(f"{stage}_newton", gap * (1.0 - gap * target.inverse) / slope)
    bend = chain.step(f"{stage}_bend", target.twice_lower / level)
    drift = chain.step(f"{stage}_drift", y2 - t2)
    pull = chain.step(f"{stage}_pull", slope * (1.0 + bend))
    second = chain.step(f"{stage}_second", drift - pull)
    bent = chain.step(f"{stage}_bent", slope * bend)
    third = second * second - 3.0 * y2 - t2 - pull * (drift - slope) + 0.5 * bent * bent
    change = newton * (1.0 + 0.5 * newton * second) / (1.0 + newton * (second + newton * third * (1.0 / 6.0)))
    return chain.step("total_vol" if stage == "second" else f"{stage}_vol", s * (1.0 + change))


def _bracket(chain: Chain, stage: str, target: _Target, t: Number, y: Number, t2: Number, y2: Number) -> Number:
    """A = R(y − t) − R(y + t) in the lower half, R(t − y) + R(t + y) in the upper.

    Where the series replaces the difference, the first R is evaluated at y for its derivatives: no third R is needed.
    """
    rational, terms, half_vol, moneyness = _STAGES[stage]
    small = chain.step(f"{stage}_small", (t < half_vol) & (target.moneyness < moneyness))
    near = mills_ratio(chain, f"{stage}_near", where(small, y, target.sign * (y - t)), rational)
    far = mills_ratio(chain, f"{stage}_far", y + t, rational)
    # Odd derivatives of R, negated: D₁ = 1 − yR and D₃ = (y² + 3)D₁ − 1, on by the recurrence of the even and odd ones.
    odd = [chain.step(f"{stage}_d1", 1.0 - y * near)]
    for order in range(3, 2 * terms, 2):
        before = 1.0 if order == 3 else float((order - 2) * (order - 3)) * odd[-2]  # noqa: PLR2004
        odd.append(chain.step(f"{stage}_d{order}", (y2 + (2.0 * order - 3.0)) * odd[-1] - before))
    series: Number = odd[-1] * (1.0 / factorial(2 * terms - 1))
    for index in range(terms - 2, -1, -1):
        series = series * t2 + odd[index] * (1.0 / factorial(2 * index + 1))
    return chain.step(f"{stage}_bracket", where(small, 2.0 * t * series, near - target.sign * far))


def _normalised() -> Formula:
    chain = Chain()
    total_vol(chain, chain.number("moneyness"), chain.number("price"), chain.number("headroom"))
    return chain.close("total_vol")


NORMALISED = _normalised()
"""`total_vol` from `moneyness`, `price` and `headroom`, as `total_vol` in this module defines them, unguarded."""
