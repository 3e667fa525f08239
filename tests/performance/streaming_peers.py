"""How many trades a second one core turns into bars: ours beside Quix Streams and Bytewax, in the same run.

Each system has a broker of its own on one core and another core for itself, and what it starts. It is at work and waits
when a stretch of trades, published in one transaction, becomes visible all at once; a stretch is over when Kafka
appended the last bar that ends in it. The first stretches warm up. Trades come up to 0.8 s late, as all systems allow
for, and event time passes faster than time does. Rates are printed only if all systems made equal bars.

Other work on the machine takes time away from the core, so trades per second of processor time stand beside the rate.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import isclose
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from contracts import wire
from contracts.events import TradeReceived
from contracts.ids import make_id
from contracts.topics import BARS, TRADES, Topic
from data_ingestion.simulator.universe import UNIVERSE
from runtime.embedded import java
from runtime.settings import Spark
from runtime.topics import ensure_topics
from tests.performance.figures import emit, median
from tests.performance.peers import bar_fold, environments
from tests.performance.peers.environments import PeerMissing
from tests.streaming_job import running_broker

MINUTE_S: Final = 60
MINUTES: Final = 2
TRADES_A_SECOND: Final = 2_000
"""In event time: how many trades share a bar, as in the load of the other streaming benchmarks."""
LATEST_MS: Final = 800
TAIL_S: Final = 2
"""A stretch goes on so far beyond its last minute: its bars then end in it."""
WARM_UPS: Final = 2
"""Stretches left out of the figures: Java compiles during them, and for some time after."""
REPETITIONS: Final = 3
STRETCH_TIMEOUT_S: Final = 300.0
ENDING_TIMEOUT_S: Final = 20.0
RATE: Final = "trades/s"
PUBLISHED: Final = Topic(bar_fold.SINK, (), "symbol")
"""Where the peers write."""


class System(NamedTuple):
    """One that makes bars; `module` runs it with a broker's address, a folder and these intervals."""

    name: str
    module: str
    sink: Topic
    intervals_s: tuple[int, ...] = ()


LIVE: Final = System("live", "bars_optionsai", BARS, Spark().bar_intervals_s)
"""Bars of all intervals that run live, with what they say: several times the work of the others."""
MINUTELY: Final = System("minutely", "bars_optionsai", BARS, (1, MINUTE_S))
"""The bars that the peers make and the seconds that ours are made of, still with indicators and provisional bars."""
PEERS: Final = (
    System("quixstreams", "bars_quixstreams", PUBLISHED),
    System("bytewax", "bars_bytewax", PUBLISHED),
)


class Bar(msgspec.Struct, frozen=True):
    """What is compared of a final bar."""

    symbol: str
    opened_at: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    vwap: float
    trade_count: int
    interval_s: int = MINUTE_S
    type: str = "BarClosed"


Bars = dict[tuple[int, str], Bar]


class Timing(NamedTuple):
    """Trades per second: of each repetition, and per second of processor time."""

    rates: Sequence[float]
    per_processor_second: Sequence[float]


def run() -> None:
    """Time every system that runs here, and print what each did if they agree."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:  # one for the broker and one for the system
        print("left out: streaming_peers: it takes two cores", file=sys.stderr)  # noqa: T201
        return
    began_at = (int(time.time()) // MINUTE_S * MINUTE_S - 2 * 3_600) * 1_000_000
    made, timings = dict[str, Bars](), dict[str, Timing]()
    for system in (LIVE, MINUTELY, *PEERS):
        try:
            made[system.name], timings[system.name] = _timed(system, began_at, cores[0], cores[1])
        except PeerMissing as missing:
            if system not in PEERS:
                raise
            print(f"left out: {system.name}: {missing}", file=sys.stderr)  # noqa: T201
    for name, bars in made.items():
        check_equal(made[LIVE.name], bars, name)
    peers = {system.name: timings[system.name] for system in PEERS if system.name in timings}
    for ours in (LIVE, MINUTELY):
        _emit(f"streaming.bars.{ours.name}", timings[ours.name], peers)


def _emit(name: str, ours: Timing, peers: Mapping[str, Timing]) -> None:
    rates = {peer: round(median(timing.rates)) for peer, timing in peers.items()}
    emit(f"{name}.per_core", median(ours.rates), RATE, peers=rates)
    spreads = {peer: round(_spread(timing.rates), 3) for peer, timing in peers.items()}
    emit(f"{name}.per_core.spread", _spread(ours.rates), "of the median", peers=spreads)
    spent = {peer: round(median(timing.per_processor_second)) for peer, timing in peers.items()}
    emit(f"{name}.per_processor_second", median(ours.per_processor_second), "trades", peers=spent)


def _spread(values: Sequence[float]) -> float:
    return (max(values) - min(values)) / median(values)


def check_equal(ours: Bars, theirs: Bars, name: str) -> None:
    """Fail at the first bar that differs; VWAPs are sums of doubles with the peers, of whole numbers with us."""
    assert ours.keys() == theirs.keys(), f"{name} has other bars: {sorted(ours.keys() ^ theirs.keys())[:3]}"
    for place, bar in ours.items():
        other = theirs[place]
        assert msgspec.structs.replace(other, vwap=bar.vwap) == bar, f"{name} differs: {other}, not {bar}"
        assert isclose(bar.vwap, other.vwap, rel_tol=1e-12), f"{name} differs: {other}, not {bar}"


def stretch(began_at: int, number: int) -> Iterator[TradeReceived]:
    """Trades of some minutes from a moment on (µs), in the order of their arrival."""
    count = MINUTES * MINUTE_S * TRADES_A_SECOND
    places = range(number * count, (number + 1) * count)
    apart_us = 1_000_000 // TRADES_A_SECOND
    for place in sorted(places, key=lambda place: place * apart_us + place * 7_907 % LATEST_MS * 1_000):
        name = UNIVERSE[place % len(UNIVERSE)]
        yield TradeReceived(
            event_id=make_id("TradeReceived", "bench", place),
            event_time=began_at + TAIL_S * 1_000_000 + place * apart_us,
            source="bench",
            simulated=True,
            symbol=name.symbol,
            price=name.price + (place * 7_919 % 401 - 200) / 100,
            size=1 + place % 300,
            side=1 if place % 3 else -1,
            sequence=place // len(UNIVERSE),
        )


def _timed(system: System, began_at: int, broker_core: int, core: int) -> tuple[Bars, Timing]:
    """The bars that a system makes of all stretches, and how fast."""
    bars, rates, per_processor_second = Bars(), list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as name, on_core(broker_core):
        folder = Path(name)
        with running_broker(folder) as bootstrap:
            ensure_topics({"bootstrap.servers": bootstrap}, (system.sink,))
            with _running(system, folder, bootstrap, core) as process:
                market = Market(bootstrap, system.sink)
                for number in range(WARM_UPS + REPETITIONS):
                    published = market.publish(stretch(began_at, number))
                    spent_before_s, released_at = _processor_seconds(process), market.release()
                    last_at = market.wait_for(bars, (number + 1) * MINUTES * len(UNIVERSE), process, folder)
                    if number >= WARM_UPS:
                        rates.append(published / (last_at - released_at))
                        per_processor_second.append(published / (_processor_seconds(process) - spent_before_s))
    return bars, Timing(rates, per_processor_second)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This thread, and what it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _running(system: System, folder: Path, bootstrap: str, core: int) -> Iterator[psutil.Popen]:
    """A system at work on one core, in a process group of its own, which is killed in the end."""
    python = environments.locked_environment(system.name) if system in PEERS else sys.executable
    home, state = java.choose(os.environ, folder / "java").home, folder / "state"
    state.mkdir()
    with (folder / "system.log").open("wb") as log, on_core(core):
        process = psutil.Popen(
            [python, "-m", f"tests.performance.peers.{system.module}", bootstrap, str(state),
             *map(str, system.intervals_s)],
            cwd=environments.ROOT,
            env=os.environ | {"PYTHONPATH": str(environments.ROOT), "JAVA_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(ENDING_TIMEOUT_S)


def _processor_seconds(process: psutil.Process) -> float:
    """Of a process and all that it started."""
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True)))


class Market:
    """Trades into a broker, a stretch in a transaction, and bars out of it."""

    def __init__(self, bootstrap: str, sink: Topic) -> None:
        # The broker ends before its clients do, which they would complain about.
        client = {"bootstrap.servers": bootstrap, "log_level": 2}
        a_stretch = {"queue.buffering.max.messages": 1_000_000, "transactional.id": "bench", "linger.ms": 50}
        self._producer = Producer(client | a_stretch)
        self._producer.init_transactions()
        self._consumer = Consumer(client | {"group.id": "bench", "enable.auto.commit": False})
        self._consumer.assign([TopicPartition(sink.name, 0, 0)])

    def publish(self, trades: Iterator[TradeReceived]) -> int:
        """Bring trades to the broker, which shows them to nobody yet; how many they were."""
        self._producer.begin_transaction()
        count = 0
        for trade in trades:
            self._producer.produce(TRADES.name, wire.encode(trade), wire.key_of(trade))
            self._producer.poll(0)
            count += 1
        self._producer.flush(STRETCH_TIMEOUT_S)
        return count

    def release(self) -> float:
        """Show them; the moment before, in seconds since the epoch."""
        moment = time.time()
        self._producer.commit_transaction()
        return moment

    def wait_for(self, bars: Bars, count: int, process: psutil.Popen, folder: Path) -> float:
        """Read until there are so many bars; when the last of them was appended, in seconds since the epoch."""
        decoder, deadline_s, last_ms = msgspec.json.Decoder(Bar), time.monotonic() + STRETCH_TIMEOUT_S, 0
        while len(bars) < count:
            if process.poll() is not None or time.monotonic() > deadline_s:
                log = (folder / "system.log").read_text(errors="replace").strip()
                raise PeerMissing(f"{len(bars)} of {count} bars; its log ends with: {log[-600:]}")
            for message in self._consumer.consume(1_000, 0.2):
                assert message.error() is None, message.error()
                bar = decoder.decode(message.value() or b"")
                place = bar.opened_at, bar.symbol
                if (bar.type, bar.interval_s) == ("BarClosed", MINUTE_S):
                    assert place not in bars, f"twice: {bar}"
                    bars[place], last_ms = bar, max(last_ms, message.timestamp()[1])
        return last_ms / 1e3
