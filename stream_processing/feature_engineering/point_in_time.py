"""What the slow features share: facts as they became known, and tables of values made of them.

Theory of operation
-------------------
A state is a frozen struct of facts, each with the instant at which it became known (`known_at`, the event's time) and
the id of its event. Facts stand in an order of their own, so a state does not depend on the order of arrival, and a
repeated event changes nothing. Features are asked for at an instant and read only the facts known by then: a state that
has run ahead, because another partition was faster, gives the same bits as one that has not. Old facts are let go, so a
state may run ahead only as far as its module says.

What cannot be said is NaN, never an infinity: a ratio needs a base above zero.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from contracts.events import Event
from stream_processing.feature_engineering.features import Feature

DAY_US: Final = 86_400_000_000
MISSING: Final = math.nan
QUARTER_DAYS: Final = (60, 120)
"""Days between the ends of two quarters that follow each other, at least and at most: fiscal quarters have 12 to 17
weeks.
"""


class Fact(Protocol):
    """What an event stated."""

    @property
    def event_id(self) -> str:
        """The event's."""

    @property
    def known_at(self) -> int:
        """µs since the epoch."""

    def __lt__(self, other: Any, /) -> bool: ...  # noqa: ANN401 - its own kind, which a protocol cannot name


class QuarterFact(Fact, Protocol):
    """What an event stated about a quarter."""

    @property
    def period_ended_at(self) -> int:
        """µs since the epoch."""


F = TypeVar("F", bound=Fact)
Q = TypeVar("Q", bound=QuarterFact)
E = TypeVar("E", bound=Event)
S = TypeVar("S")
V = TypeVar("V")


class Row(NamedTuple, Generic[V]):
    """A feature and how it is made of what is known."""

    feature: Feature
    value: Callable[[V], float]


def catalogue(rows: Iterable[Row[V]]) -> tuple[Feature, ...]:
    """The features of a table."""
    return tuple(row.feature for row in rows)


def evaluated(rows: Iterable[Row[V]], view: V) -> dict[str, float]:
    """The values of a table by name, in its order."""
    return {row.feature.name: finite(row.value(view)) for row in rows}


def inserted(facts: tuple[F, ...], fact: F, most: int) -> tuple[F, ...]:
    """The facts with one more, in order, at most so many of the last; an event already there changes nothing."""
    if any(fact.event_id == known.event_id for known in facts):
        return facts
    return tuple(sorted((*facts, fact)))[-most:]


def known_by(facts: Iterable[F], at: int) -> list[F]:
    """The facts known at an instant, in order."""
    return [fact for fact in facts if fact.known_at <= at]


def quarters(facts: Sequence[Q]) -> list[Q]:
    """The last fact of each quarter, newest quarter first, back to where one is missing.

    `facts` in order of period, then of which holds. A sum over a gap would be taken for that of a year.
    """
    found: list[Q] = []
    for fact in reversed(facts):
        if found and fact.period_ended_at == found[-1].period_ended_at:
            continue
        if found and not _follows(found[-1].period_ended_at, fact.period_ended_at):
            break
        found.append(fact)
    return found


def _follows(later: int, earlier: int) -> bool:
    return QUARTER_DAYS[0] <= (later - earlier) / DAY_US <= QUARTER_DAYS[1]


def finite(value: float) -> float:
    """The value, or NaN for an infinity."""
    return value if math.isfinite(value) else MISSING


def ratio(amount: float, base: float) -> float:
    """Amount over base, missing unless the base is above zero: below it, a sign would mean its opposite.

    >>> ratio(1.0, 4.0), ratio(1.0, 0.0), ratio(1.0, -4.0)
    (0.25, nan, nan)
    """
    return amount / base if base > 0.0 else MISSING


def logarithm(value: float) -> float:
    """Natural logarithm, missing unless the value is above zero."""
    return math.log(value) if value > 0.0 else MISSING


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, missing for none."""
    return sum(values) / len(values) if values else MISSING


def days_between(earlier: int, later: int) -> float:
    """Days from one instant to another, µs."""
    return (later - earlier) / DAY_US


def replayed(
    start: S, update: Callable[[S, E], S], events: Iterable[E], moments: Iterable[int]
) -> Iterator[tuple[int, S]]:
    """The state at each moment: what the events up to it, it included, have made of `start`.

    Events and moments in order of time. This is the batch beside the stream: the same `update`, the same states.
    """
    state, coming = start, iter(events)
    ahead = next(coming, None)
    for moment in moments:
        while ahead is not None and ahead.event_time <= moment:
            state = update(state, ahead)
            ahead = next(coming, None)
        yield moment, state
