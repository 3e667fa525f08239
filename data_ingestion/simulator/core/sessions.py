"""The skeleton: what each component does in each session, from the first of the world on.

Theory of operation
-------------------
A session's return is √V·ε + jump + drift, V being the variance at its open. ε is made of the night before (a share GAP
of the variance where the market closes) and of the day. Log-variance moves on with the innovations of the session:
those of its fast part are correlated with ε. Each component draws its numbers by calendar year, so the years before
one are needed to know its state, and nothing else: a course through four decades takes milliseconds.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from data_ingestion.simulator.core.clock import Hours, Session, sessions_a_year
from data_ingestion.simulator.core.components import (
    SLOW_SPREAD,
    STRESS_BEGINS,
    STRESS_ENDS,
    STRESSED_SHARE,
    Component,
    Floats,
    Kind,
)
from data_ingestion.simulator.core.seeding import Stream, generator, number_of

GAP: Final = 0.25
"""Share of a session's variance that falls into the night before it, where the market closes."""
DRIFT: Final = 0.4
"""Log return a year of the market component, in units of its volatility; nobody can foresee more than this of it."""
_NORMALS: Final = 5
_UNIFORMS: Final = 3
MOST_SESSIONS_A_YEAR: Final = 366


class World(NamedTuple):
    """A market, once and for all. `edge` scales everything that can be foreseen: at 0 nothing can."""

    seed: int
    hours: Hours = Hours.ALWAYS
    edge: float = 1.0

    @property
    def gap(self) -> float:
        """Share of a session's variance before its open."""
        return GAP if self.hours is Hours.EXCHANGE else 0.0


class Course(NamedTuple):
    """One component through all sessions, arrays (sessions,)."""

    variance: Floats
    """Of the session's diffusive return, known at the night's start."""
    fast: Floats
    """Parts of log-variance, as they stand before the session."""
    slow: Floats
    stressed: NDArray[np.bool_]
    """Whether the market is."""
    night: Floats
    """Standard normal: the return before the open is √(V·gap) times this."""
    day: Floats
    """Standard normal: the diffusive return of the day is √(V·(1 − gap)) times this."""
    fast_shock: Floats
    """Standard normal: the part of the fast innovation that is not the return."""
    slow_shock: Floats
    jump: Floats
    """Log size; nearly always zero."""
    jump_share: Floats
    """Share of the day's activity that lies before the jump."""
    drift: Floats
    """Log return over the day that the state foretells."""

    def before_open(self, gap: float) -> Floats:
        """Log return of each night."""
        return np.sqrt(self.variance * gap) * self.night

    def of_day(self, gap: float) -> Floats:
        """Log return of each day from open to close."""
        return np.sqrt(self.variance * (1 - gap)) * self.day + self.jump + self.drift


def courses(world: World, components: Sequence[Component], sessions: tuple[Session, ...]) -> tuple[Course, ...]:
    """The courses of components, of which the first is the market, through sessions from the first of the world on."""
    market = course(world, components[0], sessions)
    return (market, *(course(world, component, sessions, market) for component in components[1:]))


def course(world: World, component: Component, sessions: tuple[Session, ...], market: Course | None = None) -> Course:
    """The course of a component, beside the market's unless it is that."""
    dynamics = component.kind.value
    normals, uniforms = _numbers(world.seed, component, sessions)
    night, day, fast_shock, slow_shock, jump_size = normals
    whole = np.sqrt(world.gap) * night + np.sqrt(1 - world.gap) * day
    fast = _before(dynamics.fast, dynamics.fast_spread, innovation(dynamics.leverage, whole, fast_shock))
    slow = _before(dynamics.slow, dynamics.slow_spread, innovation(dynamics.slow_leverage, whole, slow_shock))
    stressed = _regime(uniforms[0]) if market is None else market.stressed
    shared = 0.0 if market is None else dynamics.shared * market.slow
    a_session = 1 / sessions_a_year(world.hours)
    level = dynamics.level - np.log1p(dynamics.jump_variance)
    variance = a_session * np.exp(level + fast + slow + shared + dynamics.stress * stressed)
    deviation = np.sqrt(variance)
    jumped = uniforms[1] < dynamics.jumps
    jump = np.where(jumped, deviation * (dynamics.jump_mean + dynamics.jump_spread * jump_size), 0.0)
    drift = expected_drift(world, component.kind) - dynamics.jumps * dynamics.jump_mean * deviation
    return Course(variance, fast, slow, stressed, night, day, fast_shock, slow_shock, jump, uniforms[2], drift)


def innovation(leverage: float | Floats, whole: Floats, own: Floats) -> Floats:
    """Of a part of log-variance: as much of the session's return as the leverage says, and its own."""
    return np.asarray(leverage * whole + np.sqrt(1 - leverage**2) * own)


def expected_drift(world: World, kind: Kind) -> float:
    """Log return that a component is expected to bring every session."""
    return DRIFT / sessions_a_year(world.hours) if kind is Kind.MARKET else 0.0


def _numbers(seed: int, component: Component, sessions: tuple[Session, ...]) -> tuple[Floats, Floats]:
    """Normals (5, sessions) and uniforms (3, sessions), drawn year by year."""
    years = np.array([session.day.year for session in sessions])
    key = number_of(component.key)
    normals, uniforms = [], []
    for year, count in zip(*np.unique(years, return_counts=True), strict=True):
        random = generator(seed, Stream.SESSIONS, key, int(year))
        normals.append(random.standard_normal((_NORMALS, MOST_SESSIONS_A_YEAR))[:, :count])
        uniforms.append(random.random((_UNIFORMS, MOST_SESSIONS_A_YEAR))[:, :count])
    return np.concatenate(normals, axis=1), np.concatenate(uniforms, axis=1)


def _before(coefficient: float, spread: float, innovations: Floats) -> Floats:
    """An autoregression of stationary deviation `spread`, as it stands before each innovation; it starts at zero."""
    gain = spread * np.sqrt(1 - coefficient**2)
    after = np.asarray(lfilter([gain], [1.0, -coefficient], innovations), dtype=np.float64)
    return np.concatenate([[0.0], after[:-1]])


def _regime(uniforms: Floats) -> NDArray[np.bool_]:
    """The two-state chain; it starts calm."""
    stressed, states = False, []
    for uniform in uniforms.tolist():
        states.append(stressed)
        stressed = uniform >= STRESS_ENDS if stressed else uniform < STRESS_BEGINS
    return np.array(states)


class State(NamedTuple):
    """What the variance of coming sessions follows from; arrays that broadcast."""

    fast: Floats
    """Expected fast and slow log-variance of the next session."""
    slow: Floats
    market_slow: Floats
    """The market's slow one."""
    stressed: Floats
    """1 where the market is stressed now."""


def expected_variance(world: World, component: Component, now: State, ahead: Floats) -> Floats:
    """Expected variance of a session `ahead` ≥ 1 sessions later, jumps included; arguments broadcast."""
    dynamics = component.kind.value
    steps = ahead - 1
    fast, slow, market = dynamics.fast**steps, dynamics.slow**steps, Kind.MARKET.value.slow**steps
    known = fast * now.fast + slow * now.slow + dynamics.shared * market * now.market_slow
    unknown = dynamics.fast_spread**2 * (1 - fast**2) + dynamics.slow_spread**2 * (1 - slow**2)
    unknown = unknown + (dynamics.shared * SLOW_SPREAD) ** 2 * (1 - market**2)
    chance = STRESSED_SHARE + (now.stressed - STRESSED_SHARE) * (1 - STRESS_BEGINS - STRESS_ENDS) ** ahead
    regime = 1 + np.expm1(dynamics.stress) * chance
    return np.asarray(regime * np.exp(dynamics.level + known + unknown / 2) / sessions_a_year(world.hours))
