"""One verdict on one event: publish it (and note what is odd), or publish why it was rejected."""

from typing import Final, NamedTuple

import msgspec

from contracts.errors import RejectedRecord
from contracts.events import Event, RecordRejected
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from data_ingestion.data_validators.impossible import refuse_impossible
from data_ingestion.data_validators.odd import Oddity, Sequences, odd_prices, odd_time

TEXT_LIMIT: Final = 4_096
"""Longest text that the contract lets a rejected record keep."""


class Verdict(NamedTuple):
    """The event itself or its `RecordRejected`, and what is odd about a kept one."""

    event: Event
    oddities: tuple[Oddity, ...] = ()


class Judge:
    """Judges the events of one source in the order in which they come."""

    def __init__(self, contiguous: frozenset[type[Event]] = frozenset()) -> None:
        self._sequences = Sequences(contiguous)

    def judge(self, event: Event, now: int) -> Verdict:
        """Verdict on an event at our time `now` (µs since the epoch)."""
        try:
            refuse_impossible(event, now)
        except RejectedRecord as rejection:
            return Verdict(rejected(event, rejection, now))
        found = odd_prices(event), odd_time(event, now), self._sequences.odd(event)
        return Verdict(event, tuple(oddity for oddity in found if oddity))


def rejected(event: Event, rejection: RejectedRecord, now: int) -> RecordRejected:
    """The event that says that `event` was not published, with its content and the reason."""
    return RecordRejected(
        event_id=make_id("RecordRejected", event.source, event.event_id, rejection.reason),
        event_time=now,
        source=event.source,
        simulated=event.simulated,
        topic=BY_EVENT[type(event)].name,
        partition=0,
        offset=getattr(event, "sequence", 0),
        reason=rejection.reason,
        explanation=rejection.explanation[:TEXT_LIMIT],
        record=msgspec.json.encode(event).decode()[:TEXT_LIMIT],
    )
