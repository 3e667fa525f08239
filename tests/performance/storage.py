"""The storage writer with a backlog: Kafka to PostgreSQL as a service of its own, broker and database beside it."""

import random
import signal
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import psutil
import psycopg
from confluent_kafka import Producer

from contracts import stages, wire
from contracts.events import Event, GreeksComputed, OptionQuoteReceived
from contracts.ids import make_id
from contracts.ports import Message
from contracts.topics import BY_EVENT, GREEKS
from storage.influxdb_client.series import Points
from storage.timescaledb_client.partitions import HOUR_US, hour_of
from tests.integration.storage.database import Database
from tests.integration.storage.service import Service
from tests.performance.figures import emit
from tests.streaming_job import running_broker
from tests.waiting import wait_until

QUOTES: Final = 300_000
"""Each with its Greeks."""
SERIES_RECORDS: Final = 50_000
MAX_SERIES_US: Final = 20.0
QUOTES_PER_S: Final = 10_000
MIN_ROWS_PER_S: Final = 60_000.0
MAX_MEMORY_MIB: Final = 300.0
TIMEOUT_S: Final = 300.0
LOOK_EVERY_S: Final = 0.05
NAMES: Final = ("AAPL", "AMZN", "GOOGL", "IWM", "META", "MSFT", "NVDA", "QQQ", "SPY", "TSLA")
TABLES: Final = ("option_quotes", "greeks")
DAY_US: Final = 24 * HOUR_US


def run() -> None:
    """Fill the topics, start the writer, see how soon everything is stored; then the same again over what is there."""
    _series()
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        database = Database(folder / "postgres")
        database.start()
        try:
            with running_broker(folder) as bootstrap:
                filled = _fill(bootstrap, hour_of(time.time_ns() // 1000) - HOUR_US)
                service = Service(folder, bootstrap, database)
                emit("storage.rows", _rate(service, database, filled), "rows/s", MIN_ROWS_PER_S, at_least=True)
                _check(database)
                with database.connect() as connection:
                    connection.execute("DELETE FROM kafka_offsets")
                emit("storage.rows_absorbed", _rate(service, database, filled), "rows/s")
                _check(database)
        finally:
            database.stop()


def _series() -> None:
    """What a record costs that is looked at for time series, drawn or not; a busy minute has 10,000 a second."""
    messages = [
        Message(GREEKS.name, 0, number, event.event_time, wire.encode(event), {stages.DUE: event.event_time})
        for number, event in enumerate(islice(events(DAY_US), SERIES_RECORDS))
        if isinstance(event, GreeksComputed)
    ]
    began = time.process_time()
    Points().lines(messages)
    emit("storage.series", 1e6 * (time.process_time() - began) / len(messages), "µs a record", MAX_SERIES_US)


def _rate(service: Service, database: Database, records: int) -> float:
    """Records a second, from when the writer begins to read until all are stored."""
    service.start()
    writer = psutil.Process(service.pid)
    used, busy = _processor_s(), _busy_s()
    largest = 0
    with database.connect() as connection:
        began = time.perf_counter()
        already = _stored(connection)

        def is_done() -> bool:
            nonlocal largest
            largest = max(largest, writer.memory_info().rss)
            return _stored(connection) == records

        wait_until(is_done, TIMEOUT_S, f"everything is stored; see {service.log}", LOOK_EVERY_S)
        took = time.perf_counter() - began
    ours = {name: seconds - used.get(name, 0.0) for name, seconds in _processor_s().items()}
    others = (_busy_s() - busy - sum(ours.values())) / took
    for name, seconds in ours.items():
        emit(f"storage.processor.{name}", 1e6 * seconds / (records - already), "µs a row")
    emit("storage.processor.others", max(others, 0.0), "cores that other programs took meanwhile")
    emit("storage.memory.max", largest / 2**20, "MiB", MAX_MEMORY_MIB)
    service.end(signal.SIGTERM)
    return (records - already) / took


def _stored(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Records that the database is done with."""
    row = connection.execute("SELECT coalesce(sum(next_offset), 0)::bigint FROM kafka_offsets").fetchone()
    return int(str(row[0])) if row else 0


def _processor_s() -> dict[str, float]:
    """Processor time by program so far, s: what the machine's two cores are shared between."""
    used: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            times, name = process.cpu_times(), process.name()
        except psutil.Error:
            continue
        used[name] = used.get(name, 0.0) + times.user + times.system
    return used


def _busy_s() -> float:
    """Processor time of everything on the machine so far, s."""
    times = psutil.cpu_times()
    return float(times.user + times.system)


def _check(database: Database) -> None:
    """Every row is there, none twice."""
    with database.connect() as connection:
        for table in TABLES:
            row = connection.execute(f"SELECT count(*), count(DISTINCT event_id) FROM {table}").fetchone()  # noqa: S608
            emit(f"storage.{table}.missing_or_double", 0 if row == (QUOTES, QUOTES) else 1, "", 0)


def _fill(bootstrap: str, began: int) -> int:
    """Publish the backlog; how many records it has."""
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": "lz4", "linger.ms": 5})
    count = 0
    for event in events(began):
        headers: list[tuple[str, str | bytes | None]] = [
            ("t.due", b"%d" % event.event_time),
            ("t.sent", b"%d" % event.event_time),
        ]
        topic, key, value = BY_EVENT[type(event)].name, wire.key_of(event), wire.encode(event)
        while True:
            try:
                producer.produce(topic, value, key, headers=headers)
                break
            except BufferError:
                producer.poll(LOOK_EVERY_S)
        count += 1
    producer.flush(TIMEOUT_S)
    return count


def events(began: int) -> Iterator[Event]:
    """Quotes of some hundreds of contracts and their Greeks, as they come in a busy minute."""
    draw = random.Random(1)  # noqa: S311 - a load, not a secret
    contracts = [
        (name, day, right, float(strike))
        for name in NAMES
        for day in (2, 9, 16, 23)
        for right in "CP"
        for strike in range(150, 210, 4)
    ]
    for number in range(QUOTES):
        name, day, right, strike = draw.choice(contracts)
        at = began + number * 1_000_000 // QUOTES_PER_S
        bid = round(draw.uniform(0.05, 20.0), 2)
        quote = OptionQuoteReceived(
            event_id=make_id("quote", number), event_time=at, source="simulator", simulated=True,
            contract=f"{name}2601{day:02d}{right}{int(strike * 1000):08d}", underlying=name,
            expires_at=began + day * DAY_US, strike=strike, right="C" if right == "C" else "P", style="american",
            multiplier=100, bid=bid, ask=round(bid + 0.1, 2), bid_size=draw.randrange(1, 500),
            ask_size=draw.randrange(1, 500), underlying_price=round(draw.gauss(180.0, 3.0), 4),
            underlying_time=at - draw.randrange(300_000), rate=0.0412345678, dividend_yield=0.0051234, sequence=number,
        )  # fmt: skip
        yield quote
        yield GreeksComputed(
            event_id=make_id("greeks", number), event_time=at, source="spark.greeks", simulated=True,
            quote_id=quote.event_id, contract=quote.contract, underlying=name, expires_at=quote.expires_at,
            strike=strike, right=quote.right, method="american_quadratic", reason="ok", bid=bid, ask=quote.ask,
            underlying_price=quote.underlying_price, underlying_time=quote.underlying_time, price=bid + 0.05,
            implied_vol=draw.uniform(0.1, 0.6), delta=draw.uniform(-1.0, 1.0), gamma=draw.random() / 10,
            vega=draw.random(), theta=-draw.random(), rho=draw.random(), vanna=draw.random() / 100,
            volga=draw.random() / 100, charm=-draw.random() / 100, relative_spread=0.1 / (bid + 0.05),
            size_imbalance=draw.uniform(-1.0, 1.0), underlying_age_s=0.15, units="vol_point,day,percent",
        )  # fmt: skip
