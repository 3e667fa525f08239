"""What the market is made of: factors and own parts, each with its variance, and how they are seeded.

Theory of operation
-------------------
A component is a driver of log returns with a long-run variance of one a year. A name is a volatility times a mix of
three of them: the market, its sector and its own. The log-variance of a component is the sum of a fast and a slow
first-order autoregression, one step a session, and of what is shared: the market's slow part and its regime, calm or
stressed. Without that, independent variances would average out in a name, and its volatility would not persist as real
ones do. Part of the innovations is the component's own return: falls raise variance (leverage). In the market nearly
all of them are: what an index of its volatility does in a day is told by what the market did.
"""

from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRESS: Final = 0.4
"""Rise of the market's log-variance in the stressed regime."""
STRESS_BEGINS, STRESS_ENDS = 1 / 500, 1 / 40
"""Probabilities a session of entering and of leaving it."""
SLOW_SPREAD, SLOW_HALF_LIFE = 0.75, 250.0
"""Of the market's slow part, which the other components share."""
STRESSED_SHARE: Final = STRESS_BEGINS / (STRESS_BEGINS + STRESS_ENDS)


class Dynamics(NamedTuple):
    """How the variance of one kind of component moves. Half-lives in sessions, spreads are standard deviations."""

    fast_spread: float
    fast_half_life: float
    slow_spread: float
    slow_half_life: float
    leverage: float
    """Correlation of the fast innovation with the session's return."""
    slow_leverage: float
    """The same of the slow innovation."""
    shared: float
    """Weight of the market's slow part in the log-variance of another component."""
    stress: float
    """Rise of log-variance in the market's stressed regime."""
    jumps: float
    """Expected jumps a session."""
    jump_mean: float
    """In standard deviations of the session; the drift makes up for it."""
    jump_spread: float
    premium: float
    """By how much option prices put the expected variance above the true one, as a share."""

    @property
    def fast(self) -> float:
        """Coefficient of the fast part, one session to the next."""
        return float(2.0 ** (-1 / self.fast_half_life))

    @property
    def slow(self) -> float:
        """Coefficient of the slow part."""
        return float(2.0 ** (-1 / self.slow_half_life))

    @property
    def level(self) -> float:
        """Log-variance a year at which the expected variance is one."""
        stressed = np.log1p(STRESSED_SHARE * np.expm1(self.stress))
        shared = (self.shared * SLOW_SPREAD) ** 2
        return float(-(self.fast_spread**2 + self.slow_spread**2 + shared) / 2 - stressed)

    @property
    def jump_variance(self) -> float:
        """Variance from jumps, relative to the diffusive one."""
        return self.jumps * (self.jump_mean**2 + self.jump_spread**2)


class Kind(Enum):
    """Kinds of components and their dynamics."""

    MARKET = Dynamics(0.50, 9.0, SLOW_SPREAD, SLOW_HALF_LIFE, -0.95, -0.95, 0.0, STRESS, 0.010, -1.5, 2.0, 0.40)
    SECTOR = Dynamics(0.55, 12.0, 0.60, 250.0, -0.30, -0.10, 0.7, 0.7 * STRESS, 0.004, 0.0, 3.0, 0.20)
    OWN = Dynamics(0.70, 12.0, 0.80, 300.0, -0.25, -0.15, 0.7, 0.7 * STRESS, 0.015, 0.0, 4.0, 0.05)


class Component(NamedTuple):
    """One driver. The key says which one it is, to people and to the random numbers."""

    kind: Kind
    key: str


class Mix(NamedTuple):
    """How names are made of components: each (names,), the places (names, 3) into the components."""

    components: tuple[Component, ...]
    places: NDArray[np.int64]
    loadings: Floats
    """(names, 3): annual volatility times the share of each component; their squares sum to the annual variance."""


def mix(volatility: Floats, market: Floats, sector: Floats, sectors: tuple[str, ...], symbols: tuple[str, ...]) -> Mix:
    """The mix of a table of names. Loadings squared on market and sector leave the rest of one to the own part."""
    kinds = sorted(set(sectors))
    components = (
        Component(Kind.MARKET, "market"),
        *(Component(Kind.SECTOR, f"sector {name}") for name in kinds),
        *(Component(Kind.OWN, f"own {symbol}") for symbol in symbols),
    )
    own = 1 + len(kinds) + np.arange(len(symbols))
    places = np.stack([np.zeros_like(own), 1 + np.array([kinds.index(name) for name in sectors]), own], axis=1)
    shares = np.stack([market, sector, np.sqrt(np.maximum(0.0, 1 - market**2 - sector**2))], axis=1)
    return Mix(components, places, volatility[:, None] * shares)
