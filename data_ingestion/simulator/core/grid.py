"""One minute of the market on the grid of 50 ms, filled in between what its session says of the minute."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import ndtr

from data_ingestion.simulator.core import flow as flows
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.flow import STEPS, STEPS_PER_S

DECOY_HALF_LIFE_S: Final = 3.0
_DECOY: Final = flows.coefficient(DECOY_HALF_LIFE_S)
_DECOY_END: Final[Floats] = np.sqrt(1 - _DECOY**2) * _DECOY ** np.arange(STEPS)[::-1]


class Path(NamedTuple):
    """A minute on the grid. Row i is the state i · 50 ms after its start; arrays (STEPS, names)."""

    log_price: Floats
    """Fair price: log dollars."""
    pressure: Floats
    """What leads the price: standard normal over time, half-life 10 s."""
    decoy: Floats
    """Standard normal over time, half-life 3 s; shows in the best levels of the book and moves nothing."""
    habit: Floats
    """Standard normal over time, slow; leans the signs of trades and moves nothing."""
    shock: Floats
    """Standard normal: the part of the step's return, from row i to i + 1, that nobody could foresee."""
    step_deviation: Floats
    """Standard deviation of a step's log return, (names,): constant over the minute."""
    step_drift: Floats
    """Log return of a step that happenings foretell, (names,)."""


class Truth(NamedTuple):
    """What follows from the state for the log return over a horizon; arrays of one shape."""

    expected_return: Floats
    standard_deviation: Floats
    probability_up: Floats


def truth(pressure: Floats, step_deviation: Floats, step_drift: Floats, lead: float, horizon_s: float) -> Truth:
    """Conditional distribution of the log return over the horizon, variance and drift staying what they are.

    Over seconds that is good to one part in ten thousand of the probability's distance from one half.
    """
    steps = round(horizon_s * STEPS_PER_S)
    powers = flows.FLOW ** np.arange(steps)
    later = np.cumsum(powers)[: steps - 1]
    spread = float(
        np.sqrt(flows.diffusion(lead) ** 2 * steps + lead**2 * (1 - flows.FLOW**2) * float((later**2).sum()))
    )
    mean = step_deviation * lead * float(powers.sum()) * pressure + steps * step_drift
    deviation = step_deviation * spread
    return Truth(mean, deviation, ndtr(mean / deviation))


def component_steps(
    shocks: Floats, innovations: Floats, diffusion: Floats, flow: Floats, flow_end: Floats, flow_sum: Floats
) -> tuple[Floats, Floats]:
    """Shocks (STEPS, components) that sum to the minute's, and the flow at each step, given the minute's figures.

    `shocks` and `innovations` are free standard normals (STEPS, components); the rest are (components,).
    """
    root = np.sqrt(STEPS)
    shocks = shocks + (diffusion * root - shocks.sum(axis=0)) / STEPS
    end, total = flow_end - flows.KEEP * flow, flow_sum - flows.REACH * flow
    led = flows.GAIN * flows.conditioned(innovations, end, total)
    return shocks, _from(flows.FLOW, flow, led)


def decoy_steps(innovations: Floats, first: Floats, end: Floats) -> Floats:
    """The decoy on the grid between its values at the minute's start and end, (names,) each."""
    gain = float(np.sqrt(1 - _DECOY**2))
    reached = (_DECOY_END[:, None] * innovations).sum(axis=0)
    missing = end - _DECOY**STEPS * first - reached
    shifted = innovations + _DECOY_END[:, None] * missing / float((_DECOY_END**2).sum())
    return _from(_DECOY, first, gain * shifted)


def between(first: Floats, end: Floats) -> Floats:
    """From one value to the next in equal steps, (STEPS, names)."""
    share = (np.arange(STEPS) / STEPS)[:, None]
    return np.asarray(first + (end - first) * share)


def mixed(components: Floats, places: NDArray[np.int64], weights: Floats) -> Floats:
    """Weighted sums of three components for each name: (…, components) to (…, names). Weights (names, 3)."""
    one, two, three = (components[..., places[:, i]] * weights[:, i] for i in range(3))
    return np.asarray(one + two + three)


def _from(keep: float, first: Floats, added: Floats) -> Floats:
    """x[0] = first, x[i + 1] = keep·x[i] + added[i], as many as `added`; along the first axis."""
    return np.asarray(lfilter([1.0], [1.0, -keep], np.concatenate([first[None], added[:-1]]), axis=0))
