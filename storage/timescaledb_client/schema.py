"""The tables, derived from the event structs. Pure: no connection, no file.

Theory of operation
-------------------
A table is a row of `TABLES`: a struct, a name and the indexes that somebody reads through. Its columns follow from the
annotations of the struct, so that an event and its table cannot drift apart; the numbered migrations are checked
against what is derived here. Three choices keep writes cheap, which is what matters at thousands of rows a second:

* ids are `uuid` (32 hexadecimal characters are 16 bytes), half the index of text;
* text is collated "C": comparing is a memcmp, and the order is the same on every server;
* the two tables that grow fastest lead their key with time, so that inserts land on the right edge of the index and
  not on a random page of it. The others lead with the id, which is how a lineage asks for them.
"""

from collections.abc import Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from contracts import events
from contracts.events import Id, Micros

PARTITIONED: Final = "PARTITION BY RANGE (event_time)"
PLACEHOLDER: Final = ":partitioning"
"""Stands in the migrations where `PARTITIONED` goes on a plain server and nothing on one with TimescaleDB."""


class Kind(NamedTuple):
    """How values of one sort are stored (`sql`) and what binary COPY is told that they are (`copied_as`).

    The two differ where the binary form of a simpler type is bit for bit that of the stored one and much cheaper to
    make in Python: a `timestamptz` travels as an `int8`, a `uuid` as 16 raw bytes.
    """

    sql: str
    copied_as: str


IDENTITY: Final = Kind("uuid", "bytea")
MOMENT: Final = Kind("timestamp with time zone", "int8")
TEXT: Final = Kind('text COLLATE "C"', "text")
SMALL: Final = Kind("smallint", "int2")
WHOLE: Final = Kind("bigint", "int8")
REAL: Final = Kind("double precision", "float8")
TRUTH: Final = Kind("boolean", "bool")
IDENTITIES: Final = Kind("uuid[]", "uuid[]")
WHOLES: Final = Kind("bigint[]", "int8[]")
REALS: Final = Kind("double precision[]", "float8[]")
DOCUMENT: Final = Kind("jsonb", "bytea")

_KINDS: Final[dict[Any, Kind]] = {Id: IDENTITY, Micros: MOMENT, str: TEXT, int: WHOLE, float: REAL, bool: TRUTH}
_ARRAYS: Final[dict[Kind, Kind]] = {IDENTITY: IDENTITIES, WHOLE: WHOLES, REAL: REALS}


class Column(NamedTuple):
    """One column of a table."""

    name: str
    kind: Kind
    nullable: bool


class Table(NamedTuple):
    """One table: the struct whose instances are its rows, its key and the further indexes it is read through."""

    record: type[Struct]
    name: str
    key: tuple[str, str]
    indexes: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    partitioned: bool
    """By the hour, and gone with it after hours. The others hold what comes a few times a day or a year, for years."""


class StageTimes(Struct, frozen=True, kw_only=True):
    """When each stage touched what became a signal: stage name (`contracts.stages`) → µs since the epoch."""

    event_id: Id
    event_time: Micros
    stages: dict[str, int]


def kind_of(hint: Any) -> Kind:  # noqa: ANN401 - an annotation can be anything
    """The kind of column that holds values annotated with `hint`.

    >>> kind_of(Annotated[float, "per year"]).sql
    'double precision'
    """
    if hint in _KINDS:
        return _KINDS[hint]
    origin = get_origin(hint)
    if origin is Annotated:
        return kind_of(get_args(hint)[0])
    if origin is Literal:
        return SMALL if isinstance(get_args(hint)[0], int) else TEXT
    if origin is tuple:
        kind = kind_of(get_args(hint)[0])
        return DOCUMENT if kind is DOCUMENT else _ARRAYS[kind]
    if origin is dict or (isinstance(hint, type) and issubclass(hint, Struct)):
        return DOCUMENT
    raise TypeError(f"no kind of column for {hint}: add it to the table above")


@cache
def columns_of(record: type[Struct]) -> tuple[Column, ...]:
    """The columns of a struct, in the order of its fields."""
    hints = get_type_hints(record, include_extras=True)
    return tuple(_column(name, hints[name]) for name in record.__struct_fields__)


def _column(name: str, hint: Any) -> Column:  # noqa: ANN401 - an annotation can be anything
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (part for part in get_args(hint) if part is not NoneType)
        return Column(name, kind_of(inner), nullable=True)
    return Column(name, kind_of(hint), nullable=False)


_BY_ID: Final = ("event_id", "event_time")
_BY_TIME: Final = ("event_time", "event_id")
_SYMBOL_TIME: Final = (("symbol", "event_time"),)


def _table(
    record: type[Struct], name: str, indexes: tuple[tuple[str, ...], ...] = (), key: tuple[str, str] = _BY_ID
) -> Table:
    return Table(record, name, key, indexes, columns_of(record), partitioned=True)


def _facts(record: type[Struct], name: str, indexes: tuple[tuple[str, ...], ...]) -> Table:
    return Table(record, name, _BY_ID, indexes, columns_of(record), partitioned=False)


_USUAL: Final = (
    _table(events.OptionQuoteReceived, "option_quotes", key=_BY_TIME),
    _table(events.QuoteReceived, "quotes", _SYMBOL_TIME),
    _table(events.TradeReceived, "trades", _SYMBOL_TIME),
    _table(events.BookUpdated, "books"),
    _table(events.RecordRejected, "rejected_records", (("event_time",),)),
    _table(events.GreeksComputed, "greeks", (("underlying", "contract", "event_time"),), key=_BY_TIME),
    _table(events.MicrostructureComputed, "microstructure"),
    _table(events.BarClosed, "bars", _SYMBOL_TIME),
    _table(events.BarCorrected, "bar_corrections", _SYMBOL_TIME),
    _table(events.IndicatorsComputed, "indicators", _SYMBOL_TIME),
    _table(events.OptionTraded, "option_trades", (("underlying", "event_time"),)),
    _table(events.FlowComputed, "flow", _SYMBOL_TIME),
    _table(events.OptionFlowComputed, "option_flow", (("underlying", "event_time"),)),
    _table(events.SurfaceFitted, "surfaces", (("underlying", "event_time"),)),
    _table(events.PredictionMade, "predictions"),
    _table(events.SignalIssued, "signals", (("event_time",), *_SYMBOL_TIME)),
    _table(events.SignalWithheld, "withheld_signals", (("event_time",),)),
    _table(events.TruthRevealed, "truth", _SYMBOL_TIME),
    _table(StageTimes, "signal_stage_times"),
    _facts(events.NewsPublished, "news", _SYMBOL_TIME),
    _facts(events.EarningsAnnounced, "earnings", _SYMBOL_TIME),
    _facts(events.FundamentalsFiled, "filings", _SYMBOL_TIME),
    _facts(events.DividendDeclared, "dividends", _SYMBOL_TIME),
    _facts(events.SplitAnnounced, "splits", _SYMBOL_TIME),
    _facts(events.MacroReleased, "macro_releases", (("indicator", "event_time"),)),
    _facts(events.RateCurvePublished, "rate_curves", (("event_time",),)),
    _facts(events.OpenInterestReported, "open_interest", (("underlying", "event_time"),)),
    _facts(events.FundamentalsComputed, "fundamentals", _SYMBOL_TIME),
    _facts(events.NewsComputed, "news_features", _SYMBOL_TIME),
    _facts(events.MacroComputed, "macro_features", (("event_time",),)),
)
_LONG: Final = (
    _facts(events.BarClosed, "long_bars", _SYMBOL_TIME),
    _facts(events.BarCorrected, "long_bar_corrections", _SYMBOL_TIME),
    _facts(events.IndicatorsComputed, "long_indicators", _SYMBOL_TIME),
)
LONG_INTERVAL_S: Final = 3_600
"""Bars of this length and more, and what is made of them, have tables of their own: they are few, and what looks weeks
ahead learns from years of them, while the bars of seconds leave with the ticks."""

TABLES: Final = (*_USUAL, *_LONG)
"""Every table of events. A compacted topic has none: it is state, not history."""

BY_NAME: Final = {table.name: table for table in TABLES}
BY_RECORD: Final = {table.record: table for table in _USUAL}
"""The table of a kind of record; of bars and what is made of them, that of the short ones."""
_LONG_BY_RECORD: Final = {table.record: table for table in _LONG}


def table_for(record: type[Struct], interval_s: int) -> Table:
    """The table of a kind of record over an interval; 0 for what has none.

    >>> table_for(events.BarClosed, 60).name, table_for(events.BarClosed, 86_400).name
    ('bars', 'long_bars')
    """
    long = _LONG_BY_RECORD.get(record) if interval_s >= LONG_INTERVAL_S else None
    return long or BY_RECORD[record]


def table_of(record: Struct) -> Table:
    """The table that a record belongs in. Most are not of an interval, and are not asked for one."""
    kind = type(record)
    return table_for(kind, getattr(record, "interval_s", 0)) if kind in _LONG_BY_RECORD else BY_RECORD[kind]


def tables_of(record: type[Struct]) -> tuple[Table, ...]:
    """Every table that holds records of a kind."""
    return tuple(table for table in TABLES if table.record is record)


def quoted(names: Sequence[str]) -> str:
    """Names as an SQL list; quoted because some of them (`right`, `offset`) are words of the language.

    >>> quoted(["event_id", "right"])
    '"event_id", "right"'
    """
    return ", ".join(f'"{name}"' for name in names)


def column_list(table: Table) -> str:
    """All columns of a table as an SQL list."""
    return quoted([column.name for column in table.columns])


def ddl(tables: Sequence[Table] = TABLES) -> str:
    """Statements that create the tables and their indexes, `PLACEHOLDER` where the partitioning goes."""
    return "\n".join(_create(table) for table in tables)


def _create(table: Table) -> str:
    lines = [f'    "{c.name}" {c.kind.sql}{"" if c.nullable else " NOT NULL"}' for c in table.columns]
    lines.append(f"    PRIMARY KEY ({quoted(table.key)})")
    body = ",\n".join(lines)
    indexes = "".join(
        f'CREATE INDEX "{table.name}_{"_".join(index)}" ON "{table.name}" ({quoted(index)});\n'
        for index in table.indexes
    )
    tail = f" {PLACEHOLDER}" if table.partitioned else ""
    return f'CREATE TABLE "{table.name}" (\n{body}\n){tail};\n{indexes}'
