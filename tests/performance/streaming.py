"""The streaming job under load: how long a quote takes to its Greeks, and a bar from its end to what it says.

First the Greeks job has the machine to itself and no checkpoint falls into the run; then every query runs at once, for
as long as is asked for, with the stalls of the checkpoints in the figures.

The generator follows a schedule and stamps each record with the time it was due, so that a stall of whatever part shows
in full. Latencies are taken from Kafka's own append times after the load has ended; nothing reads the results during
it. Kafka's clock shows milliseconds, so a figure is up to one too low.
"""

import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec
import psutil
from confluent_kafka import Producer
from msgspec.structs import replace

from contracts import stages, wire
from contracts.events import BookUpdated, Event, OptionQuoteReceived, TradeReceived
from contracts.topics import (
    BARS,
    BOOKS,
    CLOCK,
    GREEKS,
    INDICATORS,
    MICROSTRUCTURE,
    OPTION_QUOTES,
    SURFACES,
    TOPICS,
    TRADES,
    Topic,
)
from data_ingestion.kafka_producers.idempotent import DEFAULTS
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.passing import second, time_passed
from data_ingestion.simulator.tape import Rates, Tape
from runtime.kafka_source import KafkaSource
from tests.performance import greeks_alone
from tests.performance.figures import emit, emit_latency
from tests.streaming_job import StreamingJob, running_broker

TICK_S: Final = 0.002
DISTINCT: Final = 50_000
WARM_UP_S: Final = 100.0
"""Left out of the figures: Java compiles its hot methods during it, and at the highest rate it takes the job three
quarters of a minute to work off what came meanwhile."""
MAX_CLOCK_STEP_MS: Final = 2.0
"""Latencies compare wall-clock times: if the machine's clock was set meanwhile, they say nothing."""
DRAIN_TIMEOUT_S: Final = 60.0
MAX_RUN_S: Final = 70.0
"""With the warm-up less than one checkpoint interval: the targets are about the flow between two checkpoints. The
benchmark of the whole pipeline has their stalls in it."""
ALONE: Final[tuple[tuple[int, dict[str, float]], ...]] = (
    (3_000, {}),
    (10_000, {"p50": 10.0, "p99": 25.0}),
    (20_000, {"p99": 40.0}),
)
TOGETHER: Final = (10_000, 2_000, 1_000)
"""Option quotes, trades and books a second."""
WARM_UP_TOGETHER_S: Final = 200.0
RAMP_S: Final = 150.0
"""The part of it in which the load grows to its full height, as a market's does: what falls behind while Java compiles
everything at once would be caught up for minutes."""
LATENESS_MS: Final = 1_000.0
COUNTED: Final = {"event_id": b'"%032x"', "sequence": b"%d"}
MOVED: Final = re.compile(rb'"(event_id|sequence|event_time|underlying_time)":("[^"]*"|\d+)')
"""What of an event is another whenever it is published."""
DAY_US: Final = 86_400_000_000
KEPT_WHOLE: Final = tuple(
    topic._replace(retention_mib=32_768) if topic in (GREEKS, MICROSTRUCTURE) else topic for topic in TOPICS
)
"""Results are read when the load is over: ten minutes of Greeks are twice as much as a broker usually keeps of them."""
CLOCK_BEHIND_US: Final = 100_000
"""What was given to the producer so long ago has been acknowledged, or is late by less than what may come late."""
SOURCE: Final = Tape(World(7), Rates(1.0, 1.0), 2026).source
_encoder: Final = msgspec.json.Encoder()
E = TypeVar("E", bound=Event)


class Record(NamedTuple):
    """An encoded event."""

    key: bytes
    value: bytes


class Form(NamedTuple):
    """An encoded event with places for what changes: filling them in costs less than encoding it anew."""

    key: bytes
    text: bytes
    ahead: tuple[int | None, ...]
    """What each place gets: a time so many microseconds after the event's, or its number."""


class Feed(NamedTuple):
    """What is published to a topic, and how often a second."""

    topic: Topic
    rate: int
    supply: Iterator[Record]


class Latency(NamedTuple):
    """Of one result: from due to appended, and the part of it since its market record was appended."""

    total_ms: float
    spark_ms: float


def run(seconds: float) -> None:
    """Run each load, and print what was seen."""
    quotes = [encoded(quote) for quote in simulated(Rates(10_000.0, 0.0), OptionQuoteReceived)]
    for rate, targets in ALONE:
        _run_alone(quotes, rate, targets, WARM_UP_S + min(seconds, MAX_RUN_S))
    _run_together(WARM_UP_TOGETHER_S, seconds)


def _run_alone(quotes: Sequence[Record], rate: int, targets: dict[str, float], seconds: float) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder,
        running_broker(Path(folder)) as bootstrap,
        StreamingJob(Path(folder), bootstrap, {}, greeks_alone.__name__),
    ):
        clock_offset = time.time() - time.perf_counter()
        began = publish(bootstrap, [Feed(OPTION_QUOTES, rate, cycle(quotes))], seconds)
        latencies = read_latencies(bootstrap, GREEKS, began + int(WARM_UP_S * 1e6))
        emit_latency(f"greeks.at_{rate}", [latency.total_ms for latency in latencies], targets)
        emit_latency(f"greeks.at_{rate}.within_spark", [latency.spark_ms for latency in latencies], {})
        step_ms = abs(time.time() - time.perf_counter() - clock_offset) * 1e3
        emit(f"greeks.at_{rate}.clock_step", step_ms, "ms", MAX_CLOCK_STEP_MS)
        emit(f"greeks.at_{rate}.load_average", psutil.getloadavg()[0], "processes")


def _run_together(warm_up_s: float, seconds: float) -> None:
    """Every query at once; nothing may be lost, and memory must not grow."""
    quotes, trades, books = TOGETHER
    name = f"together.at_{quotes}"
    feeds = [
        Feed(OPTION_QUOTES, quotes, fresh(simulated(Rates(10_000.0, 0.0), OptionQuoteReceived))),
        Feed(TRADES, trades, fresh(simulated(Rates(0.0, 0.0, 10.0), TradeReceived))),
        Feed(BOOKS, books, fresh(simulated(Rates(0.0, 10.0), BookUpdated))),
    ]
    with (
        tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder,
        running_broker(Path(folder), KEPT_WHOLE) as bootstrap,
        StreamingJob(Path(folder), bootstrap, {}) as job,
    ):
        job.wait_for_all()
        sampler = Sampler(job, warm_up_s)
        began = publish(bootstrap, feeds, warm_up_s + seconds, RAMP_S, clock())
        sampler.stop()
        since = began + int(warm_up_s * 1e6)
        greeks = [latency.total_ms for latency in read_latencies(bootstrap, GREEKS, since)]
        emit_latency(f"{name}.tick_to_greeks", greeks, {"p50": 20.0, "p99": 150.0})
        emit(f"{name}.greeks_per_quote", len(greeks) / (quotes * seconds), "1", 0.999, at_least=True)
        micro = [latency.total_ms for latency in read_latencies(bootstrap, MICROSTRUCTURE, since)]
        emit_latency(f"{name}.tick_to_microstructure", micro, {})
        for topic in (BARS, INDICATORS):
            ended = [latency.total_ms - LATENESS_MS for latency in read_latencies(bootstrap, topic, since)]
            emit_latency(f"{name}.bar_end_to_{topic.name.partition('.')[2]}", ended, {"p99": 2_000.0})
        shown = [latency.total_ms for latency in read_latencies(bootstrap, SURFACES, since)]
        emit_latency(f"{name}.moment_to_surface", shown, {"p99": 10_000.0})
        first, last = sampler.ends()
        emit(f"{name}.memory", last, "GiB")
        emit(f"{name}.memory_growth", last / first - 1, "of the first after the warm-up", 0.1)


class Sampler:
    """Looks at the job's memory, with all its processes, now and then."""

    EVERY_S: Final = 5.0

    def __init__(self, job: StreamingJob, warm_up_s: float) -> None:
        assert job.process is not None
        self._root = psutil.Process(job.process.pid)
        self._done, self._seen = threading.Event(), list[float]()
        self._thread = threading.Thread(target=self._look, args=(warm_up_s,), daemon=True)
        self._thread.start()

    def _look(self, warm_up_s: float) -> None:
        if self._done.wait(warm_up_s):
            return
        while not self._done.wait(self.EVERY_S):
            total = 0
            for process in (self._root, *self._root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):  # Python workers come and go
                    total += process.memory_full_info().pss
            self._seen.append(total / 2**30)

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()

    def ends(self) -> tuple[float, float]:
        """Mean of the first and of the last fifth, GiB."""
        fifth = max(1, len(self._seen) // 5)
        return sum(self._seen[:fifth]) / fifth, sum(self._seen[-fifth:]) / fifth


def simulated(rates: Rates, kind: type[E]) -> list[E]:
    """Events of the simulated market, to be published again and again."""
    events = Tape(World(7), rates, 2026).events(1_767_225_600_000_000)
    return list(islice((event for event in events if isinstance(event, kind)), DISTINCT))


def encoded(event: Event) -> Record:
    """The event as a record."""
    return Record(wire.key_of(event), _encoder.encode(event))


def fresh(events: Sequence[Event]) -> Iterator[Record]:
    """The same events without end, each as of the moment it is asked for: what has a memory needs time to pass, and
    passes it by its source's clock.

    Contracts expire as many whole days later as the first event does, so that they stay one chain.
    """
    days = (time.time_ns() // 1_000 - events[0].event_time) // DAY_US
    forms = [_form(event, days * DAY_US) for event in events]
    for number, form in enumerate(cycle(forms)):
        now = time.time_ns() // 1_000
        values = tuple(number if ahead is None else now + ahead for ahead in form.ahead)
        yield Record(form.key, form.text % values)


def _form(event: Event, later_us: int) -> Form:
    event = replace(event, source=SOURCE)
    if isinstance(event, OptionQuoteReceived):
        event = replace(event, expires_at=event.expires_at + later_us)
    record, ahead = encoded(event), list[int | None]()

    def place(match: re.Match[bytes]) -> bytes:
        name = match[1].decode()
        ahead.append(None if name in COUNTED else getattr(event, name) - event.event_time)
        return b'"%s":%s' % (match[1], COUNTED.get(name, b"%d"))

    return Form(record.key, MOVED.sub(place, record.value.replace(b"%", b"%%")), tuple(ahead))


def clock() -> Iterator[Sequence[Record]]:
    """Asked again and again, what says how far the events of every name have come: once a second, as ingestion does."""
    told = 0
    while True:
        moment = second(time.time_ns() // 1_000 - CLOCK_BEHIND_US)
        yield [encoded(passed) for passed in time_passed(SOURCE, moment)] if moment > told else ()
        told = moment


def publish(
    bootstrap: str,
    feeds: Sequence[Feed],
    seconds: float,
    ramp_s: float = 0.0,
    passing: Iterable[Sequence[Record]] = (),
) -> int:
    """Publish on schedule; returns when it began, µs since the epoch. What the generator sends late counts as late.

    With a ramp the rates grow to their full height within that time. What tells that time is `passing` goes beside.
    """
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, **DEFAULTS})
    began, clock, sent = time.time_ns() // 1000, time.perf_counter(), [0] * len(feeds)
    tick, told = threading.Event(), iter(passing)
    while (elapsed := time.perf_counter() - clock) < seconds:
        for place, feed in enumerate(feeds):
            wanted = int(_at_full(elapsed, ramp_s) * feed.rate)
            for record in islice(feed.supply, wanted - sent[place]):
                sent[place] += 1
                due = began + int(_since_start(sent[place] / feed.rate, ramp_s) * 1e6)
                headers: dict[str, str | bytes | None] = {stages.DUE: b"%d" % due}
                producer.produce(feed.topic.name, record.value, record.key, headers=headers)
        for record in next(told, ()):
            producer.produce(CLOCK.name, record.value, record.key)
        producer.poll(0)
        tick.wait(TICK_S)
    producer.flush(DRAIN_TIMEOUT_S)
    return began


def _at_full(elapsed: float, ramp_s: float) -> float:
    """How many seconds at the full rate are as much as this time since the start."""
    return elapsed - ramp_s / 2 if elapsed >= ramp_s else elapsed**2 / (2 * ramp_s)


def _since_start(at_full: float, ramp_s: float) -> float:
    """The inverse."""
    return at_full + ramp_s / 2 if at_full >= ramp_s / 2 else (2 * ramp_s * at_full) ** 0.5


def read_latencies(bootstrap: str, topic: Topic, after: int) -> list[Latency]:
    """Latencies of everything in a topic that was due after a time (µs since the epoch)."""
    source = KafkaSource({"bootstrap.servers": bootstrap}, "bench", [topic], "earliest")
    latencies: list[Latency] = []
    while messages := source.poll(5_000, 5.0):
        for message in messages:
            due = message.stamps[stages.DUE]
            if due >= after:
                market = message.stamps.get(stages.MARKET, due)
                latencies.append(Latency((message.appended_at - due) / 1e3, (message.appended_at - market) / 1e3))
    source.close()
    return latencies
