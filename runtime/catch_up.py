"""Reading what a topic already holds: how a service gets its state back before it starts on what is new."""

from collections.abc import Iterator
from typing import Final, Protocol

from contracts import wire
from contracts.errors import PartError, RejectedRecord
from contracts.events import Event
from contracts.ports import EventSource, Position
from runtime import telemetry
from runtime.context import Context

BATCH: Final = 1_000
POLL_TIMEOUT_S: Final = 1.0
SILENCE_LIMIT: Final = 60
"""Polls without a record, a minute of them, while the topic still has some: the broker is gone."""


class BoundedSource(EventSource, Protocol):
    """A source that also knows where its partitions begin, end, and stood at a time."""

    def beginnings(self) -> list[Position]:
        """The oldest record left in each partition."""

    def ends(self) -> list[Position]:
        """The place just after the last record of each partition."""

    def positions_at(self, micros: int) -> list[Position]:
        """The first record of each partition appended at or after a time."""


def read_all(context: Context, source: BoundedSource) -> Iterator[Event]:
    """Every event that the topics hold now, each partition in order; what arrives meanwhile is not waited for."""
    yield from _read(context, source, source.beginnings(), source.ends())


def read_tail(context: Context, source: BoundedSource, tail_s: float) -> Iterator[Event]:
    """The events appended in the last `tail_s` seconds before each topic's last record, however long ago that was."""
    ends = source.ends()
    last = [Position(end.topic, end.partition, end.offset - 1) for end in _filled(source.beginnings(), ends)]
    if not last:
        return
    source.seek([*ends, *last])
    newest = max(appended_at for appended_at, _ in _records(context, source, last, ends))
    yield from _read(context, source, source.positions_at(newest - int(tail_s * 1e6)), ends)


def _read(context: Context, source: BoundedSource, starts: list[Position], ends: list[Position]) -> Iterator[Event]:
    source.seek(starts)
    for _, event in _records(context, source, starts, ends):
        if event is not None:
            yield event


def _records(
    context: Context, source: BoundedSource, starts: list[Position], ends: list[Position]
) -> Iterator[tuple[int, Event | None]]:
    """Append time and event of each record between two sets of places; None for a record that cannot be read."""
    missing = {(end.topic, end.partition): end.offset for end in _filled(starts, ends)}
    silent = 0
    while missing and not context.stop.is_set():
        messages = source.poll(BATCH, POLL_TIMEOUT_S)
        silent = 0 if messages else silent + 1
        if silent > SILENCE_LIMIT:
            raise PartError(f"Kafka stopped answering while {sorted(missing)} were read: check `optionsai status`")
        for message in messages:
            place = (message.topic, message.partition)
            end = missing.get(place)
            if end is None:
                continue
            if message.offset < end:
                yield message.appended_at, _decoded(context, message.topic, message.offset, message.value)
            if message.offset >= end - 1:
                del missing[place]


def _decoded(context: Context, topic: str, offset: int, value: bytes) -> Event | None:
    try:
        return wire.decode(topic, value)
    except RejectedRecord as rejection:
        telemetry.SKIPPED.labels(topic).inc()
        context.log.warning("record_skipped", topic=topic, offset=offset, reason=rejection.reason)
        return None


def _filled(starts: list[Position], ends: list[Position]) -> list[Position]:
    """The ends of those partitions that have anything between start and end."""
    begin = {(start.topic, start.partition): start.offset for start in starts}
    return [end for end in ends if end.offset > begin.get((end.topic, end.partition), 0)]
