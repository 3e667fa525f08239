"""Order flow that leads the price: an Ornstein–Uhlenbeck process on the grid, and what it does minute by minute.

Theory of operation
-------------------
A step of the grid moves a component by σ√dt·(DIFFUSION·z + LEAD·flow); the flow is a first-order autoregression of
variance one. Over a minute the pair (flow at its end, sum of the flow) is Gaussian given the flow at its start, with
constant coefficients, so whole sessions are made minute by minute and the grid of a minute is filled in afterwards,
conditioned on both. LEAD is chosen so that flow and 10 s return correlate by 0.22; DIFFUSION so that the variance of
long sums is one a step.
"""

from typing import Final

import numpy as np

from data_ingestion.simulator.core.clock import MICROS, MINUTE_US
from data_ingestion.simulator.core.components import Floats

GRID_US: Final = 50_000
STEPS: Final = MINUTE_US // GRID_US
STEPS_PER_S: Final = MICROS // GRID_US
LEAD: Final = 0.02
FLOW_HALF_LIFE_S: Final = 10.0


def coefficient(half_life_s: float) -> float:
    """Of the autoregression on the grid."""
    return float(2.0 ** (-GRID_US / MICROS / half_life_s))


FLOW: Final = coefficient(FLOW_HALF_LIFE_S)
GAIN: Final = float(np.sqrt(1 - FLOW**2))


def diffusion(lead: float) -> float:
    """Share of a step that nobody can foresee."""
    return float(np.sqrt(1 - lead**2 * (1 + FLOW) / (1 - FLOW)))


_POWERS: Final[Floats] = np.asarray(FLOW ** np.arange(STEPS), dtype=np.float64)
REACH: Final = float(_POWERS.sum())
"""Expected sum of the flow over a minute that starts with a flow of one."""
KEEP: Final = float(FLOW**STEPS)
"""Expected flow after a minute that starts with a flow of one."""
TO_END: Final[Floats] = GAIN * _POWERS[::-1]
"""Effect of each innovation of the minute on the flow at its end, (STEPS,)."""
TO_SUM: Final[Floats] = GAIN * np.concatenate([np.cumsum(_POWERS[:-1])[::-1], [0.0]])
"""Effect of each innovation on the sum of the flow over the minute's steps."""
_END_END, _END_SUM, _SUM_SUM = (float((a * b).sum()) for a, b in ((TO_END, TO_END), (TO_END, TO_SUM), (TO_SUM, TO_SUM)))
END_BY_FIRST: Final = float(np.sqrt(_END_END))
SUM_BY_FIRST: Final = _END_SUM / END_BY_FIRST
SUM_BY_SECOND: Final = float(np.sqrt(_SUM_SUM - SUM_BY_FIRST**2))
"""(end, sum) = (KEEP, REACH)·flow + (END_BY_FIRST·g, SUM_BY_FIRST·g + SUM_BY_SECOND·h), g and h standard normal."""


def conditioned(innovations: Floats, end: Floats, total: Floats) -> Floats:
    """Innovations (STEPS, …) shifted so that they lead to a given end and sum of the flow, beyond KEEP and REACH."""
    ends, sums = _weighted(TO_END, innovations), _weighted(TO_SUM, innovations)
    missing_end, missing_sum = end - ends, total - sums
    determinant = _END_END * _SUM_SUM - _END_SUM**2
    by_end = (_SUM_SUM * missing_end - _END_SUM * missing_sum) / determinant
    by_sum = (_END_END * missing_sum - _END_SUM * missing_end) / determinant
    shape = (STEPS, *(1,) * (innovations.ndim - 1))
    return np.asarray(innovations + TO_END.reshape(shape) * by_end + TO_SUM.reshape(shape) * by_sum)


def _weighted(weights: Floats, innovations: Floats) -> Floats:
    """Element by element, not as a matrix product: that would round as the machine's library likes."""
    shape = (STEPS, *(1,) * (innovations.ndim - 1))
    return np.asarray((weights.reshape(shape) * innovations).sum(axis=0))
