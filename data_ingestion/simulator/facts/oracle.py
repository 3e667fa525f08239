"""References for the short horizon: what can be known from the book over time, by learning and by knowing the law.

Theory of operation
-------------------
What leads the price cannot be seen; the book shows it through noise that comes and goes, some of it within seconds.
The best linear estimate of a hidden autoregression seen through noise is a recursion, a sum of exponentially weighted
averages of what is seen, over a few half-lives. What lasts in the book also leads the price, and the book of a few
seconds later tells it with far less noise than a return does. So the oracle learns in two steps: which averages of all
levels foretell the later lean of those behind the best, and what that says of the return. It is fitted on other days,
states the normal probability of a rise, and reads observables only.

The expected lean of the best levels is left out of the second step. They tell where in its tick the fair price stands,
which foretells the mid and not the fair price, and the truth is that of the fair price: the mid that the oracle is
fitted on would teach it a mistake.

Who knows how books are made, but not the state they are made from, need not learn: the Kalman filter of the pressure,
an autoregression seen through the noise of the levels that nothing else leans, is the best linear estimate of it.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.signal import lfilter

from data_ingestion.simulator.core.clock import MICROS
from data_ingestion.simulator.facts.intervals import Floats
from data_ingestion.simulator.facts.regressions import Linear, least_squares
from data_ingestion.simulator.facts.scores import Ints

HALF_LIVES: Final = (0.0, 1.0, 3.0, 10.0, 30.0)
"""Seconds; zero is the present alone."""
LARGEST: Final = 0.5
"""Lean of a level beyond which the filter takes it for a wall's."""
NEAR: Final = 2
"""Best levels, where what comes and goes within seconds stands."""


def book_features(bid_sizes: Floats, ask_sizes: Floats) -> Floats:
    """What sizes (rows, levels) of two sides tell: the log ratio of each level, (rows, levels)."""
    return np.asarray(np.log(np.maximum(bid_sizes, 1)) - np.log(np.maximum(ask_sizes, 1)))


def recent(times: Ints, features: Floats, moments: Ints, length: int) -> Floats:
    """Mean features of the books within `length` up to each moment; where there are none, of the last one.

    `times` (books,) in order and `moments` in microseconds, features (books, levels). A moment before the first book
    has that book's: it is the only use of what comes later, at the start of a record.
    """
    total = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features, axis=0)])
    end = np.maximum(1, np.searchsorted(times, moments, side="right"))
    begin = np.minimum(np.searchsorted(times, moments - length, side="right"), end - 1)
    return np.asarray((total[end] - total[begin]) / (end - begin)[:, None])


def over_time(features: Floats, step_s: float, half_lives: tuple[float, ...] = HALF_LIVES) -> Floats:
    """Averages of features (rows, k), seen every `step_s` seconds, over each half-life: (rows, k · half-lives)."""
    columns = []
    for half_life in half_lives:
        keep = 2.0 ** (-step_s / half_life) if half_life > 0 else 0.0
        columns.append(lfilter([1 - keep], [1.0, -keep], features, axis=0, zi=keep * features[:1])[0])
    return np.concatenate(columns, axis=1)


class Oracle(NamedTuple):
    """What the book will look like, and what that means for the price."""

    deep: Linear
    """Lean of the levels behind the NEAR best, later, from features."""
    move: Linear
    """The return in units of its usual deviation, from that lean."""

    def probability_up(self, features: Floats) -> Floats:
        """Of a rise over the horizon it was fitted for, (rows,)."""
        return self.move.probability_up(self.deep.fitted(features)[:, None])


def fit(features: Floats, later: Floats, moves: Floats) -> Oracle:
    """The oracle from features (rows, k), the book's features (rows, levels) and the moves (rows,) that came after.

    `moves`: log returns in units of their usual deviation.
    """
    deep = least_squares(features, later[:, NEAR:].mean(axis=1))
    return Oracle(deep, least_squares(deep.fitted(features)[:, None], moves))


def measured(features: Floats, lean: Floats, noise: Floats) -> Floats:
    """The pressure as each book alone tells it, (books,): its levels weighted by what they tell.

    `lean` (levels,): by how much a pressure of one leans each level, zero for levels to be left out; `noise`: the
    standard deviation around that. The error has variance one over the sum of (lean / noise)².
    """
    weight = lean / noise**2
    return np.asarray((np.clip(features / 2, -LARGEST, LARGEST) * weight).sum(axis=1) / (lean * weight).sum())


def filtered(times: Ints, seen: Floats, information: float, half_life_s: float) -> Floats:
    """The pressure as all books up to each tell it, (books,): the Kalman filter of an Ornstein–Uhlenbeck process.

    `times`, in order, in microseconds; `seen`: the pressure with an error of variance 1 / `information`.
    """
    kept = 2.0 ** (-np.diff(times, prepend=times[:1]) / MICROS / half_life_s)
    estimates, estimate, variance = [], 0.0, 1.0
    for keep, value in zip(kept.tolist(), seen.tolist(), strict=True):
        variance = 1 - keep**2 * (1 - variance)
        gain = variance / (variance + 1 / information)
        estimate = keep * estimate + gain * (value - keep * estimate)
        variance *= 1 - gain
        estimates.append(estimate)
    return np.array(estimates)
