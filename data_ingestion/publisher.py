"""What every source shares on the way to Kafka: each event is judged, stamped, sent and metered."""

from collections.abc import Callable
from typing import Protocol

from contracts.errors import RejectedRecord
from contracts.events import Event
from contracts.ports import EventSink
from contracts.stages import DUE, SENT
from data_ingestion.data_validators.judge import Judge, Verdict, rejected
from data_ingestion.data_validators.odd import Oddity


class Meter(Protocol):
    """Where the publisher's figures go."""

    def sent(self, event: Event, late_us: int) -> None:
        """An event went out, `late_us` microseconds after it was due."""

    def noticed(self, oddity: Oddity) -> None:
        """A published event was odd."""


class Publisher:
    """Publishes the events of one source, in order; a rejected one is replaced by the reason for it."""

    def __init__(self, sink: EventSink, judge: Judge, meter: Meter, now: Callable[[], int]) -> None:
        self._sink, self._judge, self._meter, self._now = sink, judge, meter, now

    def publish(self, event: Event, due: int) -> None:
        """Send an event that was due at `due` (µs since the epoch): its schedule, or its arrival from a provider."""
        now = self._now()
        stamps = {DUE: due, SENT: now}
        verdict = self._judge.judge(event, now)
        try:
            self._sink.send(verdict.event, stamps)
        except RejectedRecord as rejection:
            verdict = Verdict(rejected(event, rejection, now))
            self._sink.send(verdict.event, stamps)
        self._meter.sent(verdict.event, now - due)
        for oddity in verdict.oddities:
            self._meter.noticed(oddity)
