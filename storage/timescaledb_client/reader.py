"""The reading side: what the APIs and the application ask of the database. Answers are events again, not rows.

Safe for use from several threads. Every statement is read-only, has a time limit, and takes its values as parameters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue
from string import hexdigits
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar

import psycopg
from msgspec import Struct

from contracts import events
from contracts.errors import PartError
from contracts.events import BarClosed, Event, GreeksComputed, SignalIssued
from contracts.ids import ID_LENGTH
from storage.timescaledb_client.connection import connect, database_errors
from storage.timescaledb_client.partitions import HOUR_US
from storage.timescaledb_client.rows import moment, to_record
from storage.timescaledb_client.schema import BY_RECORD, TABLES, Table, column_list, table_for, tables_of

R = TypeVar("R", bound=Struct)
Action = Literal["Buy", "Sell", "Hold"]

MAX_ROWS: Final = 1000
"""The most that one question is answered with, whatever was asked."""
POOL_SIZE: Final = 4
POOL_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_MS: Final = 5_000
CHAIN_REACH_US: Final = 2 * HOUR_US
"""A contract without a quote for this long is no longer part of the live chain."""
LINEAGE_REACH_US: Final = 24 * HOUR_US
TICK_REACH_US: Final = 60_000_000
"""Option quotes and Greeks are keyed by time first: an id is looked for this far back from the signal."""


class StoredSignal(NamedTuple):
    """A signal and its waterfall: stage name (`contracts.stages`) → µs since the epoch."""

    signal: SignalIssued
    stages: Mapping[str, int]


class Lineage(NamedTuple):
    """The rows that a signal's lineage names, each in the order in which it names them."""

    ticks: tuple[Event, ...]
    features: tuple[Event, ...]
    predictions: tuple[Event, ...]
    missing: tuple[str, ...]
    """Ids without a row: retention has removed it, or it has not been stored yet."""


_LINEAGE_KINDS: Final[tuple[tuple[type[Event], int], ...]] = (
    (events.BookUpdated, LINEAGE_REACH_US),
    (events.MicrostructureComputed, LINEAGE_REACH_US),
    (events.BarClosed, LINEAGE_REACH_US),
    (events.PredictionMade, LINEAGE_REACH_US),
    (events.QuoteReceived, LINEAGE_REACH_US),
    (events.TradeReceived, LINEAGE_REACH_US),
    (events.OptionQuoteReceived, TICK_REACH_US),
    (events.GreeksComputed, TICK_REACH_US),
)
"""Where an id of a lineage can stand, likeliest first, and how far before the signal; what is not split by the hour is
found by its id alone."""

_LINEAGE_TABLES: Final = tuple(
    (kind, table, reach_us) for kind, reach_us in _LINEAGE_KINDS for table in tables_of(kind)
)

_SIGNAL_COLUMNS: Final = column_list(BY_RECORD[SignalIssued])
_FIRST_ID: Final = "0" * ID_LENGTH

_CHAIN: Final = f"""
WITH RECURSIVE contracts AS (
    (SELECT contract FROM greeks WHERE underlying = %(underlying)s AND event_time >= %(since)s
     ORDER BY contract LIMIT 1)
    UNION ALL
    SELECT (SELECT contract FROM greeks WHERE underlying = %(underlying)s AND event_time >= %(since)s
            AND contract > contracts.contract ORDER BY contract LIMIT 1)
    FROM contracts WHERE contracts.contract IS NOT NULL
)
SELECT latest.* FROM contracts CROSS JOIN LATERAL (
    SELECT {column_list(BY_RECORD[GreeksComputed])} FROM greeks
    WHERE underlying = %(underlying)s AND contract = contracts.contract AND event_time >= %(since)s
    ORDER BY event_time DESC, event_id LIMIT 1
) latest
"""  # noqa: S608 - put together from names of our own
"""Steps from contract to contract along the index instead of reading every row of the chain."""


class Reader:
    """Answers questions about what is stored. `dsn` is asked for at each connection: the server may move."""

    def __init__(self, dsn: Callable[[], str], pool_size: int = POOL_SIZE) -> None:
        self._dsn = dsn
        self._pool: LifoQueue[psycopg.Connection | None] = LifoQueue()
        self._size = pool_size
        for _ in range(pool_size):
            self._pool.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def newest_signals(
        self, *, symbols: Sequence[str] = (), actions: Sequence[Action] = (), since: int = 0, limit: int = 100
    ) -> list[StoredSignal]:
        """The latest signals from `since` (µs since the epoch) on, newest first; no symbols or actions mean all."""
        where = "event_time >= %(since)s"
        parameters = {"since": moment(since)}
        return self._signals(where, "event_time DESC, event_id DESC", symbols, actions, parameters, limit)

    def oldest_signals(
        self,
        after: tuple[int, str],
        *,
        symbols: Sequence[str] = (),
        actions: Sequence[Action] = (),
        limit: int = 100,
    ) -> list[StoredSignal]:
        """The first signals after (event time in µs, id), oldest first: pages of a replay. An empty id sorts first."""
        event_time, event_id = after
        where = f"(event_time, event_id) {'>' if event_id else '>='} (%(time)s, %(id)s::uuid)"
        parameters = {"time": moment(event_time), "id": event_id or _FIRST_ID}
        return self._signals(where, "event_time, event_id", symbols, actions, parameters, limit)

    def signal(self, event_id: str) -> StoredSignal | None:
        """One signal, or None if there is none of that id."""
        if not _is_id(event_id):
            return None
        found = self._signals("event_id = %(id)s::uuid", "event_time", (), (), {"id": event_id}, 1)
        return found[0] if found else None

    def stored_up_to(self, topic: str) -> dict[int, int]:
        """Partition of a topic → the offset below which everything is stored."""
        query = "SELECT partition, next_offset FROM kafka_offsets WHERE topic = %(topic)s"
        return dict(self._fetch(query, {"topic": topic}))

    def lineage(self, signal: SignalIssued) -> Lineage:
        """The stored events from which a signal was made."""
        wanted = signal.lineage
        missing = {*wanted.tick_ids, *wanted.feature_ids, *wanted.prediction_ids}
        found: dict[str, Event] = {}
        for kind, table, reach_us in _LINEAGE_TABLES:
            if not missing:
                break
            rows = self._records(
                kind,
                table,
                "event_id = ANY(%(ids)s::uuid[]) AND event_time BETWEEN %(since)s AND %(until)s",
                {
                    "ids": sorted(missing),
                    "since": moment(max(signal.event_time - reach_us, 0) if table.partitioned else 0),
                    "until": moment(signal.event_time),
                },
            )
            found |= {row.event_id: row for row in rows}
            missing -= found.keys()
        ticks, features, predictions = (
            tuple(found[event_id] for event_id in ids if event_id in found)
            for ids in (wanted.tick_ids, wanted.feature_ids, wanted.prediction_ids)
        )
        return Lineage(ticks, features, predictions, tuple(sorted(missing)))

    def chain(self, underlying: str, as_of: int) -> list[GreeksComputed]:
        """The latest Greeks of each contract on an underlying, by contract; `as_of`: the present, in µs."""
        parameters = {"underlying": underlying, "since": moment(max(as_of - CHAIN_REACH_US, 0))}
        return [to_record(GreeksComputed, row) for row in self._fetch(_CHAIN, parameters)]

    def bars(self, symbol: str, since: int, until: int, interval_s: int = 60) -> list[BarClosed]:
        """The newest bars that ended in [since, until), oldest first, at most `MAX_ROWS`; times in µs."""
        bars = self._records(
            BarClosed,
            table_for(BarClosed, interval_s),
            "symbol = %(symbol)s AND interval_s = %(interval_s)s AND event_time >= %(since)s AND event_time < %(until)s"
            " ORDER BY event_time DESC LIMIT %(limit)s",
            {
                "symbol": symbol, "interval_s": interval_s, "since": moment(since), "until": moment(until),
                "limit": MAX_ROWS,
            },
        )  # fmt: skip
        return bars[::-1]

    def counts(self, since: int, until: int) -> dict[str, int]:
        """Rows by table with an event time in [since, until), µs. Exact, so ask for minutes rather than days."""
        parameters = {"since": moment(since), "until": moment(until)}
        query = " UNION ALL ".join(
            f"SELECT '{table.name}', count(*) FROM {table.name} WHERE event_time >= %(since)s AND event_time < %(until)s"  # noqa: S608, E501
            for table in TABLES
        )
        return dict(self._fetch(query, parameters))

    def close(self) -> None:
        """Hang up; questions in progress in other threads get their answers first."""
        for _ in range(self._size):
            connection = self._pool.get()
            if connection is not None:
                connection.close()

    def _signals(
        self,
        where: str,
        order: str,
        symbols: Sequence[str],
        actions: Sequence[Action],
        parameters: Mapping[str, Any],
        limit: int,
    ) -> list[StoredSignal]:
        lists = {"symbol": list(symbols), "action": list(actions)}
        where += "".join(f" AND {column} = ANY(%({column})s)" for column, values in lists.items() if values)
        # The inner limit comes first, so that stage times are looked up for the rows of the answer and no others.
        query = (
            f"SELECT {_SIGNAL_COLUMNS}, t.stages FROM "  # noqa: S608 - names of our own
            f"(SELECT * FROM signals WHERE {where} ORDER BY {order} LIMIT %(limit)s) s "
            "LEFT JOIN signal_stage_times t USING (event_id, event_time) "
            f"ORDER BY {order}"
        )
        bounded = max(1, min(limit, MAX_ROWS))
        rows = self._fetch(query, {**parameters, **lists, "limit": bounded})
        return [StoredSignal(to_record(SignalIssued, row[:-1]), row[-1] or {}) for row in rows]

    def _records(self, kind: type[R], table: Table, where: str, parameters: Mapping[str, Any]) -> list[R]:
        query = f"SELECT {column_list(table)} FROM {table.name} WHERE {where}"  # noqa: S608 - names of our own
        return [to_record(kind, row) for row in self._fetch(query, parameters)]

    def _fetch(self, query: str, parameters: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        with self._connection() as connection, database_errors("reading"):
            return connection.cursor(binary=True).execute(query, parameters).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        """A connection of the pool, opened when its turn first comes and again after the server was away."""
        try:
            pooled = self._pool.get(timeout=POOL_TIMEOUT_S)
        except Empty:
            raise PartError(
                f"all {self._size} database connections were busy for {POOL_TIMEOUT_S:.0f} s. Ask for less at a time"
            ) from None
        connection: psycopg.Connection | None = pooled
        try:
            if connection is None or not _is_alive(connection):
                connection = None
                connection = connect(
                    self._dsn(),
                    "reader",
                    {"default_transaction_read_only": "on", "statement_timeout": STATEMENT_TIMEOUT_MS},
                )
            yield connection
        finally:
            self._pool.put(None if connection is None or connection.closed else connection)


def _is_alive(connection: psycopg.Connection) -> bool:
    """Whether the server still answers: a fraction of a millisecond, and a reader never sees yesterday's server."""
    try:
        connection.execute("")
    except psycopg.Error:
        connection.close()
        return False
    return True


def _is_id(text: str) -> bool:
    return len(text) == ID_LENGTH and set(text) <= set(hexdigits)
