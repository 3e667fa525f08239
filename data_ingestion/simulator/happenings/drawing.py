"""Numbers of one use, one key and one year: any year of anything alone, and the same as among others."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

from data_ingestion.simulator.core.seeding import Stream, generator, number_of
from data_ingestion.simulator.happenings.subjects import Floats, Subject

NO_YEAR = 0
MEMORY = 12
"""Quarters after which a latent state has forgotten a shock: exactly, so that three years before one suffice."""
KEEP = 0.85
"""Share of a shock that is left after a quarter, until then."""
_WEIGHTS = KEEP ** np.arange(MEMORY)
WEIGHTS: Floats = _WEIGHTS / np.sqrt((_WEIGHTS**2).sum())


class Use(IntEnum):
    """What the numbers are for."""

    CHARACTER = 0
    EARNINGS = 1
    STATE = 2
    FILINGS = 3
    NEWS = 4
    MACRO = 5
    DIVIDENDS = 6
    SPLITS = 7
    RATES = 8


def random_of(seed: int, use: Use, key: str, year: int) -> np.random.Generator:
    """The generator of one year; `NO_YEAR` for what never changes."""
    return generator(seed, Stream.HAPPENINGS, int(use), number_of(key), year)


def normals(seed: int, use: Use, keys: Sequence[str], years: tuple[int, int], shape: tuple[int, ...]) -> Floats:
    """Standard normals of keys from the first to the last year, (keys, years, *shape)."""
    first, last = years
    drawn = [
        [random_of(seed, use, key, year).standard_normal(shape) for year in range(first, last + 1)] for key in keys
    ]
    return np.array(drawn).reshape(len(keys), last - first + 1, *shape)


def characters(seed: int, subjects: Sequence[Subject], count: int) -> Floats:
    """What sets names apart for ever: `count` standard normals each, (names, count)."""
    return np.array(
        [random_of(seed, Use.CHARACTER, subject.symbol, NO_YEAR).standard_normal(count) for subject in subjects]
    ).reshape(len(subjects), count)


def states(seed: int, keys: Sequence[str], years: tuple[int, int]) -> Floats:
    """A latent state a quarter, standard normal, remembering three years: (keys, quarters)."""
    first, last = years
    shocks = normals(seed, Use.STATE, keys, (first - MEMORY // 4, last), (4,)).reshape(len(keys), -1)
    count = (last - first + 1) * 4
    return sum(
        (WEIGHTS[back] * shocks[:, MEMORY - back : MEMORY - back + count] for back in range(MEMORY)),
        np.zeros((len(keys), count)),
    )
