"""Option chains, measured: skew, term structure, spreads."""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.facts.intervals import Floats, Interval, around

NEAR: Final = 0.01
"""At the money: within this log moneyness over the root of time."""
DELTAS: Final = ((0.02, 0.1), (0.1, 0.25), (0.25, 0.55))
"""Absolute deltas by which spreads are told apart."""


class Chain(NamedTuple):
    """Out-of-the-money options of one underlying at one moment, arrays (contracts,)."""

    moneyness: Floats
    """Log of strike over forward (or spot, for short times)."""
    years: Floats
    volatility: Floats
    """Implied, a year."""
    bid: Floats
    ask: Floats
    delta: Floats
    """Absolute."""
    size: Floats | None = None
    """Mean of what is bid for and asked, contracts, where it is known."""


def line(place: Floats, height: Floats) -> tuple[Interval, Interval]:
    """Height at zero and slope of a straight line through points, with the usual standard errors."""
    count = len(place)
    design = np.stack([np.ones(count), place], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    found = inverse @ design.T @ height
    rest = height - design @ found
    variance = float(rest @ rest) / max(1, count - 2)
    errors = np.sqrt(variance * np.diag(inverse))
    return around(found[0], errors[0]), around(found[1], errors[1])


def skew(chain: Chain, days: tuple[float, float] = (20, 60), reach: float = 0.25) -> Interval:
    """Slope of the put wing: relative rise of volatility per unit of log moneyness over the root of years.

    From expiries between so many days ahead, options from −`reach` to the money. Negative: low strikes cost more.
    """
    chosen = (chain.years * 365 >= days[0]) & (chain.years * 365 <= days[1])
    place = chain.moneyness / np.sqrt(chain.years)
    chosen &= (place <= NEAR) & (place >= -reach)
    level, slope = line(place[chosen], chain.volatility[chosen])
    return around(slope.value / level.value, slope.error / level.value)


def curvature(chain: Chain, days: tuple[float, float] = (20, 60), reach: float = 0.25) -> float:
    """Volatility `reach` below the money over that at the money, less one, linear between strikes."""
    chosen = (chain.years * 365 >= days[0]) & (chain.years * 365 <= days[1])
    ratios = []
    for years in np.unique(chain.years[chosen]):
        own = chosen & (chain.years == years)
        order = np.argsort(chain.moneyness[own])
        place = chain.moneyness[own][order] / np.sqrt(years)
        heights = np.interp([-reach, 0.0], place, chain.volatility[own][order])
        ratios.append(heights[0] / heights[1] - 1)
    return float(np.mean(ratios))


def at_the_money(chain: Chain, nearest: int = 4) -> tuple[Floats, Floats]:
    """Years and volatility at the money of each expiry: the mean of the options nearest to the money."""
    expiries = np.unique(chain.years)
    found = []
    for years in expiries:
        own = chain.years == years
        order = np.argsort(np.abs(chain.moneyness[own]))[:nearest]
        found.append(chain.volatility[own][order].mean())
    return expiries, np.array(found)


def term_slope(chain: Chain, days: tuple[float, float] = (7, 400)) -> Interval:
    """Elasticity of volatility at the money to time to expiry: zero for a flat term structure."""
    years, volatility = at_the_money(chain)
    chosen = (years * 365 >= days[0]) & (years * 365 <= days[1])
    return line(np.log(years[chosen]), np.log(volatility[chosen]))[1]


def relative_spreads(chain: Chain) -> tuple[Interval, ...]:
    """Median of (ask − bid)/mid by absolute delta; the error is the usual one of a median."""
    found = []
    mid = (chain.bid + chain.ask) / 2
    for low, high in DELTAS:
        chosen = (chain.delta > low) & (chain.delta <= high) & (mid > 0)
        share = (chain.ask - chain.bid)[chosen] / mid[chosen]
        middle, quarter, three = np.quantile(share, [0.5, 0.25, 0.75])
        found.append(around(float(middle), float(1.2533 * (three - quarter) / 1.349 / np.sqrt(len(share)))))
    return tuple(found)


def sizes(chain: Chain, days: tuple[float, float] = (20, 60)) -> tuple[tuple[str, float], ...]:
    """Quantiles of the sizes of quotes that expire so many days ahead; none where they are not known."""
    if chain.size is None:
        return ()
    chosen = (chain.years * 365 >= days[0]) & (chain.years * 365 <= days[1])
    shares = (0.1, 0.25, 0.5, 0.75, 0.9)
    return tuple((f"{share:.0%}", float(np.quantile(chain.size[chosen], share))) for share in shares)
