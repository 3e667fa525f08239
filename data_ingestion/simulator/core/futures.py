"""The truth over sessions: what returns over days and months can be, given everything that is known before one.

Theory of operation
-------------------
Variance feeds on returns, so over several sessions no closed form says how likely a rise is. The state before a session
is branched: many futures are drawn by the same recursion that made the past, in pairs of opposite signs. In each, the
diffusive return of the horizon's last session and what is scheduled are normal and change nothing else, so the chance
of a rise given the rest is a closed form; the probability is its mean.
Expected returns and variances follow from the state in closed form (`sessions.expected_variance`) and need no drawing.
Every component draws from an address of its own, so that a session can be told alone and a name whatever stands beside
it.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from data_ingestion.simulator.core import grid
from data_ingestion.simulator.core.clock import sessions_a_year
from data_ingestion.simulator.core.components import STRESS_BEGINS, STRESS_ENDS, STRESSED_SHARE, Component, Floats, Mix
from data_ingestion.simulator.core.seeding import Stream, generator, number_of
from data_ingestion.simulator.core.sessions import Course, State, World, expected_drift, expected_variance, innovation

PAIRS: Final = 2_000
_REGIME: Final = "regime"


class Scheduled(NamedTuple):
    """What is known to come beside the components, arrays (sessions, names) of log returns."""

    drift: Floats
    """Foretold return of each coming session."""
    variance: Floats
    """Of its jumps of mean zero."""


class Outlook(NamedTuple):
    """Log returns over horizons of sessions, arrays (horizons, names)."""

    expected_return: Floats
    standard_deviation: Floats
    probability_up: Floats
    probability_error: Floats
    """Standard error of the probability, from the number of futures drawn."""


def outlook(
    world: World,
    mix: Mix,
    courses: tuple[Course, ...],
    number: int,
    horizons: tuple[int, ...],
    scheduled: Scheduled | None = None,
    pairs: int = PAIRS,
) -> Outlook:
    """Returns from before session `number` (its night included) through so many sessions, horizons rising.

    Jumps of what is scheduled are taken for normal: beside all the rest that is near enough for the sign of a return.
    """
    shape, rows = (horizons[-1], len(mix.places)), np.array(horizons) - 1
    known = Scheduled(np.zeros(shape), np.zeros(shape)) if scheduled is None else scheduled
    drift = np.cumsum(known.drift + _expected(world, mix), axis=0)[rows]
    jumps = np.cumsum(known.variance, axis=0)[rows]
    spread = np.sqrt(np.cumsum(variances(world, mix, courses, number, horizons[-1]), axis=0)[rows] + jumps)
    sums, last = _returns(world, mix.components, courses, number, horizons, pairs)
    before = grid.mixed(np.moveaxis(sums, 1, -1), mix.places, mix.loadings) + drift[:, None]
    free = grid.mixed(np.moveaxis(last, 1, -1), mix.places, mix.loadings**2) + jumps[:, None]
    paired = ndtr(before / np.sqrt(free)).reshape(len(horizons), 2, pairs, -1).mean(axis=1)
    return Outlook(drift, spread, paired.mean(axis=1), paired.std(axis=1) / np.sqrt(pairs))


def variances(world: World, mix: Mix, courses: tuple[Course, ...], number: int, sessions: int) -> Floats:
    """Expected variance of each of so many sessions from `number` on, given the state before it, (sessions, names)."""
    ahead = np.arange(1.0, sessions + 1)
    # `expected_variance` knows the regime of the session before; here that of the first one is known.
    regime = STRESSED_SHARE + (float(courses[0].stressed[number]) - STRESSED_SHARE) / (1 - STRESS_BEGINS - STRESS_ENDS)
    found = []
    for component, one in zip(mix.components, courses, strict=True):
        fast, slow, market = (np.array([part[number]]) for part in (one.fast, one.slow, courses[0].slow))
        state = State(fast, slow, market, np.array([regime]))
        found.append(expected_variance(world, component, state, ahead))
    return grid.mixed(np.stack(found, axis=-1), mix.places, mix.loadings**2)


def _expected(world: World, mix: Mix) -> Floats:
    """Log return that every session is expected to bring, (names,)."""
    drift = np.array([expected_drift(world, component.kind) for component in mix.components])
    return grid.mixed(drift, mix.places, mix.loadings)


def _returns(
    world: World,
    components: tuple[Component, ...],
    courses: tuple[Course, ...],
    number: int,
    horizons: tuple[int, ...],
    pairs: int,
) -> tuple[Floats, Floats]:
    """Log returns of the components in each future without their drift and the last session's diffusion, and the
    variance of that; (horizons, components, 2 · pairs) each, the second half mirroring the first.
    """
    a_session = 1 / sessions_a_year(world.hours)
    kinds = [component.kind for component in components]
    (
        fast_spread, fast_half_life, slow_spread, slow_half_life, leverage, slow_leverage, shared_weight, stress,
        jumps, jump_mean, jump_spread, _,
    ) = np.array([kind.value for kind in kinds]).T[..., None]  # fmt: skip
    level = _column([kind.value.level - float(np.log1p(kind.value.jump_variance)) for kind in kinds])
    fast_keep, slow_keep = (2.0 ** (-1 / half_life) for half_life in (fast_half_life, slow_half_life))
    fast_gain, slow_gain = fast_spread * np.sqrt(1 - fast_keep**2), slow_spread * np.sqrt(1 - slow_keep**2)
    fast = _column([float(one.fast[number]) for one in courses])
    slow = _column([float(one.slow[number]) for one in courses])
    stressed: NDArray[np.bool_] = np.array([[bool(courses[0].stressed[number])]])
    own = [generator(world.seed, Stream.TRUTH, number_of(component.key), number) for component in components]
    regime = [generator(world.seed, Stream.TRUTH, number_of(_REGIME), number)]
    total, reached, last = np.zeros((len(components), 2 * pairs)), [], []
    for ahead in range(1, horizons[-1] + 1):
        whole, fast_shock, slow_shock, size = _mirrored(own, 4, pairs).transpose(1, 0, 2)
        shared = shared_weight * slow[:1] + stress * stressed
        deviation = np.sqrt(a_session * np.exp(level + fast + slow + shared))
        jumped = (_shared(own, pairs) < jumps) * (jump_mean + jump_spread * size)
        total += deviation * (jumped - jumps * jump_mean)
        if ahead in horizons:
            reached.append(total.copy())
            last.append(np.broadcast_to(deviation**2, total.shape))
        total += deviation * whole
        fast = fast_keep * fast + fast_gain * innovation(leverage, whole, fast_shock)
        slow = slow_keep * slow + slow_gain * innovation(slow_leverage, whole, slow_shock)
        chance = _shared(regime, pairs)
        stressed = np.where(stressed, chance >= STRESS_ENDS, chance < STRESS_BEGINS)
    return np.stack(reached), np.stack(last)


def _column(values: list[float]) -> Floats:
    return np.array(values)[:, None]


def _mirrored(each: list[np.random.Generator], count: int, pairs: int) -> Floats:
    """Standard normals and their negatives, (generators, count, 2 · pairs)."""
    half = np.stack([random.standard_normal((count, pairs)) for random in each])
    return np.concatenate([half, -half], axis=2)


def _shared(each: list[np.random.Generator], pairs: int) -> Floats:
    """Uniforms, the same for both of a pair, (generators, 2 · pairs)."""
    half = np.stack([random.random(pairs) for random in each])
    return np.concatenate([half, half], axis=1)
