"""The whole stack under load: loss, latency, memory, and how soon the first signal is there."""

import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil

from contracts import stages, wire
from contracts.events import IngestionProgressed, SignalIssued
from contracts.topics import BOOKS, GREEKS, OPTION_QUOTES, SIGNALS, TRADES, Topic
from runtime.settings import Simulator
from tests import ledger
from tests.performance import generation
from tests.performance.figures import emit, emit_latency
from tests.stack import Stack, simulated
from tests.waiting import wait_until

OPTION_QUOTES_PER_S: Final = 3_000
QUIET_QUOTES_PER_S: Final = 1
LOOK_EVERY_S: Final = 1.0
READ_BATCH: Final = 5_000
CATCH_UP_TIMEOUT_S: Final = 300.0
MEMORY_EVERY_S: Final = 10.0
CAUGHT_UP_MS: Final = 1_000.0
WARM_UP_S: Final = 60.0
"""After the backlog of the start is worked off, left out of the latencies: the JVM compiles its hot methods."""
TABLES: Final[dict[str, Topic]] = {"option_quotes": OPTION_QUOTES, "trades": TRADES, "books": BOOKS}


def run(seconds: float) -> None:
    """Start the stack as a newcomer does, then again at full load for a while, and print what was seen."""
    generation.run()
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder, Stack(Path(folder), {}) as stack:
        emit("pipeline.ready", time.time() - stack.started_at, "s")
        first = wait_until(lambda: first_signal(stack), 120.0, "a first signal", LOOK_EVERY_S)
        emit("pipeline.first_signal", first - stack.started_at, "s", 60.0)
    load = simulated(OPTION_QUOTES_PER_S)
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder, Stack(Path(folder), load) as stack:
        simulator = stack.settings.api.simulator
        emit("pipeline.caught_up", _wait_until_caught_up(stack) - stack.started_at, "s")
        since = time.time() + WARM_UP_S
        memory_gib = _watch_memory(stack, WARM_UP_S + seconds)
        emit("pipeline.memory_pss.max", memory_gib, "GiB", 8.0)
        loaded = ledger.progress(stack)
        _emit_latencies(stack, int(since * 1e6), loaded.event_time)
        stack.restart(simulated(QUIET_QUOTES_PER_S))
        _emit_loss(stack, simulator, loaded)


def first_signal(stack: Stack) -> float | None:
    """When Kafka appended the first signal, seconds since the epoch."""
    for appended_at, _, value in ledger.records(stack, SIGNALS):
        if isinstance(wire.decode(SIGNALS.name, value), SignalIssued):
            return appended_at / 1e6
    return None


def _wait_until_caught_up(stack: Stack) -> float:
    """When Greeks came out less than a second after their quote was due, seconds since the epoch."""
    source = stack.source([GREEKS], start="latest")

    def caught_up_at() -> float | None:
        ages_ms = [
            _latency_ms(message.appended_at, message.stamps) for message in source.poll(READ_BATCH, LOOK_EVERY_S)
        ]
        return time.time() if ages_ms and max(ages_ms) < CAUGHT_UP_MS else None

    try:
        return wait_until(caught_up_at, CATCH_UP_TIMEOUT_S, "Greeks abreast of the quotes")
    finally:
        source.close()


def _watch_memory(stack: Stack, seconds: float) -> float:
    """Largest proportional set size of the supervisor and all its descendants, GiB."""
    deadline, pause, largest = time.monotonic() + seconds, threading.Event(), 0
    while time.monotonic() < deadline:
        total = 0
        root = psutil.Process(stack.pid)
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        largest = max(largest, total)
        pause.wait(min(MEMORY_EVERY_S, max(0.0, deadline - time.monotonic())))
    return largest / 2**30


def _emit_loss(stack: Stack, simulator: Simulator, made_by: IngestionProgressed) -> None:
    """Ids made again from the seed, in the topics and in the database, up to the last recorded progress."""
    cut = made_by.event_time
    from_seed = ledger.seed_ids(simulator, made_by, cut)
    for table, topic in TABLES.items():
        wanted = from_seed[topic.events[0].__name__]
        ledger.wait_until_held(stack, table, made_by.source, cut, len(wanted))
        in_topic = ledger.topic_ids(stack, topic, made_by.source, cut)
        rows = ledger.table_ids(stack, table, made_by.source, cut)
        emit(f"pipeline.{table}.from_seed", len(wanted), "events")
        emit(f"pipeline.{table}.topic_difference", len(wanted ^ in_topic), "events", 0)
        emit(f"pipeline.{table}.table_difference", len(wanted ^ set(rows)), "events", 0)
        emit(f"pipeline.{table}.doubles", len(rows) - len(set(rows)), "rows", 0)
    quotes = len(from_seed["OptionQuoteReceived"])
    ledger.wait_until_held(stack, "greeks", made_by.source, cut, quotes)
    greeks = ledger.table_ids(stack, "greeks", made_by.source, cut)
    in_topic = ledger.topic_ids(stack, GREEKS, made_by.source, cut)
    emit("pipeline.greeks.missing", quotes - len(set(greeks)), "events", 0)
    emit("pipeline.greeks.table_difference", len(in_topic ^ set(greeks)), "events", 0)
    emit("pipeline.quotes_per_s", quotes / ((cut - made_by.started_at) / 1e6), "1/s")


def _emit_latencies(stack: Stack, since: int, until: int) -> None:
    """Of everything that was due between two moments. Ask before a restart: it repeats results, with their ids."""
    greeks = [
        _latency_ms(appended, stamps)
        for appended, stamps, _ in ledger.records(stack, GREEKS)
        if since <= stamps.get(stages.DUE, 0) < until
    ]
    emit_latency("pipeline.tick_to_greeks", greeks, {"p50": 15.0, "p99": 60.0})
    signals = []
    for appended, stamps, value in ledger.records(stack, SIGNALS):
        event = wire.decode(SIGNALS.name, value)
        has_lineage = isinstance(event, SignalIssued) and event.lineage.tick_ids and event.lineage.prediction_ids
        if has_lineage and since <= stamps.get(stages.DUE, 0) < until:
            signals.append(_latency_ms(appended, stamps))
    emit_latency("pipeline.tick_to_signal", signals, {"p99": 500.0})


def _latency_ms(appended_at: int, stamps: Mapping[str, int]) -> float:
    """From when a tick was due, not from when it was sent: a stalled sender hides nothing."""
    return (appended_at - stamps[stages.DUE]) / 1e3
