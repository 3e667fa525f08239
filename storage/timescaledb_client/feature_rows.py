"""Stored feature rows in bulk, for training: streamed, because a day of them does not fit one answer."""

from collections.abc import Iterator
from typing import Final

from contracts.events import BarClosed, Event, MicrostructureComputed
from storage.timescaledb_client.connection import connect, database_errors
from storage.timescaledb_client.rows import moment, to_record
from storage.timescaledb_client.schema import column_list, tables_of

BATCH_ROWS: Final = 10_000
"""Rows a round trip."""
KINDS: Final[tuple[type[Event], ...]] = (MicrostructureComputed, BarClosed)
_PLACES: Final = tuple((kind, table) for kind in KINDS for table in tables_of(kind))


def feature_rows(dsn: str, since: int) -> Iterator[Event]:
    """Order-book features and bars with an event time from `since` (µs since the epoch) on; not in order of time."""
    with database_errors("reading features"), connect(dsn, "training", {"default_transaction_read_only": "on"}) as link:
        for kind, table in _PLACES:
            query = f"SELECT {column_list(table)} FROM {table.name} WHERE event_time >= %s"  # noqa: S608 - own names
            with link.transaction(), link.cursor("feature_rows", binary=True) as cursor:
                cursor.itersize = BATCH_ROWS
                cursor.execute(query, (moment(since),))
                for row in cursor:
                    yield to_record(kind, row)
