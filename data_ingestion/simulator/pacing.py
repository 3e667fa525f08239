"""Publishes the simulated market at the speed of the clock, and resumes it where an earlier process stopped.

Theory of operation
-------------------
An event is due at its own time. The loop sends what is due and uses the time until the next event to make later ones
ready, so that making them does not make them late. After a stall it catches up as fast as it can; `t.due` stays the
schedule, so the delay shows in every latency. About once a second everything sent is acknowledged and the time reached
is recorded in the topic `ingestion.progress`. A later process with the same settings resumes after that time and
repeats what was sent but not yet recorded; ids absorb the repetition.
"""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, NamedTuple

from contracts.events import BookUpdated, Event, IngestionProgressed, QuoteReceived, TradeReceived
from contracts.ids import make_id
from contracts.ports import EventSink, Stop
from contracts.stages import DUE, SENT
from data_ingestion.publisher import Publisher
from data_ingestion.simulator.latent import MICROS
from data_ingestion.simulator.market import RateSettings, SimulatedMarket, settings_id

CONTIGUOUS: Final[frozenset[type[Event]]] = frozenset({BookUpdated, QuoteReceived, TradeReceived})
"""Kinds of events whose sequence numbers run on by one for each symbol."""
START_DELAY_US: Final = 2 * MICROS
"""A new run starts this much after its history is made: the producer is then connected and nothing begins late."""
READY_AHEAD_US: Final = 100_000
MADE_AT_ONCE: Final = 32
"""Events made between two looks at the clock: a fraction of a millisecond of work."""
TICK_S: Final = 0.002
RECORD_EVERY_US: Final = MICROS
FLUSH_TIMEOUT_S: Final = 60.0
"""Longer than any restart of the embedded broker: within it the producer retries by itself."""


class Plan(NamedTuple):
    """What to run: all settings of the simulator."""

    seed: int
    rates: RateSettings
    resume_within_us: int

    @property
    def settings_id(self) -> str:
        """Identity of what shapes the events; runs of other settings are not resumed."""
        return settings_id(self.seed, self.rates)


class Outside(NamedTuple):
    """What the loop needs of the world."""

    sink: EventSink
    publisher: Publisher
    stop: Stop
    now: Callable[[], int]
    """Microseconds since the epoch."""


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
    """Start a new run in a moment: its past is published before anything of it is live."""
    now = outside.now()
    market = SimulatedMarket(plan.seed, now + START_DELAY_US, plan.rates)
    for bar in market.history():
        outside.sink.send(bar, {DUE: now, SENT: outside.now()})
    return _record(plan, outside, market, market.run.started_at - 1)


def _pace(plan: Plan, outside: Outside, begun: IngestionProgressed) -> IngestionProgressed:
    """Publish a run from recorded progress on, until asked to stop or too late to catch up; progress at the end."""
    market = SimulatedMarket(plan.seed, begun.started_at, plan.rates)
    events = market.events(after=begun.event_time)
    waiting: deque[Event] = deque()
    recorded_at, recorded, reached = outside.now(), begun.event_time, begun.event_time
    while not outside.stop.is_set() and outside.now() - reached <= plan.resume_within_us:
        now = outside.now()
        while waiting and waiting[0].event_time <= now:
            event = waiting.popleft()
            outside.publisher.publish(event, event.event_time)
            reached = event.event_time - 1  # its neighbour of the same microsecond may not be sent yet
        if now - recorded_at >= RECORD_EVERY_US and reached > recorded:
            recorded, recorded_at = _record(plan, outside, market, reached).event_time, now
        if not waiting or waiting[-1].event_time <= now + READY_AHEAD_US:
            waiting.extend(islice(events, MADE_AT_ONCE))
        else:
            outside.stop.wait(min(TICK_S, (waiting[0].event_time - now) / MICROS))
    return _record(plan, outside, market, reached)


def _record(plan: Plan, outside: Outside, market: SimulatedMarket, reached: int) -> IngestionProgressed:
    """Record, once it is acknowledged, that everything up to `reached` (µs) is in Kafka."""
    outside.sink.flush(FLUSH_TIMEOUT_S)
    now, source = outside.now(), market.run.source
    progress = IngestionProgressed(
        event_id=make_id("IngestionProgressed", source, reached),
        event_time=reached,
        source=source,
        simulated=True,
        seed=plan.seed,
        started_at=market.run.started_at,
        settings_id=plan.settings_id,
    )
    outside.sink.send(progress, {DUE: now, SENT: now})
    return progress
