"""Variance expected until an expiry, as option prices have it: true expectation plus the premium.

Theory of operation
-------------------
What a component's variance will be follows from its log-variance before the next session, of which a part is known
during this one: the return so far times the leverage, and what is revealed of the own innovations. Expected variance
of each later session is a closed form; an expiry in the middle of a session takes its share of it. Every term is
positive, so total variance rises with time to expiry.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_ingestion.simulator.core.clock import VARIANCE, Session, elapsed
from data_ingestion.simulator.core.components import Component, Floats
from data_ingestion.simulator.core.minutes import Minutes
from data_ingestion.simulator.core.sessions import Course, State, World, expected_variance, innovation


class Expiry(NamedTuple):
    """Where an expiry lies: in the session `ahead` sessions after this one, at a share of its whole variance."""

    ahead: int
    share: float
    """Of the session with its night; for this very session, of its day."""


def place(world: World, now: Session, later: Session, expires_at: int) -> Expiry:
    """Where an instant (µs) lies in the session that contains it, or before whose open it comes."""
    time = min(max(0.0, (expires_at - later.opens_at) / (later.closes_at - later.opens_at)), 1.0)
    passed = float(elapsed(np.array(time), VARIANCE))
    ahead = later.number - now.number
    return Expiry(ahead, passed if ahead == 0 else world.gap + (1 - world.gap) * passed)


def states(
    world: World, components: Sequence[Component], courses: Sequence[Course], number: int, filled: Sequence[Minutes]
) -> list[State]:
    """What is known of each component's coming variance at each minute of a session; the first is the market.

    `filled` holds the session as each component's first row.
    """
    market = _own_state(world, components[0], courses[0], number, filled[0])
    stressed = np.full_like(market[0], courses[0].stressed[number])
    others = [_own_state(world, *each[:2], number, each[2]) for each in zip(components, courses, filled, strict=True)]
    return [State(fast, slow, market[1], stressed) for fast, slow in others]


def _own_state(
    world: World, component: Component, course: Course, number: int, filled: Minutes
) -> tuple[Floats, Floats]:
    """Fast and slow log-variance expected for the next session, at each minute."""
    dynamics = component.kind.value
    day_deviation = np.sqrt(course.variance[number] * (1 - world.gap))
    drawn = filled.returns[0] - filled.jump[0] - filled.drift[0]
    day = (np.cumsum(drawn) - drawn) / day_deviation
    whole = np.sqrt(world.gap) * course.night[number] + np.sqrt(1 - world.gap) * day
    fast_gain = dynamics.fast_spread * np.sqrt(1 - dynamics.fast**2)
    slow_gain = dynamics.slow_spread * np.sqrt(1 - dynamics.slow**2)
    fast = innovation(dynamics.leverage, whole, filled.fast_revealed[0])
    slow = innovation(dynamics.slow_leverage, whole, filled.slow_revealed[0])
    return (
        dynamics.fast * course.fast[number] + fast_gain * fast,
        dynamics.slow * course.slow[number] + slow_gain * slow,
    )


def total_variance(
    world: World,
    component: Component,
    course: Course,
    number: int,
    filled: Minutes,
    known: State,
    chosen: NDArray[np.int64],
    expiries: tuple[Expiry, ...],
) -> Floats:
    """Expected variance of the component from each chosen minute's start to each expiry, (minutes, expiries)."""
    farthest = max(1, *(expiry.ahead for expiry in expiries))
    now = State(*(part[chosen, None] for part in known))
    coming = expected_variance(world, component, now, np.arange(1.0, farthest + 1))
    before = np.concatenate([np.zeros((len(chosen), 1)), np.cumsum(coming, axis=1)], axis=1)
    time = chosen / filled.share.shape[1]
    gone, left = elapsed(time, VARIANCE), 1 - elapsed(time)  # jumps come as activity does
    passed = (np.cumsum(filled.share[0]) - filled.share[0])[chosen]
    whole_day = course.variance[number] * (1 - world.gap)
    rest = whole_day * (1 - passed + component.kind.value.jump_variance * left)
    columns = []
    for expiry in expiries:
        if expiry.ahead == 0:
            columns.append(rest * np.clip((expiry.share - gone) / (1 - gone), 0.0, 1.0))
        else:
            columns.append(rest + before[:, expiry.ahead - 1] + expiry.share * coming[:, expiry.ahead - 1])
    return np.stack(columns, axis=1) * (1 + component.kind.value.premium)
