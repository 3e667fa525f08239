"""The reader on a real server: filters, limits, lineage, chains, and a server that comes and goes."""

import threading
from collections.abc import Iterator

import pytest

from contracts import stages
from contracts.errors import PartError
from contracts.events import (
    BarClosed,
    BookUpdated,
    Event,
    GreeksComputed,
    Lineage,
    MicrostructureComputed,
    PredictionMade,
    SignalIssued,
)
from contracts.ids import make_id
from contracts.ports import Position
from contracts.topics import SIGNALS
from storage.timescaledb_client import reader as reader_module
from storage.timescaledb_client.reader import CHAIN_REACH_US, MAX_ROWS, Reader
from storage.timescaledb_client.rows import PACKERS
from storage.timescaledb_client.schema import BY_NAME, StageTimes, table_of
from storage.timescaledb_client.store import Slice, Store
from tests.integration.storage.database import Database
from tests.unit.storage.market import BEGAN, KEPT, SECOND, option_quote, signal, trade
from tests.waiting import wait_until

HOUR = 3_600 * SECOND


@pytest.fixture
def reader(database: Database) -> Iterator[Reader]:
    with Reader(lambda: database.dsn, pool_size=2) as opened:
        yield opened


def fill(database: Database, *records: Event | StageTimes, positions: tuple[Position, ...] = ()) -> None:
    made = Slice()
    for record in records:
        made.add(table_of(record).name, record.event_time, PACKERS[type(record)].to_row(record))
    store = Store.open(database.dsn, KEPT)
    store.write(made, positions)
    store.close()


def times_of(issued: SignalIssued) -> StageTimes:
    return StageTimes(event_id=issued.event_id, event_time=issued.event_time, stages={stages.DUE: 1, stages.SENT: 2})


def greeks(contract: str, at: int, *, underlying: str = "AAPL") -> GreeksComputed:
    return GreeksComputed(
        event_id=make_id(contract, at), event_time=at, source="spark", simulated=True, quote_id=make_id("q", at),
        contract=contract, underlying=underlying, expires_at=at + HOUR, strike=100.0, right="C", method="m",
        reason="no_bid", bid=0.0, ask=1.0, underlying_price=100.0, underlying_time=at,
    )  # fmt: skip


def failure_of(reader: Reader) -> PartError | None:
    """A killed server's sessions live on for a moment, so the first questions may still be answered."""
    try:
        reader.newest_signals()
    except PartError as error:
        return error
    return None


def bar(number: int, *, interval_s: int = 60) -> BarClosed:
    at = BEGAN + number * interval_s * SECOND
    return BarClosed(
        event_id=make_id("bar", number, interval_s), event_time=at, source="spark", simulated=True, symbol="AAPL",
        interval_s=interval_s, opened_at=at - interval_s * SECOND, open=1.0, high=2.0, low=0.5, close=1.5, volume=10,
        vwap=1.2, trade_count=3,
    )  # fmt: skip


def test_signals_come_newest_first_and_filtered(database: Database, reader: Reader) -> None:
    issued = [
        signal(n, symbol="AAPL" if n % 2 else "MSFT", action="Buy" if n % 3 else "Hold") for n in range(12)
    ]  # fmt: skip
    fill(database, *issued)
    newest = issued[::-1]
    assert [s.signal for s in reader.newest_signals()] == newest
    assert [s.signal for s in reader.newest_signals(limit=2)] == newest[:2]
    assert [s.signal for s in reader.newest_signals(symbols=["AAPL"])] == [s for s in newest if s.symbol == "AAPL"]
    assert [s.signal for s in reader.newest_signals(actions=["Hold"])] == [s for s in newest if s.action == "Hold"]
    assert [s.signal for s in reader.newest_signals(since=BEGAN + 9 * SECOND)] == newest[:3]
    both = reader.newest_signals(symbols=["MSFT", "AAPL"], actions=["Buy"], since=BEGAN + 6 * SECOND)
    assert [s.signal for s in both] == [s for s in newest[:6] if s.action == "Buy"]


def test_a_replay_pages_through_all_signals_once_even_within_one_instant(database: Database, reader: Reader) -> None:
    issued = [signal(n) for n in range(5)]
    at_once = [type(s)(**{f: getattr(s, f) for f in s.__struct_fields__} | {"event_time": BEGAN}) for s in issued]
    fill(database, *at_once, signal(5))
    expected = [*sorted(at_once, key=lambda s: s.event_id), signal(5)]
    seen: list[SignalIssued] = []
    after = (BEGAN, "")
    while page := reader.oldest_signals(after, limit=2):
        seen += [stored.signal for stored in page]
        after = (seen[-1].event_time, seen[-1].event_id)
    assert seen == expected
    assert reader.oldest_signals((BEGAN, ""), symbols=["NONE"]) == []


def test_an_answer_is_bounded_whatever_was_asked(
    database: Database, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_ROWS <= 1000
    monkeypatch.setattr(reader_module, "MAX_ROWS", 3)
    fill(database, *(signal(n) for n in range(5)))
    assert len(reader.newest_signals(limit=10**9)) == 3
    assert len(reader.newest_signals(limit=-1)) == 1


def test_one_signal_comes_with_its_stage_times(database: Database, reader: Reader) -> None:
    fill(database, signal(0), signal(1), times_of(signal(0)))
    found = reader.signal(signal(0).event_id)
    assert found is not None
    assert (found.signal, found.stages) == (signal(0), {stages.DUE: 1, stages.SENT: 2})
    without = reader.signal(signal(1).event_id)
    assert without is not None
    assert without.stages == {}


@pytest.mark.parametrize("event_id", [make_id("none"), "", "x" * 32, "' OR true --"])
def test_a_signal_that_is_not_there_is_none(database: Database, reader: Reader, event_id: str) -> None:
    fill(database, signal(0))
    assert reader.signal(event_id) is None


def test_words_of_sql_in_a_filter_are_only_words(database: Database, reader: Reader) -> None:
    fill(database, signal(0))
    assert reader.newest_signals(symbols=["' OR true --"]) == []


def test_the_lineage_of_a_signal_is_read_back_to_its_ticks(database: Database, reader: Reader) -> None:
    book = BookUpdated(
        event_id=make_id("book"), event_time=BEGAN, source="s", simulated=True, symbol="AAPL", bid_prices=(1.0,),
        bid_sizes=(2,), ask_prices=(1.1,), ask_sizes=(3,), sequence=1,
    )  # fmt: skip
    micro = MicrostructureComputed(
        event_id=make_id("micro"), event_time=BEGAN, source="s", simulated=True, book_id=book.event_id, symbol="AAPL",
        mid=1.05, microprice=1.04, spread=0.1, imbalance_1=-0.2, imbalance_3=-0.2, imbalance_5=-0.2, imbalance_10=-0.2,
    )  # fmt: skip
    bars = (bar(-3), bar(-2), bar(-1))
    prediction = PredictionMade(
        event_id=make_id("prediction"), event_time=BEGAN, source="s", simulated=True, symbol="AAPL", horizon_s=60,
        model="m", model_version="1", probability_up=0.6, mid=1.05, microstructure_id=micro.event_id,
        book_id=book.event_id, bar_ids=tuple(b.event_id for b in bars),
    )  # fmt: skip
    gone = make_id("gone")
    lineage = Lineage(
        tick_ids=(option_quote(0).event_id, book.event_id, gone),
        feature_ids=(micro.event_id, *prediction.bar_ids), prediction_ids=(prediction.event_id,),
        model="m", model_version="1", settings_id=make_id("settings"),
    )  # fmt: skip
    issued = signal(0, lineage=lineage)
    fill(database, book, micro, *bars, prediction, option_quote(0), option_quote(-100), issued)
    found = reader.lineage(issued)
    assert found.ticks == (option_quote(0), book)
    assert found.features == (micro, *bars)
    assert found.predictions == (prediction,)
    assert found.missing == (gone,)


def test_a_lineage_that_is_all_there_misses_nothing(database: Database, reader: Reader) -> None:
    lineage = Lineage(
        tick_ids=(trade(0).event_id,), feature_ids=(), prediction_ids=(), model="m", model_version="1",
        settings_id=make_id("settings"),
    )  # fmt: skip
    fill(database, trade(0))
    assert reader.lineage(signal(0, lineage=lineage)) == ((trade(0),), (), (), ())


def test_a_chain_is_the_latest_row_of_each_live_contract(database: Database, reader: Reader) -> None:
    latest = [greeks(f"AAPL260116C{n:08d}", BEGAN + n * SECOND) for n in range(5)]
    earlier = [greeks(row.contract, BEGAN - 1 - n) for n, row in enumerate(latest)]
    silent = greeks("AAPL260116C99999999", BEGAN + HOUR - CHAIN_REACH_US - 1)
    other = greeks("MSFT260116C00000001", BEGAN, underlying="MSFT")
    fill(database, *earlier, *latest, silent, other)
    assert reader.chain("AAPL", BEGAN + HOUR) == latest
    assert reader.chain("MSFT", BEGAN + HOUR) == [other]
    assert reader.chain("NONE", BEGAN + HOUR) == []


def test_bars_come_oldest_first_within_their_bounds_and_interval(database: Database, reader: Reader) -> None:
    fill(database, *(bar(n) for n in range(6)), bar(0, interval_s=5))
    assert reader.bars("AAPL", BEGAN + 60 * SECOND, BEGAN + 240 * SECOND) == [bar(1), bar(2), bar(3)]
    assert reader.bars("AAPL", BEGAN, BEGAN + HOUR, interval_s=5) == [bar(0, interval_s=5)]
    assert reader.bars("MSFT", BEGAN, BEGAN + HOUR) == []


def test_long_bars_are_found_as_the_others_are(database: Database, reader: Reader) -> None:
    day, week = bar(1, interval_s=86_400), bar(-2, interval_s=604_800)
    fill(database, bar(0), day, week)
    assert reader.bars("AAPL", BEGAN, BEGAN + 48 * HOUR, interval_s=86_400) == [day]
    lineage = Lineage(
        tick_ids=(), feature_ids=(bar(0).event_id, week.event_id), prediction_ids=(), model="m", model_version="1",
        settings_id=make_id("settings"),
    )  # fmt: skip
    assert reader.lineage(signal(0, lineage=lineage)) == ((), (bar(0), week), (), ())


def test_counts_are_exact_by_table_and_time(database: Database, reader: Reader) -> None:
    fill(database, *(trade(n) for n in range(5)), signal(0))
    counts = reader.counts(BEGAN, BEGAN + 3 * SECOND)
    assert (counts["trades"], counts["signals"], counts["greeks"]) == (3, 1, 0)
    assert set(counts) == set(BY_NAME)


def test_where_the_writer_stands_can_be_asked(database: Database, reader: Reader) -> None:
    fill(database, positions=(Position(SIGNALS.name, 0, 7), Position("other", 0, 1)))
    assert reader.stored_up_to(SIGNALS.name) == {0: 7}


def test_before_the_writer_has_made_the_tables_the_remedy_is_told(database: Database) -> None:
    with Reader(lambda: database.dsn) as early, pytest.raises(PartError, match="storage writer creates the tables"):
        early.newest_signals()


def test_a_reader_cannot_write(database: Database, reader: Reader) -> None:
    fill(database, signal(0))
    with pytest.raises(PartError, match="read-only"):
        reader._fetch("DELETE FROM signals", {})


def test_a_question_that_takes_too_long_is_cut_off(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "STATEMENT_TIMEOUT_MS", 50)
    with pytest.raises(PartError, match="statement timeout"):
        reader._fetch("SELECT pg_sleep(30)", {})


def test_more_threads_than_connections_all_get_their_answers(database: Database, reader: Reader) -> None:
    fill(database, signal(0))
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(len(reader.newest_signals()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [1] * 8


def test_a_pool_that_is_taken_up_says_so(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "POOL_TIMEOUT_S", 0.05)
    with reader._connection(), reader._connection(), pytest.raises(PartError, match="all 2 database connections"):
        reader.newest_signals()


def test_a_server_that_was_killed_is_found_again(database: Database, reader: Reader) -> None:
    fill(database, signal(0))
    assert len(reader.newest_signals()) == 1
    database.kill()
    wait_until(lambda: failure_of(reader), 30, "the reader has noticed")
    assert "optionsai status" in str(failure_of(reader))
    database.start()
    assert len(reader.newest_signals()) == 1
