"""The truth over sessions: what returns over days and months can be, given everything that is known before one.

Theory of operation
-------------------
Variance feeds on returns, so over several sessions no closed form says how likely a rise is. The state before a session
is branched: many futures are drawn by the same recursion that made the past, in pairs of opposite signs, and counted.
Expected returns and variances follow from the state in closed form (`sessions.expected_variance`) and need no drawing.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_ingestion.simulator.core import grid
from data_ingestion.simulator.core.clock import sessions_a_year
from data_ingestion.simulator.core.components import STRESS_BEGINS, STRESS_ENDS, Component, Floats, Mix
from data_ingestion.simulator.core.sessions import Course, World, expected_drift, innovation

PAIRS: Final = 2_000


class Outlook(NamedTuple):
    """Log returns over a horizon of sessions, arrays (names,)."""

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
    horizon: int,
    random: np.random.Generator,
    pairs: int = PAIRS,
) -> Outlook:
    """Returns from before session `number` (its night included) through `horizon` sessions."""
    sums = _returns(world, mix.components, courses, number, horizon, random, pairs)
    returns = grid.mixed(np.moveaxis(sums, 0, -1), mix.places, mix.loadings)
    drift = _expected(world, mix) * horizon
    paired = (returns > 0).reshape(2, pairs, -1).mean(axis=0)
    return Outlook(
        expected_return=drift,
        standard_deviation=np.sqrt(((returns - drift) ** 2).mean(axis=0)),
        probability_up=paired.mean(axis=0),
        probability_error=paired.std(axis=0) / np.sqrt(pairs),
    )


def _expected(world: World, mix: Mix) -> Floats:
    """Log return that every session is expected to bring, (names,)."""
    drift = np.array([expected_drift(world, component.kind) for component in mix.components])
    return grid.mixed(drift, mix.places, mix.loadings)


def _returns(
    world: World,
    components: tuple[Component, ...],
    courses: tuple[Course, ...],
    number: int,
    horizon: int,
    random: np.random.Generator,
    pairs: int,
) -> Floats:
    """Log returns of the components in each future, (components, 2 · pairs), the second half mirrored."""
    a_session = 1 / sessions_a_year(world.hours)
    kinds = [component.kind for component in components]
    (
        fast_spread, fast_half_life, slow_spread, slow_half_life, leverage, slow_leverage, shared_weight, stress,
        jumps, jump_mean, jump_spread, _,
    ) = np.array([kind.value for kind in kinds]).T[..., None]  # fmt: skip
    level = _column([kind.value.level - float(np.log1p(kind.value.jump_variance)) for kind in kinds])
    drift = _column([expected_drift(world, kind) for kind in kinds])
    fast_keep, slow_keep = (2.0 ** (-1 / half_life) for half_life in (fast_half_life, slow_half_life))
    fast_gain, slow_gain = fast_spread * np.sqrt(1 - fast_keep**2), slow_spread * np.sqrt(1 - slow_keep**2)
    fast = _column([float(one.fast[number]) for one in courses])
    slow = _column([float(one.slow[number]) for one in courses])
    stressed: NDArray[np.bool_] = np.array([[bool(courses[0].stressed[number])]])
    total = np.zeros((len(components), 2 * pairs))
    for _ in range(horizon):
        whole, fast_shock, slow_shock, size = (_mirrored(random, len(components), pairs) for _ in range(4))
        shared = shared_weight * slow[:1] + stress * stressed
        deviation = np.sqrt(a_session * np.exp(level + fast + slow + shared))
        jumped = (_shared(random, len(components), pairs) < jumps) * (jump_mean + jump_spread * size)
        total += deviation * (whole + jumped - jumps * jump_mean) + drift
        fast = fast_keep * fast + fast_gain * innovation(leverage, whole, fast_shock)
        slow = slow_keep * slow + slow_gain * innovation(slow_leverage, whole, slow_shock)
        chance = _shared(random, 1, pairs)
        stressed = np.where(stressed, chance >= STRESS_ENDS, chance < STRESS_BEGINS)
    return total


def _column(values: list[float]) -> Floats:
    return np.array(values)[:, None]


def _mirrored(random: np.random.Generator, rows: int, pairs: int) -> Floats:
    half = random.standard_normal((rows, pairs))
    return np.concatenate([half, -half], axis=1)


def _shared(random: np.random.Generator, rows: int, pairs: int) -> NDArray[np.float64]:
    half = random.random((rows, pairs))
    return np.concatenate([half, half], axis=1)
