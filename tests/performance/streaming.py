"""The Greeks job by itself under load: how long a quote takes from when it is due to its Greeks standing in Kafka.

The generator follows a schedule and stamps each quote with the time it was due, so that a stall of whatever part shows
in full. Latencies are taken from Kafka's own append times after the load has ended; nothing reads the results during
it. Kafka's clock shows milliseconds, so a figure is up to one too low.
"""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from confluent_kafka import Producer

from contracts import stages, wire
from contracts.events import OptionQuoteReceived
from contracts.topics import GREEKS, OPTION_QUOTES
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from runtime.kafka_source import KafkaSource
from tests.performance.figures import emit, emit_latency
from tests.streaming_job import StreamingJob, running_broker

TICK_S: Final = 0.001
DISTINCT_QUOTES: Final = 50_000
WARM_UP_S: Final = 40.0
"""Left out of the figures: Java compiles its hot methods during it."""
MAX_CLOCK_STEP_MS: Final = 2.0
"""Latencies compare wall-clock times: if the machine's clock was set meanwhile, they say nothing."""
DRAIN_TIMEOUT_S: Final = 60.0
MAX_RUN_S: Final = 70.0
"""With the warm-up less than one checkpoint interval: the targets are about the flow between two checkpoints. The
benchmark of the whole pipeline has their stalls in it."""
LOADS: Final[tuple[tuple[int, dict[str, float]], ...]] = ((3_000, {}), (10_000, {"p50": 10.0, "p99": 25.0}))


class Quote(NamedTuple):
    """An encoded quote."""

    key: bytes
    value: bytes


class Latency(NamedTuple):
    """Of one quote: from due to its Greeks appended, and the part of it since the quote itself was appended."""

    total_ms: float
    spark_ms: float


def run(seconds: float) -> None:
    """Run each load for up to MAX_RUN_S after a warm-up, and print what was seen."""
    quotes = encoded_quotes()
    for rate, targets in LOADS:
        with (
            tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder,
            running_broker(Path(folder)) as bootstrap,
            StreamingJob(Path(folder), bootstrap, {}),
        ):
            clock_offset = time.time() - time.perf_counter()
            began = publish(bootstrap, quotes, rate, WARM_UP_S + min(seconds, MAX_RUN_S))
            latencies = read_latencies(bootstrap, began + int(WARM_UP_S * 1e6))
            emit_latency(f"greeks.at_{rate}", [latency.total_ms for latency in latencies], targets)
            emit_latency(f"greeks.at_{rate}.within_spark", [latency.spark_ms for latency in latencies], {})
            step_ms = abs(time.time() - time.perf_counter() - clock_offset) * 1e3
            emit(f"greeks.at_{rate}.clock_step", step_ms, "ms", MAX_CLOCK_STEP_MS)
            emit(f"greeks.at_{rate}.load_average", psutil.getloadavg()[0], "processes")


def encoded_quotes() -> list[Quote]:
    """Quotes of a simulated chain."""
    events = Tape(World(7), Rates(10_000.0, 0.0), 2026).events(1_767_225_600_000_000)
    quotes = (event for event in events if isinstance(event, OptionQuoteReceived))
    return [Quote(wire.key_of(quote), wire.encode(quote)) for quote in islice(quotes, DISTINCT_QUOTES)]


def publish(bootstrap: str, quotes: Sequence[Quote], rate: int, seconds: float) -> int:
    """Publish on schedule; returns when it began, µs since the epoch. What the generator sends late counts as late."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 0})
    began, clock, sent = time.time_ns() // 1000, time.perf_counter(), 0
    supply: Iterator[Quote] = cycle(quotes)
    tick = threading.Event()
    while (elapsed := time.perf_counter() - clock) < seconds:
        wanted = int(elapsed * rate)
        for quote in islice(supply, wanted - sent):
            sent += 1
            due = str(began + sent * 1_000_000 // rate).encode()
            producer.produce(OPTION_QUOTES.name, quote.value, quote.key, headers=[(stages.DUE, due)])
        producer.poll(0)
        tick.wait(TICK_S)
    producer.flush(DRAIN_TIMEOUT_S)
    return began


def read_latencies(bootstrap: str, after: int) -> list[Latency]:
    """Latencies of every quote due after a time (µs since the epoch)."""
    source = KafkaSource({"bootstrap.servers": bootstrap}, "bench", [GREEKS], "earliest")
    latencies: list[Latency] = []
    while messages := source.poll(5_000, 5.0):
        latencies += [
            Latency((message.appended_at - due) / 1e3, (message.appended_at - message.stamps[stages.MARKET]) / 1e3)
            for message in messages
            if (due := message.stamps[stages.DUE]) >= after
        ]
    source.close()
    return latencies
