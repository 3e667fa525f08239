"""A minute of one name in one row: what people look at, kept for longer than the ticks it sums up.

Theory of operation
-------------------
A summary is a row of `SUMMARIES`: a table of ticks, the name that its rows are about, and measures over them. Where
TimescaleDB is there, it is a continuous aggregate, which the server keeps up by itself. Elsewhere the writer adds each
transaction's new rows to a table of parts (counts, sums, extremes: what can be added to), in that very transaction, and
a view makes measures of the parts. So nothing is ever read again, a row that comes late or twice changes what it should
and no more, and rows, summaries and offsets agree after any crash. Both ways the same names and columns are read:
`greeks_minutes`, `quote_minutes`, `microstructure_minutes`.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

import psycopg
from psycopg import sql

from storage.timescaledb_client.rows import moment

LARGEST: Final = 1e15
"""Nothing that is measured comes near it. Columns hold any number, and one absurd one must not make sums overflow."""


class Part(NamedTuple):
    """One column of a table of parts: what it holds of some ticks, and how that is added to what is there."""

    suffix: str
    of_ticks: str
    """`{0}` is the measure's value of one tick."""
    added: str
    """`{0}` is the value that is there, `{1}` that of the new ticks."""


class Kind(NamedTuple):
    """One way to measure: over all ticks at once, and in parts that can be made bit by bit."""

    of_ticks: str
    parts: tuple[Part, ...]


_COUNT: Final = Kind("count(*) FILTER (WHERE {0})", (Part("", "count(*) FILTER (WHERE {0})", "{0} + {1}"),))
_MEAN: Final = Kind(
    "avg({0})", (Part("_sum", "coalesce(sum({0}), 0)", "{0} + {1}"), Part("_count", "count({0})", "{0} + {1}"))
)
_LEAST: Final = Kind("min({0})", (Part("", "min({0})", "least({0}, {1})"),))
_GREATEST: Final = Kind("max({0})", (Part("", "max({0})", "greatest({0}, {1})"),))
_ANY: Final = Kind("bool_or({0})", (Part("", "bool_or({0})", "{0} OR {1}"),))


class Measure(NamedTuple):
    """One column of a summary; `value` is what one tick says, a condition where ticks are counted."""

    name: str
    kind: Kind
    value: str


class Summary(NamedTuple):
    """One minute of one name in one row, made of the rows of table `source`."""

    name: str
    source: str
    about: str
    """The column with the name."""
    measures: tuple[Measure, ...]

    @property
    def parts_table(self) -> str:
        """The table of parts, where the server does not keep the summary by itself."""
        return f"{self.name}_parts"


def _sound(value: str) -> str:
    return f"CASE WHEN {value} BETWEEN -{LARGEST:.0f} AND {LARGEST:.0f} THEN {value} END"


_SIMULATED: Final = Measure("simulated", _ANY, "simulated")
SUMMARIES: Final = (
    Summary(
        "greeks_minutes",
        "greeks",
        "underlying",
        (
            _SIMULATED,
            Measure("quotes", _COUNT, "true"),
            Measure("priced", _COUNT, "reason = 'ok'"),
            Measure("implied_vol", _MEAN, _sound("implied_vol")),
            Measure("relative_spread", _MEAN, _sound("relative_spread")),
        ),
    ),
    Summary(
        "quote_minutes",
        "quotes",
        "symbol",
        (
            _SIMULATED,
            Measure("quotes", _COUNT, "true"),
            Measure("mid", _MEAN, "CASE WHEN bid > 0 AND ask > 0 THEN (bid + ask) / 2 END"),
            Measure("spread", _MEAN, "CASE WHEN bid > 0 AND ask > 0 THEN ask - bid END"),
        ),
    ),
    Summary(
        "microstructure_minutes",
        "microstructure",
        "symbol",
        (
            _SIMULATED,
            Measure("books", _COUNT, "true"),
            Measure("mid", _MEAN, "mid"),
            Measure("mid_low", _LEAST, "mid"),
            Measure("mid_high", _GREATEST, "mid"),
            Measure("spread", _MEAN, _sound("spread")),
            Measure("imbalance_1", _MEAN, "imbalance_1"),
            Measure("pressure", _MEAN, "pressure"),
        ),
    ),
)
_BY_SOURCE: Final = {summary.source: summary for summary in SUMMARIES}


class Summaries(Protocol):
    """One way to keep summaries."""

    def with_summary(self, table: str, insert: sql.Composed) -> sql.Composed:
        """What is to be said to the database in place of an insert into a table of ticks.

        An answer with a row holds the number of rows that were inserted; one without leaves it to the row count.
        """

    def drop_before(self, day: int) -> None:
        """Remove the minutes before an instant, µs since the epoch."""


class SummaryTables:
    """Kept by the writer: new rows are added up in the transaction that inserts them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def with_summary(self, table: str, insert: sql.Composed) -> sql.Composed:
        """The insert, and its new rows added to the table of parts."""
        summary = _BY_SOURCE.get(table)
        if summary is None:
            return insert
        parts = [(measure.name, part) for measure in summary.measures for part in measure.kind.parts]
        # Two writers that add to the same minutes wait for each other, in the order of the key: never in a ring.
        return sql.SQL(
            "WITH new AS ({insert} RETURNING date_bin('1 minute', event_time, 'epoch') AS minute, {about}, {values}), "
            "summed AS (INSERT INTO {parts_table} AS old ({columns}) SELECT minute, {about}, {of_ticks} FROM new "
            "GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT (minute, {about}) DO UPDATE SET {added}"
            ") SELECT count(*) FROM new"
        ).format(
            insert=insert,
            about=sql.Identifier(summary.about),
            values=_listed(
                sql.SQL("{} AS {}").format(sql.SQL(measure.value), sql.Identifier(measure.name))
                for measure in summary.measures
            ),
            parts_table=sql.Identifier(summary.parts_table),
            columns=_listed(
                sql.Identifier(name)
                for name in ("minute", summary.about, *(name + part.suffix for name, part in parts))
            ),
            of_ticks=_listed(sql.SQL(part.of_ticks).format(sql.Identifier(name)) for name, part in parts),
            added=_listed(_addition(name + part.suffix, part) for name, part in parts),
        )

    def drop_before(self, day: int) -> None:
        """Delete the parts of these minutes."""
        for summary in SUMMARIES:
            self._connection.execute(
                sql.SQL("DELETE FROM {} WHERE minute < %s").format(sql.Identifier(summary.parts_table)), (moment(day),)
            )


CONTINUOUS: Final = "timescaledb.continuous, timescaledb.materialized_only = false"
"""The minutes that the server has not summed up yet are summed up as they are read."""
_POLICY: Final = (
    "SELECT add_continuous_aggregate_policy(%s, start_offset => make_interval(hours => %s), "
    "end_offset => INTERVAL '1 minute', schedule_interval => INTERVAL '1 minute')"
)


class ContinuousAggregates:
    """Kept by TimescaleDB.

    A refresh over a time of which the ticks are gone would empty the summary there too, so the server's policy looks
    back exactly as far as ticks are kept. It is set anew at each start, because that is when settings change.
    """

    def __init__(self, connection: psycopg.Connection, ticks_hours: int) -> None:
        self._connection = connection
        for summary in SUMMARIES:
            connection.execute(_continuous_aggregate(summary))
            with connection.transaction():
                connection.execute("SELECT remove_continuous_aggregate_policy(%s, true)", (summary.name,))
                connection.execute(_POLICY, (summary.name, ticks_hours))

    def with_summary(self, table: str, insert: sql.Composed) -> sql.Composed:  # noqa: ARG002 - the same for every table
        """The insert alone: the server notes what it changes."""
        return insert

    def drop_before(self, day: int) -> None:
        """Drop the chunks that lie wholly before."""
        for summary in SUMMARIES:
            self._connection.execute("SELECT drop_chunks(%s, older_than => %s)", (summary.name, moment(day)))


def _continuous_aggregate(summary: Summary) -> sql.Composed:
    return sql.SQL(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS {name} WITH ({continuous}) AS "
        "SELECT time_bucket(INTERVAL '1 minute', event_time) AS minute, {about}, {measures} "
        "FROM {source} GROUP BY 1, 2 WITH NO DATA"
    ).format(
        name=sql.Identifier(summary.name),
        continuous=sql.SQL(CONTINUOUS),
        about=sql.Identifier(summary.about),
        measures=_listed(
            sql.SQL("{} AS {}").format(
                sql.SQL(measure.kind.of_ticks).format(sql.SQL(measure.value)), sql.Identifier(measure.name)
            )
            for measure in summary.measures
        ),
        source=sql.Identifier(summary.source),
    )


def _addition(column: str, part: Part) -> sql.Composed:
    name = sql.Identifier(column)
    there, new = sql.SQL("old.") + name, sql.SQL("EXCLUDED.") + name
    return sql.SQL("{} = {}").format(name, sql.SQL(part.added).format(there, new))


def _listed(items: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(items)
