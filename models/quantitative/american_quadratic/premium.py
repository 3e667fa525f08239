"""The premium for early exercise by a quadratic approximation, as steps of a formula.

Theory of operation
-------------------
A call is a put with underlying and strike, rate and yield exchanged, and a put is divided by its strike, so one case
remains: z = ln(S/K), s = σ√T, a = what exercise earns (rT of a put), b = what it gives up (qT). With h = 1 − exp(−a),
M = 2a/(s²h), N = 2(a − b)/s², Λ = √((N − 1)² + 4M) and λ = −(N − 1 + Λ)/2, Barone-Adesi and Whaley (1987) put the
premium at a multiple of exp(λz), which meets the value of exercise at the boundary z* smoothly:

    X·(1 − exp(−b)·Φ(−d₁)) = −λ·H,    X = exp(z*),  H = 1 − X − p(z*),  p the European put.

Ju and Zhong (1999) add a quadratic form χ in x = z − z*. Their 1/(1 − χ) has a pole; exp(χ) agrees with it to first
order and has none. What is left of the error is smooth in four ratios (how far from the boundary, how much variance,
how much interest, how much yield), so a cubic polynomial fitted to the exact engine takes most of it away:

    premium = H·exp(λx + χ)·(1 + C),    χ = −exp(−a)·M²x²/(2Λ²) + x·[exp(−a)·(M − M²/Λ²) + 2(b·u − a·l + sD/2)/(s²H)]/Λ,

u and l being the two parts of p at z*, D their density. The boundary is solved in logarithms, in which Newton's method
does not overshoot, from a fitted guess of −z*/s. Nothing here branches: fixed numbers of steps, divisors kept off zero.
"""

from functools import reduce
from math import pi, sqrt
from typing import Final, NamedTuple

from models.quantitative import formulas
from models.quantitative.formulas import Chain, Condition, Number, exp, log, where
from models.quantitative.mills import COARSE, mills_ratio
from models.quantitative.terms import Terms

LEAST_BENEFIT: Final = 1e-6
"""Less interest than this share of the strike over the option's life buys no premium worth a step."""
FARTHEST: Final = 7.0
"""The boundary is taken to be at most so many s away; at more the premium is below 1e-4 volatility points."""
NEAREST: Final = 0.05
LEAST_EXERCISE: Final = 1e-9
"""Value of H below which the boundary is still too near the strike: the next guess is farther by BACK_OFF."""
BACK_OFF: Final = 1.4
LEAST_FORGONE: Final = 1e-250
"""Keeps a divisor and a logarithm's argument off zero where the boundary is a price that underflows."""
_DENSITY: Final = 1.0 / sqrt(2.0 * pi)

Powers = tuple[int, ...]
GUESS: Final[dict[Powers, float]] = {
    (0, 0, 0): 1.277082646, (0, 0, 1): -2.280617399, (0, 0, 2): 7.046027573, (0, 0, 3): -9.601115488,
    (0, 0, 4): 7.699171226, (0, 1, 0): 0.821187183, (0, 1, 1): 13.20798096, (0, 1, 2): -25.55848023,
    (0, 1, 3): 19.97963852, (0, 2, 0): -10.77647215, (0, 2, 1): -20.88138993, (0, 2, 2): 16.36713749,
    (0, 3, 0): 22.99718139, (0, 3, 1): 11.01026132, (0, 4, 0): -15.93972503, (1, 0, 0): -1.817104497,
    (1, 0, 1): 3.744723095, (1, 0, 2): -1.913387174, (1, 0, 3): -9.533141208, (1, 1, 0): -9.945860904,
    (1, 1, 1): -20.65063988, (1, 1, 2): 12.94411043, (1, 2, 0): 14.81849019, (1, 2, 1): 34.38233811,
    (1, 3, 0): -34.94985024, (2, 0, 0): 7.842246012, (2, 0, 1): -1.103752308, (2, 0, 2): 6.833322525,
    (2, 1, 0): 14.18108478, (2, 1, 1): -5.560920934, (2, 2, 0): 21.21268855, (3, 0, 0): -18.76044541,
    (3, 0, 1): -0.735914177, (3, 1, 0): -27.22362676, (4, 0, 0): 17.09546794,
}  # fmt: skip
"""ln(−z*/s) as a polynomial: powers of s/(1 + s), √a/(√a + s) and b/(a + b) → coefficient."""
CORRECTION: Final[tuple[dict[Powers, float], ...]] = (
    {
        (0, 0, 0): -0.5688443328, (0, 0, 1): -0.1078109793, (0, 0, 2): -0.03059027486, (0, 1, 0): 2.496099757,
        (0, 1, 1): 0.1996495316, (0, 2, 0): -2.237670446, (1, 0, 0): 1.880342439, (1, 0, 1): 0.1017738303,
        (1, 1, 0): -3.32830332, (2, 0, 0): -1.500935054,
    },
    {
        (0, 0, 0): 0.08277293618, (0, 0, 1): -0.07322006388, (0, 1, 0): -0.6073047925, (1, 0, 0): 0.1553293161,
    },
    {
        (0, 0, 0): 0.253595955,
    },
)  # fmt: skip
"""C by powers 1, 2, 3 of y/(1 + y), y = x/s; in each, powers of s/(1 + s), √h/(√h + s) and b/(a + b) → coefficient."""


class Deal(NamedTuple):
    """The option as a put on a strike of one; harmless where exercise earns nothing."""

    exercisable: Condition
    level: Number
    """z at the underlying's price."""
    benefit: Number
    cost: Number
    benefit_discount: Number
    cost_discount: Number


class Put(NamedTuple):
    """A European put at one z."""

    price: Number
    spot_part: Number
    strike_part: Number
    density: Number


class Boundary(NamedTuple):
    """The boundary, and what the premium is made of there."""

    level: Number
    reached: Condition
    """Exercise there is worth something; else the boundary is farther away than any premium that matters."""
    exercise: Number
    """H."""
    put: Put


class Premium(NamedTuple):
    """The premium where the option is held, and its derivatives in z."""

    value: Number
    slope: Number
    curvature: Number


def add_deal(chain: Chain, terms: Terms, american: Condition | None = None) -> Deal:
    """The option as a put on a strike of one; where `american` does not hold, exercise earns nothing."""
    is_call = terms.side > 0.0
    earned = chain.step("earned", where(is_call, terms.dividend, terms.rate) * terms.years)
    earns = terms.alive & (earned > LEAST_BENEFIT)
    exercisable = chain.step("exercisable", earns if american is None else earns & american)
    benefit = chain.step("benefit", where(exercisable, earned, 0.05))
    given_up = where(is_call, terms.rate, terms.dividend) * terms.years
    cost = chain.step("cost", where(exercisable, given_up, 0.0))
    level = chain.step("level", (0.0 - terms.side) * log(terms.spot / terms.strike))
    return Deal(
        exercisable, level, benefit, cost,
        chain.step("benefit_discount", exp(0.0 - benefit)), chain.step("cost_discount", exp(0.0 - cost)),
    )  # fmt: skip


def moved(chain: Chain, name: str, deal: Deal, benefit: Number, cost: Number) -> Deal:
    """The deal with other interest."""
    return deal._replace(
        benefit=benefit,
        cost=cost,
        benefit_discount=chain.step(f"{name}_paid", exp(0.0 - benefit)),
        cost_discount=chain.step(f"{name}_kept", exp(0.0 - cost)),
    )


def add_put(chain: Chain, name: str, deal: Deal, level: Number, total_vol: Number) -> Put:
    """The European put at z = `level`."""
    ratio = chain.step(f"{name}_ratio", (level + deal.benefit - deal.cost) / total_vol)
    d1 = chain.step(f"{name}_d1", ratio + 0.5 * total_vol)
    d2 = chain.step(f"{name}_d2", ratio - 0.5 * total_vol)
    spot = chain.step(f"{name}_spot", deal.cost_discount * exp(level))
    density = chain.step(f"{name}_density", _DENSITY * spot * exp(-0.5 * d1 * d1))
    spot_tail = chain.step(f"{name}_tail1", density * mills_ratio(chain, f"{name}_mills1", abs(d1), COARSE))
    strike_tail = chain.step(f"{name}_tail2", density * mills_ratio(chain, f"{name}_mills2", abs(d2), COARSE))
    spot_part = chain.step(f"{name}_spot_part", where(d1 < 0.0, spot - spot_tail, spot_tail))
    paid = deal.benefit_discount
    strike_part = chain.step(f"{name}_strike_part", where(d2 < 0.0, paid - strike_tail, strike_tail))
    return Put(chain.step(f"{name}_put", strike_part - spot_part), spot_part, strike_part, density)


def guessed_boundary(chain: Chain, name: str, deal: Deal, total_vol: Number) -> Number:
    """A first −z*/s."""
    interest = chain.step(f"{name}_root", formulas.sqrt(deal.benefit))
    ratios = (
        chain.step(f"{name}_variance", total_vol / (1.0 + total_vol)),
        chain.step(f"{name}_interest", interest / (interest + total_vol)),
        _share(chain, name, deal),
    )
    distance = chain.step(f"{name}_guess", exp(_polynomial(GUESS, ratios)))
    return chain.step(f"{name}_distance", where(distance < FARTHEST, distance, FARTHEST))


def add_boundary(chain: Chain, name: str, deal: Deal, total_vol: Number, distance: Number, steps: int) -> Boundary:
    """The boundary after some steps of Newton's method from −z*/s = `distance`."""
    slope = _decay(chain, name, deal, total_vol)[0]
    level = chain.step(f"{name}_z", (0.0 - distance) * total_vol)
    for number in range(steps):
        at = _at(chain, f"{name}_{number}", deal, level, total_vol)
        spot = chain.step(f"{name}_{number}_x", exp(level))
        forgone = chain.step(f"{name}_{number}_forgone", spot - at.put.spot_part)
        kept = chain.step(f"{name}_{number}_kept", where(forgone > LEAST_FORGONE, forgone, LEAST_FORGONE))
        ratio = chain.step(f"{name}_{number}_over", kept / at.exercise)
        miss = log(ratio / (0.0 - slope))
        gradient = 1.0 + at.put.density / (total_vol * kept) + ratio
        change = where(at.reached, level - miss / gradient, BACK_OFF * level)
        next_level = chain.step(f"{name}_{number}_next", change)
        far, near = (0.0 - FARTHEST) * total_vol, (0.0 - NEAREST) * total_vol
        kept_off = chain.step(f"{name}_{number}_far", where(next_level > far, next_level, far))
        level = chain.step(f"{name}_{number}_level", where(kept_off < near, kept_off, near))
    return _at(chain, f"{name}_at", deal, level, total_vol)


def add_premium(chain: Chain, name: str, deal: Deal, total_vol: Number, at: Boundary) -> Premium:
    """The premium at the deal's z, where that lies above the boundary; harmless where it does not."""
    decay, scaled, root = _decay(chain, f"{name}_p", deal, total_vol)
    beyond = deal.level - at.level
    x = chain.step(f"{name}_beyond", where(beyond > 0.0, beyond, 0.0))
    share = chain.step(f"{name}_scaled_share", scaled / root)
    bend = chain.step(f"{name}_bend", (-0.5 * deal.benefit_discount) * share * share)
    carried = deal.cost * at.put.spot_part - deal.benefit * at.put.strike_part + 0.5 * total_vol * at.put.density
    tilt = chain.step(
        f"{name}_tilt",
        deal.benefit_discount * share * (1.0 - share / root)
        + 2.0 * carried / (total_vol * total_vol * at.exercise * root),
    )
    exponent = chain.step(f"{name}_exponent", x * (decay + tilt + bend * x))
    shape = chain.step(f"{name}_shape", at.exercise * exp(where(exponent < 0.0, exponent, 0.0)))
    value, first, second = _correction(chain, name, deal, total_vol, x)
    corrected = chain.step(f"{name}_corrected", 1.0 + value)
    relative = chain.step(f"{name}_relative", first / corrected)
    slope = chain.step(f"{name}_slope", decay + tilt + 2.0 * bend * x + relative)
    premium = chain.step(f"{name}_premium", where(deal.exercisable & at.reached, shape * corrected, 0.0))
    return Premium(
        premium,
        chain.step(f"{name}_premium_slope", premium * slope),
        chain.step(
            f"{name}_premium_curvature",
            premium * (slope * slope + 2.0 * bend + second / corrected - relative * relative),
        ),
    )


def _decay(chain: Chain, name: str, deal: Deal, total_vol: Number) -> tuple[Number, Number, Number]:
    """λ, M and Λ."""
    variance = chain.step(f"{name}_square", total_vol * total_vol)
    scaled = chain.step(f"{name}_scaled", 2.0 * deal.benefit / (variance * (1.0 - deal.benefit_discount)))
    carry = chain.step(f"{name}_carry", 2.0 * (deal.benefit - deal.cost) / variance - 1.0)
    root = chain.step(f"{name}_lambda_root", formulas.sqrt(carry * carry + 4.0 * scaled))
    # The root of larger size has no cancellation; the other is what is left of their product, −M.
    large = chain.step(f"{name}_large", 0.5 * (abs(carry) + root))
    return chain.step(f"{name}_lambda", where(carry > 0.0, 0.0 - large, 0.0 - scaled / large)), scaled, root


def _at(chain: Chain, name: str, deal: Deal, level: Number, total_vol: Number) -> Boundary:
    put = add_put(chain, name, deal, level, total_vol)
    exercise = chain.step(f"{name}_h", 1.0 - exp(level) - put.price)
    reached = chain.step(f"{name}_reached", exercise > LEAST_EXERCISE)
    return Boundary(level, reached, chain.step(f"{name}_exercise", where(reached, exercise, 1.0)), put)


def _correction(chain: Chain, name: str, deal: Deal, total_vol: Number, x: Number) -> tuple[Number, Number, Number]:
    """C and its first two derivatives in x."""
    root = chain.step(f"{name}_h_root", formulas.sqrt(1.0 - deal.benefit_discount))
    ratios = (
        chain.step(f"{name}_variance", total_vol / (1.0 + total_vol)),
        chain.step(f"{name}_interest", root / (root + total_vol)),
        _share(chain, name, deal),
    )
    one, two = (chain.step(f"{name}_c{i}", _polynomial(CORRECTION[i], ratios)) for i in (0, 1))
    three = CORRECTION[2][0, 0, 0]
    near = chain.step(f"{name}_near", total_vol / (total_vol + x))
    u = chain.step(f"{name}_u", 1.0 - near)
    rate = chain.step(f"{name}_rate", near * near / total_vol)
    gradient = chain.step(f"{name}_gradient", one + u * (2.0 * two + 3.0 * three * u))
    value = u * (one + u * (two + three * u))
    second = rate * rate * (2.0 * two + 6.0 * three * u) - 2.0 * rate * near / total_vol * gradient
    return value, rate * gradient, second


def _share(chain: Chain, name: str, deal: Deal) -> Number:
    cost = where(deal.cost > 0.0, deal.cost, 0.0)
    return chain.step(f"{name}_share", cost / (cost + deal.benefit))


def _polynomial(coefficients: dict[Powers, float], ratios: tuple[Number, ...]) -> Number:
    """By Horner's rule in the first ratio, whose coefficients are polynomials in the rest."""
    if not ratios:
        return formulas.number(coefficients[()])
    highest = max(powers[0] for powers in coefficients)
    by_power = (
        _polynomial({powers[1:]: value for powers, value in coefficients.items() if powers[0] == power}, ratios[1:])
        for power in range(highest, -1, -1)
    )
    return reduce(lambda value, coefficient: value * ratios[0] + coefficient, by_power)
