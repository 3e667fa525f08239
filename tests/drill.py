"""The streaming job under faults, beside the same tape in one undisturbed piece.

Theory of operation
-------------------
A recorded stretch of the simulated market goes into a broker, spread out over time, with poison among it. Meanwhile
processes are killed at random moments out of a fixed seed and started again. The reference is the batch over the sound
events alone. What the topics hold at the end must be the rows of the reference, byte by byte: rows may stand there more
than once, for delivery is at least once, but none may be missing, and none be there that the reference has not.

All that is said of the queries is read from their table, so that a new row is drilled as well.
"""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from confluent_kafka import Producer

from contracts import stages, wire
from contracts.events import Event, OpenInterestReported, OptionQuoteReceived, OptionTraded
from contracts.topics import BY_EVENT, CLOCK, Topic
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.publishing import published
from data_ingestion.simulator.passing import told
from data_ingestion.simulator.tape import Rates, Tape
from runtime.kafka_source import KafkaSource
from runtime.supervisor.ports import LOOPBACK
from runtime.supervisor.probes import http_probe
from stream_processing.spark_jobs.batch import SUFFIX
from stream_processing.spark_jobs.queries import QUERIES
from tests.poison import poison_of
from tests.streaming_job import MAX_QUOTED, MODULE, RunningBroker, StreamingJob
from tests.waiting import wait_until

SINKS: Final[tuple[Topic, ...]] = tuple(sink for query in QUERIES for sink in query.sinks)
SOURCES: Final[tuple[Topic, ...]] = tuple(dict.fromkeys(topic for query in QUERIES for topic in query.sources))
RATES: Final = Rates(option_quotes_per_s=20.0, books_per_s=2.0, option_trades_per_s=5.0)
YEAR: Final = 2026
STARTED_AT: Final = 1_767_225_600_000_000
"""2026-01-01, µs since the epoch."""
BEFORE_US: Final = 10 * 86_400_000_000
"""So far back from the start reaches what comes seldom: news, releases, curves."""
START_TIMEOUT_S: Final = 400.0
"""Of a driver that may end by itself on the way, beside the reference."""
REFERENCE_TIMEOUT_S: Final = 600.0
FLUSH_TIMEOUT_S: Final = 120.0
READ_BATCH: Final = 5_000
POISON: Final = b"poison"
"""Key of the records that are no events."""
SLICES_PER_S: Final = 20
QUIET_S: Final = 2.0
"""Nothing more comes if nothing came for so long."""


class Record(NamedTuple):
    """What is published."""

    topic: str
    key: bytes | None
    value: bytes | None


class Plan(NamedTuple):
    """What is done to the job while it is at work."""

    kills: int
    """Of the driver, by SIGKILL: alone or with its virtual machine."""
    bounces: int
    """Of the broker, by SIGKILL; it is started again at once."""
    stretch_s: float
    """Each falls into a stretch of work of this length, at a random moment of it."""
    seed: int


class Outcome(NamedTuple):
    """What the topics hold in the end, and what they were to hold: topic → rows."""

    found: Mapping[str, Counter[bytes]]
    reference: Mapping[str, set[bytes]]
    poison: Counter[str]
    """Topic → records that were no events."""
    own_ends: int
    """Times that the driver ended by itself, and had to be started again."""


def tape(count: int) -> list[Event]:
    """So many events of the live market out of the topics that the queries read, the clock's and what came before them.

    Of the reports on a whole market's contracts those are there that concern a contract which is heard of.
    """
    market = Tape(World(7), RATES, YEAR)
    read = {kind for topic in SOURCES for kind in topic.events}
    live: list[Event] = []
    reported: list[OpenInterestReported] = []
    for event in market.events(STARTED_AT - 1):
        if len(live) == count:
            break
        if isinstance(event, OpenInterestReported):
            reported.append(event)
        elif type(event) in read:
            live.append(event)
    heard_of = {event.contract for event in live if isinstance(event, OptionQuoteReceived | OptionTraded)}
    before = published(market.happened, market.source, STARTED_AT - BEFORE_US, STARTED_AT)
    before += [event for event in reported if event.contract in heard_of]
    return [*(event for event in before if type(event) in read), *told(live, market.source, STARTED_AT, STARTED_AT)]


def poisoned(events: Sequence[Event], seed: int) -> list[Record]:
    """The events as records in their order, with poison for each topic that the queries read at random among them."""
    chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
    found = {type(event): event for event in events}
    sound = [Record(BY_EVENT[type(event)].name, wire.key_of(event), wire.encode(event)) for event in events]
    bad = (Record(topic.name, POISON, value) for topic in SOURCES for value in poison_of(topic, found))
    placed = [*enumerate(sound), *((chance.uniform(0, len(sound)), record) for record in bad)]
    return [record for _, record in sorted(placed, key=itemgetter(0))]


def run(folder: Path, broker: RunningBroker, spark: Mapping[str, Any], events: Sequence[Event], plan: Plan) -> Outcome:
    """Put the job through the plan, beside a broker whose topics are empty; what came of it."""
    records = poisoned(events, plan.seed)
    job = StreamingJob(folder, broker.bootstrap, spark)
    with begun_reference(folder / "reference", spark, events) as reference:
        job.launch()
        try:
            own_ends = _disturb(job, broker, records, plan)
            rows = reference()
            found = outputs(broker.bootstrap, rows, lambda: own_ends.append(keep_at_work(job)))
            for record in records:  # some topics are written by one query and read by another
                found.get(record.topic, Counter()).pop(record.value or b"", None)
        finally:
            job.destroy()
    poison = Counter(record.topic for record in records if record.key == POISON)
    return Outcome(found, rows, poison, sum(own_ends))


@contextmanager
def begun_reference(
    folder: Path, spark: Mapping[str, Any], events: Sequence[Event]
) -> Iterator[Callable[[], dict[str, set[bytes]]]]:
    """Begin the batch over the events beside whatever else is done; yields what waits for its rows by topic."""
    job = StreamingJob(folder, "127.0.0.1:1", spark)
    recorded, made = folder / "events.jsonl", folder / "made"
    recorded.write_bytes(b"".join(wire.encode(event) + b"\n" for event in events))

    def rows() -> dict[str, set[bytes]]:
        assert job.process is not None
        assert job.process.wait(REFERENCE_TIMEOUT_S) == 0, job.log.read_text()[-MAX_QUOTED:]
        return {sink.name: set((made / f"{sink.name}{SUFFIX}").read_bytes().splitlines()) for sink in SINKS}

    try:
        job.launch(sys.executable, "-m", MODULE, "--tape", str(recorded), "--out", str(made))
        yield rows
    finally:
        job.kill()


def _disturb(job: StreamingJob, broker: RunningBroker, records: Sequence[Record], plan: Plan) -> list[int]:
    """Publish everything, with a fault in each stretch but the last; how often the driver ended by itself each time."""
    chance = random.Random(plan.seed)  # noqa: S311 - chance, not secrecy

    def bounce() -> None:
        broker.kill()
        broker.start()

    faults: list[Callable[[], None]] = [bounce] * plan.bounces
    faults += [chance.choice((job.kill, job.destroy)) for _ in range(plan.kills)]
    chance.shuffle(faults)
    share = -(-len(records) // (len(faults) + 1))
    own_ends = [keep_at_work(job)]
    with ThreadPoolExecutor(1) as beside:
        for number, fault in enumerate(faults):
            part = records[number * share : (number + 1) * share]
            published = beside.submit(publish, broker.bootstrap, part, plan.stretch_s)
            threading.Event().wait(chance.uniform(0.0, plan.stretch_s))
            fault()
            if fault is not bounce:
                job.launch()
            own_ends.append(keep_at_work(job))
            published.result()
    publish(broker.bootstrap, records[len(faults) * share :], 0.0)
    return own_ends


def keep_at_work(job: StreamingJob) -> int:
    """Wait until the driver is at work, and start it again if it ends by itself, as a supervisor does; how often."""
    ends = 0

    def is_at_work() -> bool:
        nonlocal ends
        assert job.process is not None
        if job.process.poll() is not None:
            ends += 1
            job.launch()
        return http_probe(LOOPBACK, job.metrics_port) is None

    wait_until(is_at_work, START_TIMEOUT_S, f"the streaming job at work; see {job.log}")
    return ends


def publish(bootstrap: str, records: Sequence[Record], over_s: float) -> None:
    """Publish evenly over a time; each record is there once and in its order, whatever becomes of the broker."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 0})
    slices = max(1, round(over_s * SLICES_PER_S))
    share = -(-len(records) // slices)
    began = time.monotonic()
    pause, before = threading.Event(), ""
    for number in range(slices):
        for record in records[number * share : (number + 1) * share]:
            if record.topic == CLOCK.name and before != CLOCK.name:  # it says that everything before is there
                assert producer.flush(FLUSH_TIMEOUT_S) == 0
            before = record.topic
            headers: list[tuple[str, str | bytes | None]] = [(stages.DUE, str(time.time_ns() // 1000).encode())]
            producer.produce(record.topic, record.value, record.key, headers=headers)
        producer.poll(0)
        pause.wait(max(0.0, began + (number + 1) / SLICES_PER_S - time.monotonic()))
    assert producer.flush(FLUSH_TIMEOUT_S) == 0


def outputs(
    bootstrap: str, wanted: Mapping[str, set[bytes]], meanwhile: Callable[[], object], timeout_s: float = 300.0
) -> dict[str, Counter[bytes]]:
    """How often the topics hold which rows, once they hold all that is wanted and nothing more comes."""
    found: dict[str, Counter[bytes]] = {name: Counter() for name in wanted}
    missing = {name: set(rows) for name, rows in wanted.items()}

    with closing(KafkaSource({"bootstrap.servers": bootstrap}, "drill", SINKS, "earliest")) as source:

        def read() -> int:
            messages = source.poll(READ_BATCH, QUIET_S)
            for message in messages:
                found[message.topic][message.value] += 1
                missing[message.topic].discard(message.value)
            return len(messages)

        def is_complete() -> bool:
            if not read():
                meanwhile()
            return not any(missing.values())

        with suppress(AssertionError):  # what is missing is the caller's to see
            wait_until(is_complete, timeout_s, "all rows")
        while read():
            pass
    return found
