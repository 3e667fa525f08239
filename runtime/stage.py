"""The loop of a consume → transform → publish service.

Theory of operation: read a few records, hand each event to a pure handler, publish what it returns, at once. Offsets
are committed only after what was made from them is acknowledged, about once a second: a crash in between makes the
next run do that second again, and because ids are derived from inputs the repeats are recognised. Nothing is lost.
"""

from collections.abc import Iterable
from typing import Final, Protocol

from contracts import stages, wire
from contracts.errors import RejectedRecord
from contracts.events import Event
from contracts.ports import EventSink, EventSource, Message
from runtime import telemetry
from runtime.context import Context

MAX_BATCH: Final = 200
POLL_TIMEOUT_S: Final = 0.2
COMMIT_EVERY_US: Final = 1_000_000
FLUSH_TIMEOUT_S: Final = 60.0
"""Longer than any broker restart: within it the producer retries by itself."""


class Handler(Protocol):
    """A pure stage: one event in, any number out."""

    def handle(self, event: Event, appended_at: int) -> Iterable[Event]:
        """What follows from `event`, which its topic received at `appended_at` (µs)."""


def run_stage(
    context: Context, source: EventSource, sink: EventSink, handler: Handler, *, appended: str, done: str
) -> None:
    """Run until asked to stop. `appended` and `done` are the stage names this service adds to the headers."""
    committed_at = context.now()
    context.ready()
    while not context.stop.is_set():
        for message in source.poll(MAX_BATCH, POLL_TIMEOUT_S):
            _pass_on(context, sink, handler, message, appended, done)
        if context.now() - committed_at >= COMMIT_EVERY_US:
            sink.flush(FLUSH_TIMEOUT_S)
            source.commit()
            committed_at = context.now()
    sink.flush(FLUSH_TIMEOUT_S)
    source.commit()


def _pass_on(context: Context, sink: EventSink, handler: Handler, message: Message, appended: str, done: str) -> None:
    try:
        event = wire.decode(message.topic, message.value)
    except RejectedRecord as rejection:
        telemetry.SKIPPED.labels(message.topic).inc()
        context.log.warning("record_skipped", topic=message.topic, offset=message.offset, reason=rejection.reason)
        return
    telemetry.EVENTS_IN.labels(message.topic).inc()
    for made in handler.handle(event, message.appended_at):
        now = context.now()
        sink.send(made, {**message.stamps, appended: message.appended_at, done: now})
        telemetry.EVENTS_OUT.labels(type(made).__name__).inc()
        if due := message.stamps.get(stages.DUE):
            telemetry.LATENCY.labels(done.removeprefix("t.")).observe((now - due) / 1e6)
