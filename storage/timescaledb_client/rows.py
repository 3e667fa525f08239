"""Events to row values and back. Pure, and exact both ways: `to_event(table, stored(to_row(event))) == event`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from contracts.errors import RejectedRecord
from storage.timescaledb_client import schema
from storage.timescaledb_client.schema import Column, Kind, Table

Row = list[Any]
"""Values of one row for binary COPY, in column order, each of the type that its column's `Kind.copied_as` names."""
Convert = Callable[[Any], Any]
R = TypeVar("R", bound=Struct)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_POSTGRES_EPOCH_US: Final = 946_684_800_000_000
"""2000-01-01 UTC: PostgreSQL counts its timestamps, in whole microseconds, from there."""
_JSONB_VERSION: Final = b"\x01"
_MICROSECOND: Final = timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """Microseconds since the epoch as the date and time that SQL parameters take."""
    return EPOCH + timedelta(microseconds=micros)


def micros(when: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (when - EPOCH) // _MICROSECOND


_TO_DATABASE: Final[dict[Kind, Convert]] = {
    schema.IDENTITY: bytes.fromhex,
    schema.MOMENT: lambda value: value - _POSTGRES_EPOCH_US,
    schema.IDENTITIES: lambda ids: [UUID(hex=value) for value in ids],
    schema.WHOLES: list,
    schema.REALS: list,
    schema.DOCUMENT: lambda value: _JSONB_VERSION + msgspec.json.encode(value),
}
_FROM_DATABASE: Final[dict[Kind, Convert]] = {
    schema.IDENTITY: attrgetter("hex"),
    schema.MOMENT: micros,
    schema.IDENTITIES: lambda ids: tuple(value.hex for value in ids),
    schema.WHOLES: tuple,
    schema.REALS: tuple,
}


class Packer:
    """Turns instances of a table's struct into rows. Most values pass as they are; only the others cost a call."""

    def __init__(self, table: Table) -> None:
        self._conversions = [
            (index, _or_none(convert) if column.nullable else convert)
            for index, column in enumerate(table.columns)
            if (convert := _TO_DATABASE.get(column.kind)) is not None
        ]

    def to_row(self, record: Struct) -> Row:
        """The values of one record; `RejectedRecord` if one of them cannot be what its column holds."""
        values = list(astuple(record))
        try:
            for index, convert in self._conversions:
                values[index] = convert(values[index])
        except (ValueError, OverflowError) as error:
            raise RejectedRecord("unstorable", str(error)) from error
        return values


PACKERS: Final = {table.record: Packer(table) for table in schema.TABLES}


def to_record(kind: type[R], values: Sequence[Any]) -> R:
    """The record in a row as read from the database, its columns in the table's order."""
    columns = schema.columns_of(kind)
    return msgspec.convert({c.name: _read(c, value) for c, value in zip(columns, values, strict=True)}, kind)


def _read(column: Column, value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    convert = _FROM_DATABASE.get(column.kind)
    return value if value is None or convert is None else convert(value)


def _or_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)
