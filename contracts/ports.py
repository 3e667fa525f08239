"""Ports: what stages need from the outside world, as protocols. Adapters live at the edges; `runtime` wires them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.events import Event

Stamps = Mapping[str, int]
"""Stage name (`contracts.stages`) → microseconds since the epoch."""


class Message(NamedTuple):
    """One record as it stands in a topic. `appended_at` is the broker's time in microseconds (millisecond steps)."""

    topic: str
    partition: int
    offset: int
    appended_at: int
    value: bytes
    stamps: Stamps


class Position(NamedTuple):
    """A place in a topic: the next offset to read."""

    topic: str
    partition: int
    offset: int


class EventSink(Protocol):
    """Publishes events. Delivery is at least once; `send` may return before the broker has the event."""

    def send(self, event: Event, stamps: Stamps) -> None:
        """Queue one event for its topic; blocks while the queue is full, raises `RejectedRecord` if it is illegal."""

    def flush(self, timeout_s: float) -> None:
        """Return once everything sent is acknowledged; `PartError` if that takes longer than the limit."""


class EventSource(Protocol):
    """Reads records of the topics it was opened for, each partition in order."""

    def poll(self, max_messages: int, timeout_s: float) -> Sequence[Message]:
        """Up to `max_messages` records, as soon as there are any; empty after the timeout."""

    def commit(self) -> None:
        """Remember that everything polled so far is done with; the next run starts after it."""

    def seek(self, positions: Iterable[Position]) -> None:
        """Read on from these places."""

    def close(self) -> None:
        """Leave; the position stays where it was last committed."""


class Stop(Protocol):
    """A request to stop that loops look at (`threading.Event` is one)."""

    def is_set(self) -> bool:
        """Whether to stop now."""

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until asked to stop or the timeout, whichever is first."""
