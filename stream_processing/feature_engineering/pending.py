"""Events that wait until their second is over.

Theory of operation
-------------------
Events of several topics come in any order between each other. Each waits as a row, and rows are taken in order of their
own time once their second is over, so the order in which they came is forgotten. What came too late for its second is
counted and passed over. That is told by the order of the event's own topic where that is known: it is late if an event
of its topic that came before it lies more than the lateness beyond its second. How batches are cut cannot change this.
The clock tells as well: what comes after it has finished a second is late for that second whatever stood before it.
Where the clock's place among the events is an accident too, it is given last.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

from contracts.events import Event, TimePassed

SECOND_US: Final = 1_000_000
MOST: Final = 200_000
"""Rows of one kind that may wait between batches: minutes of the busiest name. More come only where no clock does."""

R = TypeVar("R", bound=tuple[Any, ...])


def seconds_over(
    events: Iterable[Event], wait: Callable[[Iterable[Event]], None], done: int, lateness_us: int
) -> Iterator[int]:
    """Let events wait; where the seconds end (µs) that the clock finishes among them, beyond those that are done."""
    for is_clock, group in groupby(events, key=_is_time_passed):
        if is_clock:
            until = finished(max(event.event_time for event in group), lateness_us)
            if until > done:
                done = until
                yield until
        else:
            wait(group)


def finished(passed: int, lateness_us: int) -> int:
    """Where the seconds end that are over once so much time has passed (µs)."""
    return (passed - lateness_us) // SECOND_US * SECOND_US


def _is_time_passed(event: Event) -> bool:
    return isinstance(event, TimePassed)


class Waiting(Generic[R]):
    """Rows of one kind: their time (µs), sequence and id come first."""

    def __init__(self, rows: Iterable[R], *, done: int, reached: int = 0, lateness_us: int | None = None) -> None:
        """`done`: where the finished seconds end; `reached`: the latest time of the topic.

        Without a lateness the order of the rows means nothing, for they may be of several partitions.
        """
        self._rows = {row[2]: row for row in rows}
        self._done, self._edge, self._lateness_us = done, 0, lateness_us
        self.reached = 0
        self.late = self.repeated = self.lost = 0
        self._reach(reached)

    def add(self, row: R) -> None:
        """Let a row wait, unless it comes too late or again."""
        at, identity = row[0], row[2]
        if at > self.reached:
            self._reach(at)
        if at < self._edge:
            self.late += 1
        elif identity in self._rows:
            self.repeated += 1
        else:
            self._rows[identity] = row

    def take(self, until: int) -> list[R]:
        """All rows before a moment, in order of time, sequence and id; what comes before it from now on is late."""
        self._done = until
        self._edge = max(self._edge, until)
        taken = sorted(row for row in self._rows.values() if row[0] < until)
        self._rows = {identity: row for identity, row in self._rows.items() if row[0] >= until}
        while len(self._rows) > MOST:
            self._rows.popitem()
            self.lost += 1
        return taken

    def rows(self) -> list[R]:
        """All that wait."""
        return list(self._rows.values())

    def _reach(self, at: int) -> None:
        self.reached = at
        behind = 0 if self._lateness_us is None else at - self._lateness_us
        self._edge = max(self._done, behind - behind % SECOND_US)
