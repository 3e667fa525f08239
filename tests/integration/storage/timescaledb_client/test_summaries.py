"""Minutes on a real server: exact whatever comes late or twice, the same whoever keeps them, kept when ticks go."""

import random
from collections.abc import Callable, Iterable, Iterator
from statistics import fmean

import pytest

from contracts.events import Event, GreeksComputed, MicrostructureComputed, QuoteReceived
from contracts.ids import make_id
from contracts.ports import Position
from storage.timescaledb_client.rows import PACKERS, moment
from storage.timescaledb_client.schema import table_of
from storage.timescaledb_client.store import DAY_US, Slice, Store
from storage.timescaledb_client.summaries import SUMMARIES
from tests.integration.storage.database import Database
from tests.integration.storage.timescaledb_client.timescale import stand_in
from tests.unit.models.market import micro
from tests.unit.storage.market import BEGAN, KEPT, SECOND, quote

MINUTE = 60 * SECOND
NAMES = ("AAPL", "MSFT")
ABSENT = -1e9
"""Stands for a mean of nothing in comparisons."""
Rows = list[tuple[object, ...]]


def greeks(number: int, *, name: str, at: int, implied_vol: float | None, spread: float | None = None) -> Event:
    return GreeksComputed(
        event_id=make_id("greeks", number), event_time=at, source="spark", simulated=True, quote_id=make_id("q"),
        contract=f"{name}260116C00190000", underlying=name, expires_at=BEGAN + DAY_US, strike=190.0, right="C",
        method="m", reason="no_bid" if implied_vol is None else "ok", bid=0.0, ask=1.0, underlying_price=100.0,
        underlying_time=at, implied_vol=implied_vol, relative_spread=spread,
    )  # fmt: skip


def ticks(count: int) -> list[Event]:
    """Ticks of two names over some minutes, out of order, a tenth of them twice."""
    draw = random.Random(7)  # noqa: S311 - a load, not a secret
    made: list[Event] = []
    for number in range(count):
        name, at = draw.choice(NAMES), BEGAN + draw.randrange(5 * MINUTE)
        vol = draw.choice((None, draw.uniform(0.1, 0.9)))
        made.append(greeks(number, name=name, at=at, implied_vol=vol, spread=draw.choice((None, draw.random()))))
        made.append(quote(number, at=at, symbol=name, bid=draw.choice((0.0, draw.uniform(1.0, 2.0)))))
        made.append(micro(at, symbol=name, mid=draw.uniform(99.0, 101.0), imbalance=draw.uniform(-1.0, 1.0)))
    made += draw.sample(made, len(made) // 10)
    draw.shuffle(made)
    return made


def write(store: Store, events: Iterable[Event]) -> dict[str, int]:
    made = Slice()
    for event in events:
        made.add(table_of(event).name, event.event_time, PACKERS[type(event)].to_row(event))
    return store.write(made, [])


def mean(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return fmean(found) if found else None


def of_greeks(rows: list[GreeksComputed]) -> tuple[object, ...]:
    return (
        len(rows), sum(row.reason == "ok" for row in rows), mean(row.implied_vol for row in rows),
        mean(row.relative_spread for row in rows),
    )  # fmt: skip


def of_quotes(rows: list[QuoteReceived]) -> tuple[object, ...]:
    both = [row for row in rows if row.bid and row.ask]
    return len(rows), mean((r.bid + r.ask) / 2 for r in both), mean(r.ask - r.bid for r in both)


def of_books(rows: list[MicrostructureComputed]) -> tuple[object, ...]:
    mids = [row.mid for row in rows]
    return (
        len(rows), mean(mids), min(mids), max(mids), mean(row.spread for row in rows),
        mean(row.imbalance_1 for row in rows), None,
    )  # fmt: skip


def expected(found: Iterable[Event], kind: type[Event], summed: Callable[..., tuple[object, ...]]) -> Rows:
    """The minutes of one kind of tick, by minute and name, each tick once."""
    groups: dict[tuple[int, str], dict[str, Event]] = {}
    for event in found:
        if isinstance(event, kind):
            name = event.underlying if isinstance(event, GreeksComputed) else getattr(event, "symbol", "")
            minute = event.event_time - event.event_time % MINUTE
            groups.setdefault((minute, name), {})[event.event_id] = event
    return [
        (moment(minute), name, True, *summed(list(rows.values()))) for (minute, name), rows in sorted(groups.items())
    ]


def read(database: Database, name: str) -> Rows:
    with database.connect() as connection:
        return connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()  # noqa: S608 - a name of our own


def same(found: Rows, wanted: Rows) -> bool:
    """Equal, up to the order in which numbers were added."""
    numbers = [[ABSENT if value is None else value for value in row[3:]] for rows in (found, wanted) for row in rows]
    labels = [row[:3] for row in found] == [row[:3] for row in wanted]
    return labels and all(
        a == pytest.approx(b, rel=1e-12) for a, b in zip(numbers[: len(found)], numbers[len(found) :], strict=True)
    )


def check(database: Database, events: Iterable[Event]) -> None:
    found = list(events)
    assert same(read(database, "greeks_minutes"), expected(found, GreeksComputed, of_greeks))
    assert same(read(database, "quote_minutes"), expected(found, QuoteReceived, of_quotes))
    assert same(read(database, "microstructure_minutes"), expected(found, MicrostructureComputed, of_books))


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = Store.open(database.dsn, KEPT)
    yield opened
    opened.close()


def test_minutes_are_exact_after_each_transaction_whatever_comes_late_or_twice(
    database: Database, store: Store
) -> None:
    events = ticks(200)
    for end in range(100, len(events) + 100, 100):
        write(store, events[end - 100 : end])
        check(database, events[:end])
    write(store, events)
    check(database, events)


def test_rows_that_are_summed_up_are_still_counted(store: Store) -> None:
    first = greeks(1, name="AAPL", at=BEGAN, implied_vol=0.2)
    assert write(store, [first, first, quote(1)]) == {"greeks": 1, "quotes": 1}
    assert write(store, [first, greeks(2, name="AAPL", at=BEGAN, implied_vol=None)]) == {"greeks": 1}


def test_what_is_not_stored_is_not_summed_up_either(database: Database, store: Store) -> None:
    with database.connect() as connection:
        connection.execute("ALTER TABLE kafka_offsets ADD CHECK (false)")
    events = ticks(20)
    made = Slice()
    for event in events:
        made.add(table_of(event).name, event.event_time, PACKERS[type(event)].to_row(event))
    with pytest.raises(Exception, match="violates check constraint"):
        store.write(made, [Position("market.quotes", 0, 1)])
    check(database, [])


def test_absurd_numbers_are_left_out_and_hold_nothing_up(database: Database, store: Store) -> None:
    absurd = [greeks(n, name="AAPL", at=BEGAN, implied_vol=1.7e308, spread=-1.7e308) for n in range(3)]
    assert write(store, absurd) == {"greeks": 3}
    assert write(store, [greeks(9, name="AAPL", at=BEGAN, implied_vol=0.4)]) == {"greeks": 1}
    with database.connect() as connection:
        found = connection.execute("SELECT quotes, implied_vol, relative_spread FROM greeks_minutes").fetchall()
    assert found == [(4, 0.4, None)]


def test_minutes_outlive_their_ticks_and_leave_by_the_day(database: Database, store: Store) -> None:
    events = ticks(50)
    write(store, events)
    store.maintain(BEGAN + 2 * DAY_US)
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM greeks").fetchone() == (0,)
    check(database, events)
    store.maintain(BEGAN + KEPT.minutes_days * DAY_US)
    check(database, events)
    store.maintain(BEGAN + (KEPT.minutes_days + 1) * DAY_US)
    check(database, [])


def test_timescaledb_is_asked_for_the_same_minutes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    events = ticks(200)
    store = Store.open(database.dsn, KEPT)
    write(store, events)
    by_the_writer = {summary.name: shape(database, summary.name) for summary in SUMMARIES}
    store.close()
    database.clear()
    with stand_in(database, monkeypatch), database.connect() as connection:
        store = Store.open(database.dsn, KEPT)
        write(store, events)
        for summary in SUMMARIES:
            connection.execute(f'REFRESH MATERIALIZED VIEW "{summary.name}"')
        check(database, events)
        assert {summary.name: shape(database, summary.name) for summary in SUMMARIES} == by_the_writer
        store.close()


def test_timescaledb_refreshes_as_far_back_as_ticks_are_kept_and_follows_the_settings(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stand_in(database, monkeypatch), database.connect() as connection:
        for hours in (24, 6):
            Store.open(database.dsn, KEPT._replace(ticks_hours=hours)).close()
            policies = connection.execute(
                "SELECT aggregate::text, extract(hours FROM start_offset)::int, end_offset = schedule_interval "
                "FROM refresh_policies"
            ).fetchall()
            assert policies == [(summary.name, hours, True) for summary in SUMMARIES]
        store = Store.open(database.dsn, KEPT)
        store.maintain(BEGAN)
        dropped = connection.execute("SELECT relation::text, older_than FROM dropped_before").fetchall()
        for summary in SUMMARIES:
            assert (summary.name, moment(KEPT.minutes_from(BEGAN))) in dropped
        store.close()


def shape(database: Database, name: str) -> Rows:
    """Names and types of the columns of a table or view."""
    with database.connect() as connection:
        return connection.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            (name,),
        ).fetchall()
