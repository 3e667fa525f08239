"""Publishes the simulated market at the speed of the clock, and resumes it where an earlier process stopped.

Theory of operation
-------------------
An event is due at its own time, or later where a fault delays it. The loop sends what is due and uses the time until
the next event to make later ones ready, so that making them does not make them late. After a stall it catches up as
fast as it can; `t.due` stays the schedule, so the delay shows in every latency. About once a second everything sent is
acknowledged, readers are told of each name that the last full second has passed, and the time reached is recorded in
the topic `ingestion.progress`. A later process with the same settings resumes after that time and repeats what was sent
but not yet recorded; ids absorb the repetition.

A new run begins with its past: the last bars, and the reports of its session's morning. It begins with the minute it is
started in, so that the first bar is made of all its trades: what that minute held so far is sent at once.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile, islice
from typing import Final, NamedTuple

from contracts.events import BookUpdated, Event, IngestionProgressed, QuoteReceived, TradeReceived
from contracts.ids import make_id
from contracts.ports import EventSink, Stop
from contracts.stages import DUE, SENT
from data_ingestion.publisher import Publisher
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US, year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.faults import REACH_US, Delivery, FaultRates, Injected, faulty
from data_ingestion.simulator.passing import second, time_passed
from data_ingestion.simulator.tape import RateSettings, Tape, settings_id

CONTIGUOUS: Final[frozenset[type[Event]]] = frozenset({BookUpdated, QuoteReceived, TradeReceived})
"""Kinds of events whose sequence numbers run on by one for each symbol."""
READY_AHEAD_US: Final = 100_000
MADE_AT_ONCE: Final = 32
"""Events made between two looks at the clock: a fraction of a millisecond of work."""
LONGEST_WAIT_S: Final = 0.1
"""Progress is recorded while nothing happens, too."""
RECORD_EVERY_US: Final = MICROS
FLUSH_TIMEOUT_S: Final = 60.0
"""Longer than any restart of the embedded broker: within it the producer retries by itself."""


class Plan(NamedTuple):
    """What to run: all settings of the simulator."""

    world: World
    rates: RateSettings
    faults: FaultRates
    resume_within_us: int

    @property
    def settings_id(self) -> str:
        """Identity of what shapes the deliveries; runs of other settings are not resumed."""
        return make_id(settings_id(self.world, self.rates), *map(repr, self.faults))

    def tape(self, moment: int) -> Tape:
        """The market around a moment (µs)."""
        return Tape(self.world, self.rates, year_of(moment))


class Outside(NamedTuple):
    """What the loop needs of the world."""

    sink: EventSink
    publisher: Publisher
    stop: Stop
    now: Callable[[], int]
    """Microseconds since the epoch."""
    note: Callable[[Injected], object]
    """Told of each fault that is put into the stream."""


def run(plan: Plan, outside: Outside, recorded: Iterable[IngestionProgressed], ready: Callable[[], None]) -> None:
    """Publish until asked to stop. `recorded`: what `ingestion.progress` holds; `ready` is called once under way."""
    latest = resumable(plan, recorded, outside.now())
    while not outside.stop.is_set():
        latest = latest or _begin(plan, outside)
        ready()
        latest = resumable(plan, [_pace(plan, outside, latest)], outside.now())


def resumable(plan: Plan, recorded: Iterable[IngestionProgressed], now: int) -> IngestionProgressed | None:
    """The latest progress of a run with these settings, if it is recent enough to go on from."""
    ours = [progress for progress in recorded if progress.settings_id == plan.settings_id]
    latest = max(ours, key=lambda progress: progress.event_time, default=None)
    return latest if latest and now - latest.event_time <= plan.resume_within_us else None


def _begin(plan: Plan, outside: Outside) -> IngestionProgressed:
    """Start a new run: its past is published before anything of it is live."""
    started_at = outside.now() // MINUTE_US * MINUTE_US
    tape = plan.tape(started_at)
    _send(outside, tape.past(started_at))
    return _record(plan, outside, tape.source, started_at, started_at - 1, started_at - 1)


def _pace(plan: Plan, outside: Outside, begun: IngestionProgressed) -> IngestionProgressed:
    """Publish a run from recorded progress on, until asked to stop or too late to catch up; progress at the end."""
    deliveries = _deliveries(plan, outside, begun)
    waiting: deque[Delivery] = deque()
    recorded_at, recorded, reached = outside.now(), begun.event_time, begun.event_time
    while not outside.stop.is_set() and outside.now() - reached <= plan.resume_within_us:
        now = outside.now()
        while waiting and waiting[0].due <= now:
            due, event = waiting.popleft()
            outside.publisher.publish(event, due)
            reached = due - 1  # its neighbour of the same microsecond may not be sent yet
        if waiting:
            reached = max(reached, min(now, waiting[0].due - 1))
        if now - recorded_at >= RECORD_EVERY_US and reached > recorded:
            _record(plan, outside, begun.source, begun.started_at, recorded, reached)
            recorded, recorded_at = reached, now
        if not waiting or waiting[-1].due <= now + READY_AHEAD_US:
            waiting.extend(islice(deliveries, MADE_AT_ONCE))
        else:
            outside.stop.wait(min(LONGEST_WAIT_S, (waiting[0].due - now) / MICROS))
    return _record(plan, outside, begun.source, begun.started_at, recorded, reached)


def _deliveries(plan: Plan, outside: Outside, begun: IngestionProgressed) -> Iterator[Delivery]:
    """What is due after the recorded progress; what was delayed beyond it is found by beginning earlier."""
    tape = plan.tape(outside.now())
    after = max(begun.started_at - 1, begun.event_time - (REACH_US if any(plan.faults) else 0))
    made = faulty(tape.events(after), plan.faults, plan.world.seed, outside.note)
    return dropwhile(lambda delivery: delivery.due <= begun.event_time, made)


def _record(
    plan: Plan, outside: Outside, source: str, started_at: int, before: int, reached: int
) -> IngestionProgressed:
    """Record, once it is acknowledged, that everything due up to `reached` (µs) is in Kafka.

    Readers are told so too, if a full second has passed since `before`, what was recorded last.
    """
    outside.sink.flush(FLUSH_TIMEOUT_S)
    if second(reached) > before:
        _send(outside, time_passed(source, second(reached)))
    progress = IngestionProgressed(
        event_id=make_id("IngestionProgressed", source, reached),
        event_time=reached,
        source=source,
        simulated=True,
        seed=plan.world.seed,
        started_at=started_at,
        settings_id=plan.settings_id,
    )
    _send(outside, [progress])
    return progress


def _send(outside: Outside, events: Iterable[Event]) -> None:
    """Send events of our own, which are due when they are ready."""
    for event in events:
        now = outside.now()
        outside.sink.send(event, {DUE: now, SENT: now})
