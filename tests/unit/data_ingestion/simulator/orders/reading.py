"""The oracle of the tests: a reader of books who knows how they are made, but not the state they are made from."""

from typing import Final

import numpy as np

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.flow import FLOW_HALF_LIFE_S
from data_ingestion.simulator.orders.depth import DECOY, INFORMATION, LEAN, NOISE
from data_ingestion.simulator.universe import Ints

LARGEST: Final = 1.0


def measured(bid: Ints, ask: Ints) -> Floats:
    """The pressure as each book alone tells it, from the levels without a decoy, best weighted; (books,)."""
    lean = np.clip(np.log(bid / ask) / 2, -LARGEST, LARGEST)
    weight = np.where(DECOY == 0, LEAN / NOISE**2, 0.0) / INFORMATION
    return np.asarray((lean * weight).sum(axis=1))


def filtered(offset: Ints, seen: Floats) -> Floats:
    """The pressure as all books up to each tell it: the Kalman filter of an Ornstein–Uhlenbeck process."""
    noise, estimate, variance = 1 / INFORMATION, 0.0, 1.0
    kept = 2.0 ** (-np.diff(offset, prepend=offset[:1]) / 1e6 / FLOW_HALF_LIFE_S)
    estimates = []
    for keep, value in zip(kept.tolist(), seen.tolist(), strict=True):
        variance = 1 - keep**2 * (1 - variance)
        gain = variance / (variance + noise)
        estimate = keep * estimate + gain * (value - keep * estimate)
        variance *= 1 - gain
        estimates.append(estimate)
    return np.array(estimates)
