"""Four years of what happens to a few simulated names, as events, and checks that all slow features share."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from contracts.events import Event
from data_ingestion.simulator.generic import generic_names
from data_ingestion.simulator.happenings.publishing import published, years_needed
from data_ingestion.simulator.happenings.subjects import subject_of
from data_ingestion.simulator.happenings.tables import happenings
from data_ingestion.simulator.universe import UNIVERSE
from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.point_in_time import DAY_US

SEED = 7
SINCE = 1_609_459_200_000_000
"""2021-01-01."""
CUT_SINCE = SINCE + 2 * 365 * DAY_US
UNTIL = SINCE + 4 * 365 * DAY_US
CUTS = 200
SYMBOLS = ("AAPL", *(f"GEN{number:04d}" for number in range(11)))
Values = Mapping[str, float]
S = TypeVar("S")
E = TypeVar("E", bound=Event)


@lru_cache(maxsize=1)
def all_events() -> tuple[Event, ...]:
    """In order of time."""
    subjects = [subject_of(name) for name in (UNIVERSE[0], *generic_names(SEED, len(SYMBOLS) - 1))]
    happened = happenings(SEED, subjects, *years_needed(SINCE, UNTIL))
    return tuple(published(happened, "simulator-7", SINCE, UNTIL))


def events_of(kinds: tuple[type[Event], ...], symbol: str | None = None) -> list[Any]:
    """Those of some kinds, of one symbol if given."""
    found = [event for event in all_events() if isinstance(event, kinds)]
    return [event for event in found if symbol is None or getattr(event, "symbol", None) == symbol]


def cuts(seed: int) -> list[int]:
    """Random instants of the last two years, in order."""
    return sorted(np.random.default_rng(seed).integers(CUT_SINCE, UNTIL, CUTS).tolist())


def folded(start: S, update: Callable[[S, E], S], events: Sequence[E]) -> S:
    state = start
    for event in events:
        state = update(state, event)
    return state


def shuffled(items: Sequence[E], seed: int) -> list[E]:
    """The items and a third of them again, in any order."""
    mixed = [*items, *items[::3]]
    return [mixed[place] for place in np.random.default_rng(seed).permutation(len(mixed))]


def same(one: Values, other: Values) -> bool:
    """To the bit, missing ones being the same."""
    return list(one) == list(other) and all(
        value == other[name] or (math.isnan(value) and math.isnan(other[name])) for name, value in one.items()
    )


def is_sound(catalogue: Sequence[Feature], values: Values) -> bool:
    """One value a feature, in the catalogue's order, none infinite."""
    return tuple(values) == tuple(feature.name for feature in catalogue) and not any(map(math.isinf, values.values()))


def warm_ups(rows: Sequence[Values]) -> dict[str, int]:
    """Rows before each feature's first value; absent if it has none."""
    found: dict[str, int] = {}
    for place, row in enumerate(rows):
        for name, value in row.items():
            if not math.isnan(value):
                found.setdefault(name, place)
    return found
