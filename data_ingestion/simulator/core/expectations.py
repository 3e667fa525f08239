"""Variance expected until an expiry, as option prices have it: true expectation plus the premium.

Theory of operation
-------------------
What a component's variance will be follows from its log-variance before the next session, of which a part is known
during this one: the return so far times the leverage, and what is revealed of the own innovations. Expected variance
of each later session is a closed form; an expiry in the middle of a session takes its share of it. Every term is
positive, so total variance rises with time to expiry.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_ingestion.simulator.core.clock import Session, elapsed, sessions_a_year
from data_ingestion.simulator.core.components import Component, Floats
from data_ingestion.simulator.core.minutes import Minutes
from data_ingestion.simulator.core.sessions import Course, World, expected_variance, jump_variance


class Expiry(NamedTuple):
    """Where an expiry lies: in the session `ahead` sessions after this one, at a share of its whole variance."""

    ahead: int
    share: float
    """Of the session with its night; for this very session, of its day."""


def place(world: World, now: Session, later: Session, expires_at: int) -> Expiry:
    """Where an instant (µs) lies in the session that contains it, or before whose open it comes."""
    time = min(max(0.0, (expires_at - later.opens_at) / (later.closes_at - later.opens_at)), 1.0)
    passed = float(elapsed(np.array(time)))
    ahead = later.number - now.number
    return Expiry(ahead, passed if ahead == 0 else world.gap + (1 - world.gap) * passed)


def known_states(world: World, component: Component, course: Course, number: int, filled: Minutes, row: int) -> tuple[
    Floats, Floats, Floats
]:  # fmt: skip
    """Fast and slow log-variance expected for the next session, and the share of the day passed, at each minute."""
    dynamics = component.kind.value
    passed = np.cumsum(filled.share[row]) - filled.share[row]
    day_deviation = np.sqrt(course.variance[number] * (1 - world.gap))
    drawn = filled.returns[row] - filled.jump[row] - filled.drift[row]
    day = (np.cumsum(drawn) - drawn) / day_deviation
    whole = np.sqrt(world.gap) * course.night[number] + np.sqrt(1 - world.gap) * day
    innovation = dynamics.leverage * whole + np.sqrt(1 - dynamics.leverage**2) * filled.fast_revealed[row]
    fast_gain = dynamics.fast_spread * np.sqrt(1 - dynamics.fast**2)
    slow_gain = dynamics.slow_spread * np.sqrt(1 - dynamics.slow**2)
    fast = dynamics.fast * course.fast[number] + fast_gain * innovation
    slow = dynamics.slow * course.slow[number] + slow_gain * filled.slow_revealed[row]
    return fast, slow, passed


def total_variance(
    world: World,
    component: Component,
    course: Course,
    number: int,
    filled: Minutes,
    row: int,
    chosen: NDArray[np.int64],
    expiries: tuple[Expiry, ...],
) -> Floats:
    """Expected variance of the component from each chosen minute's start to each expiry, (minutes, expiries)."""
    fast, slow, passed = (
        values[chosen, None] for values in known_states(world, component, course, number, filled, row)
    )
    farthest = max(1, *(expiry.ahead for expiry in expiries))
    ahead = np.arange(1.0, farthest + 1)
    stressed = course.stressed[number : number + 1].astype(np.float64)
    coming = expected_variance(world, component, fast, slow, stressed, ahead)
    before = np.concatenate([np.zeros((len(chosen), 1)), np.cumsum(coming, axis=1)], axis=1)
    count = filled.share.shape[1]
    time = elapsed(chosen / count)[:, None]
    a_day = course.variance[number] * (1 - world.gap)
    jumps = jump_variance(component.kind) / sessions_a_year(world.hours) * (1 - time)
    rest = a_day * (1 - passed) + jumps
    columns = []
    for expiry in expiries:
        if expiry.ahead == 0:
            columns.append(rest[:, 0] * np.clip((expiry.share - time[:, 0]) / (1 - time[:, 0]), 0.0, 1.0))
        else:
            columns.append(rest[:, 0] + before[:, expiry.ahead - 1] + expiry.share * coming[:, expiry.ahead - 1])
    return np.stack(columns, axis=1) * (1 + component.kind.value.premium)
