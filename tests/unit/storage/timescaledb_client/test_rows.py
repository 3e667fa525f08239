"""Rows hold exactly what events say."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from contracts.errors import RejectedRecord
from contracts.events import Event, Id, PredictionMade
from storage.timescaledb_client import schema
from storage.timescaledb_client.rows import PACKERS, Packer, micros, moment, to_record
from storage.timescaledb_client.schema import BY_RECORD, Column, StageTimes
from tests.unit.contracts.examples import EXAMPLES, ID, OTHER
from tests.unit.storage.legal_events import EVENT_TABLES, legal_record

POSTGRES_EPOCH_US = 946_684_800_000_000
MAX_TIME_US = 253_402_300_799_999_999


def as_read(column: Column, value: Any) -> object:  # noqa: ANN401 - whatever the column holds
    """What the driver gives back for a value that was copied in, as PostgreSQL's binary formats define it."""
    if value is None:
        return None
    if column.kind == schema.IDENTITY:
        return UUID(bytes=value)
    if column.kind == schema.MOMENT:
        return moment(value + POSTGRES_EPOCH_US)
    if column.kind == schema.DOCUMENT:
        assert value[:1] == b"\x01"
        return msgspec.json.decode(value[1:])
    return value


def through_the_database(record: Struct) -> Struct:
    columns = BY_RECORD[type(record)].columns
    row = PACKERS[type(record)].to_row(record)
    return to_record(type(record), [as_read(c, v) for c, v in zip(columns, row, strict=True)])


@pytest.mark.parametrize("table", EVENT_TABLES, ids=lambda table: table.name)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_legal_event_survives(table: schema.Table, data: st.DataObject) -> None:
    event = data.draw(legal_record(table.record))
    assert through_the_database(event) == event


@pytest.mark.parametrize("event", [e for e in EXAMPLES if type(e) in BY_RECORD], ids=lambda e: type(e).__name__)
def test_examples_survive(event: Event) -> None:
    assert through_the_database(event) == event


def test_stage_times_survive() -> None:
    times = StageTimes(event_id=ID, event_time=5, stages={"t.due": 1, "t.signalled": 2})
    assert through_the_database(times) == times


def test_an_absent_optional_value_of_a_converted_kind_stays_absent() -> None:
    class Loose(Struct):
        event_id: Id | None

    table = schema.Table(Loose, "loose", ("event_id", "event_time"), (), schema.columns_of(Loose), partitioned=True)
    assert Packer(table).to_row(Loose(event_id=None)) == [None]
    assert Packer(table).to_row(Loose(event_id=ID)) == [bytes.fromhex(ID)]


def test_a_value_that_no_column_holds_is_rejected() -> None:
    prediction = PredictionMade(
        event_id=ID, event_time=1, source="s", simulated=True, symbol="A", horizon_s=1, model="m", model_version="1",
        probability_up=0.5, mid=1.0, microstructure_id=ID, book_id=ID, bar_ids=(OTHER + "\n",),
    )  # fmt: skip
    with pytest.raises(RejectedRecord) as rejection:
        PACKERS[PredictionMade].to_row(prediction)
    assert rejection.value.reason == "unstorable"


@given(st.integers(0, MAX_TIME_US))
def test_times_are_exact_to_the_microsecond(instant: int) -> None:
    assert micros(moment(instant)) == instant
