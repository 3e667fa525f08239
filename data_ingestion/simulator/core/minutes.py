"""The minutes of sessions: a component's course, filled in so that it adds up to each session's return.

Theory of operation
-------------------
A minute's variance is its share of the day's: that of the time of day, times a factor that wanders over tens
of minutes, scaled to sum to one. The normals behind a day (diffusion, flow, sums of the flow) are first drawn freely;
the day's return is a linear function of them, so shifting them along its gradient by what is missing makes them a draw
from their law given that return (Matheron's rule). The gradient is a backward recursion over the minutes. The parts of
the variance's own innovations are bridges that end at the course's values: at each minute, `revealed` says what is
known of them so far.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from data_ingestion.simulator.core import flow as flows
from data_ingestion.simulator.core.clock import VARIANCE, Session, elapsed, minute_shares
from data_ingestion.simulator.core.components import Component, Floats
from data_ingestion.simulator.core.seeding import Stream, generator, number_of
from data_ingestion.simulator.core.sessions import Course, World

WANDER: Final = 0.35
"""Standard deviation of the log of the wandering factor of variance."""
WANDER_HALF_LIFE: Final = 40.0
"""Minutes."""
_KEEP: Final = 2.0 ** (-1 / WANDER_HALF_LIFE)
_ROWS: Final = 6
"""Normals a minute: wandering factor, flow's end, flow's sum, diffusion, and the two parts of log-variance."""
_ROOT_STEPS: Final = float(np.sqrt(flows.STEPS))


class Minutes(NamedTuple):
    """Sessions of equal length, minute by minute. Arrays (sessions, minutes), or one more where it says ends."""

    share: Floats
    """Of the day's diffusive variance."""
    deviation: Floats
    """Standard deviation of the minute's diffusive log return."""
    diffusion: Floats
    """Standard normal behind the part of the return that nobody can foresee."""
    flow: Floats
    """At the minutes' starts and the last one's end."""
    flow_sum: Floats
    """Over the grid steps of the minute."""
    returns: Floats
    """Log return, jumps and drift included."""
    jump: Floats
    """Log size of jumps in the minute."""
    drift: Floats
    """Foretold log return."""
    fast_revealed: Floats
    """What is known of the fast innovation's own part at each start; the rest has variance 1 − elapsed."""
    slow_revealed: Floats


def minutes(world: World, component: Component, course: Course, sessions: tuple[Session, ...]) -> Minutes:
    """The minutes of some sessions, all of one length, of a course that holds them at their numbers."""
    count = sessions[0].minutes
    places = np.array([session.number for session in sessions])
    first_flow, normals = _numbers(world.seed, component, places, count)
    wander, ends, sums, diffusions, fast, slow = normals.transpose(1, 0, 2)
    lead = flows.LEAD * world.edge
    share = _shares(wander)
    day_variance = course.variance[places] * (1 - world.gap)
    deviation = np.sqrt(day_variance[:, None] * share)
    weight = deviation / _ROOT_STEPS * lead
    later = _backward(flows.KEEP, weight * flows.REACH)
    by_start, by_end = later[:, :1], flows.SUM_BY_FIRST * weight + flows.END_BY_FIRST * _next(later)
    by_sum, by_diffusion = flows.SUM_BY_SECOND * weight, deviation * flows.diffusion(lead)
    drawn = (by_start * first_flow).sum(1) + (by_end * ends + by_sum * sums + by_diffusion * diffusions).sum(1)
    squares = by_start[:, 0] ** 2 + (by_end**2 + by_sum**2 + by_diffusion**2).sum(1)
    wanted = np.sqrt(day_variance) * course.day[places]
    shift = ((wanted - drawn) / squares)[:, None]
    ends, sums = ends + shift * by_end, sums + shift * by_sum
    diffusions = diffusions + shift * by_diffusion
    flow = _forward(flows.KEEP, first_flow + shift * by_start, flows.END_BY_FIRST * ends)
    flow_sum = flows.REACH * flow[:, :-1] + flows.SUM_BY_FIRST * ends + flows.SUM_BY_SECOND * sums
    jump = np.zeros_like(share)
    jumped = np.flatnonzero(course.jump[places])
    jump[jumped, _minute_of(course.jump_share[places[jumped]], count)] = course.jump[places[jumped]]
    drift = course.drift[places][:, None] * minute_shares(count)
    returns = by_diffusion * diffusions + weight * flow_sum + jump + drift
    passed = np.concatenate([np.zeros((len(places), 1)), np.cumsum(share, axis=1)[:, :-1]], axis=1)
    return Minutes(
        share, deviation, diffusions, flow, flow_sum, returns, jump, drift,
        _bridge(fast, share, passed, course.fast_shock[places]),
        _bridge(slow, share, passed, course.slow_shock[places]),
    )  # fmt: skip


def _numbers(seed: int, component: Component, places: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Per session a first flow (sessions, 1) and normals (sessions, _ROWS, minutes)."""
    key, drawn = number_of(component.key), np.empty((len(places), 1 + _ROWS * count))
    for row, place in zip(drawn, places.tolist(), strict=True):
        generator(seed, Stream.MINUTES, key, place).standard_normal(out=row)
    return drawn[:, :1], drawn[:, 1:].reshape(len(places), _ROWS, count)


def _shares(wander: Floats) -> Floats:
    """Shares of the day's variance, (sessions, minutes): they sum to one."""
    count = wander.shape[1]
    gain = WANDER * np.sqrt(1 - _KEEP**2)
    start = np.full((len(wander), 1), 0.0)
    weight = minute_shares(count, VARIANCE) * np.exp(_forward(_KEEP, start, gain * wander)[:, 1:])
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _forward(keep: float, first: Floats, added: Floats) -> Floats:
    """x[0] = first, x[i + 1] = keep·x[i] + added[i]; along the last axis, one longer than `added`."""
    return np.asarray(lfilter([1.0], [1.0, -keep], np.concatenate([first, added], axis=1), axis=1))


def _backward(keep: float, added: Floats) -> Floats:
    """x[i] = added[i] + keep·x[i + 1], from zero after the end."""
    return np.asarray(lfilter([1.0], [1.0, -keep], added[:, ::-1], axis=1)[:, ::-1])


def _next(values: Floats) -> Floats:
    """Each minute's successor; zero after the last."""
    return np.concatenate([values[:, 1:], np.zeros((len(values), 1))], axis=1)


def _minute_of(share: Floats, count: int) -> NDArray[np.int64]:
    """The minute in which a share of the activity is reached."""
    ends = elapsed(np.arange(1, count) / count)
    return np.searchsorted(ends, share, side="right")


def _bridge(normals: Floats, share: Floats, passed: Floats, end: Floats) -> Floats:
    """A Brownian path in the time of variance, at the minutes' starts, that ends at `end` when all of it has passed."""
    steps = np.sqrt(share) * normals
    path = np.cumsum(steps, axis=1) - steps
    return np.asarray(path + passed * (end - steps.sum(axis=1))[:, None])
