"""A search for an edge by all usual means: in a market without one it must find nothing.

Theory of operation
-------------------
Each feature alone is a predictor (momentum and reversal are one feature and two signs, which the area tells apart by
the side of one half it lies on). Fitted predictors (logistic regression, boosted stumps) learn on the earlier days and
are judged on the later ones. Every area carries an error clustered by day. Among n predictors, the largest |z| of pure
noise is about √(2 ln n); `surprise` states the chance of one as large.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr

from contracts.errors import BadInput
from data_ingestion.simulator.facts.intervals import Floats
from data_ingestion.simulator.facts.regressions import boosted, logistic
from data_ingestion.simulator.facts.scores import Area, Bools, Ints, area

Fitted = Callable[[Floats], Floats]
LEARNT: Final[dict[str, Callable[[Floats, Bools], Fitted]]] = {
    "logistic regression": lambda features, up: logistic(features, up).fitted,
    "boosted stumps": lambda features, up: boosted(features, up).fitted,
}
TRAINING: Final = 0.5
"""Share of the days that fitted predictors learn from."""
FEWEST_DAYS: Final = 10


class Sample(NamedTuple):
    """What could be known, and what came of it. Rows may be of many names and moments."""

    names: tuple[str, ...]
    features: Floats
    """(rows, features), known at the row's moment."""
    up: Bools
    """Whether the price rose over the horizon; rows without a move are left out."""
    day: Ints
    """The day of the row: rows of one day are dependent, through overlap and through the market."""


class Finding(NamedTuple):
    """One predictor's area."""

    predictor: str
    auc: Area


def search(sample: Sample) -> tuple[Finding, ...]:
    """Every predictor's area on days it has not learnt from."""
    days = np.unique(sample.day)
    if len(days) < FEWEST_DAYS:
        raise BadInput(f"{len(days)} days are too few to tell an edge from chance: give at least {FEWEST_DAYS}")
    alone = [
        Finding(name, area(column, sample.up, sample.day))
        for name, column in zip(sample.names, sample.features.T, strict=True)
    ]
    later = sample.day >= days[int(TRAINING * len(days))]
    learnt = [
        Finding(
            name, area(fit(sample.features[~later], sample.up[~later])(sample.features[later]), sample.up[later],
                       sample.day[later]),
        )
        for name, fit in LEARNT.items()
    ]  # fmt: skip
    return (*alone, *learnt)


def surprise(findings: tuple[Finding, ...]) -> float:
    """Chance that the largest |z| of so many predictors is at least what was found, if there is nothing to find.

    Predictors are taken as independent, which overstates the chance where they are alike.
    """
    largest = max(abs(found.auc.z) for found in findings)
    return float(-np.expm1(len(findings) * np.log1p(-2 * ndtr(-largest))))


def past_returns(log_price: Floats, horizons: tuple[int, ...]) -> tuple[tuple[str, ...], Floats]:
    """Returns over the last so many rows of log prices (rows, names): the features of momentum and reversal.

    (rows, names, horizons); rows without so much of a past are undefined.
    """
    found = np.full((*log_price.shape, len(horizons)), np.nan)
    for place, horizon in enumerate(horizons):
        found[horizon:, :, place] = log_price[horizon:] - log_price[:-horizon]
    return tuple(f"return over {horizon}" for horizon in horizons), found
