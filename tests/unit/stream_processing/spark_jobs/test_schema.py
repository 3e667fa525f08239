"""What can be said of the derived types without a virtual machine; the rest is in the integration test of this name."""

import pytest
from msgspec import Struct
from pyspark.sql.types import ArrayType, BooleanType, DoubleType, LongType, StringType, StructType

from contracts import events
from contracts.errors import ConfigError
from contracts.events import Event
from stream_processing.spark_jobs.schema import struct_type, wire
from tests.unit.contracts.examples import EXAMPLES


@pytest.mark.parametrize("event", [type(example) for example in EXAMPLES], ids=lambda event: str(event.__name__))
def test_every_event_has_a_type_with_its_tag_and_fields(event: type[Event]) -> None:
    assert struct_type(event).names == ["type", *event.__struct_fields__]


def test_types_follow_the_annotations() -> None:
    book = struct_type(events.BookUpdated)
    assert book["bid_prices"].dataType == ArrayType(DoubleType())
    assert book["bid_sizes"].dataType == ArrayType(LongType())
    assert book["simulated"].dataType == BooleanType()
    assert book["schema_version"].dataType == LongType()
    greeks = struct_type(events.GreeksComputed)
    assert greeks["reason"].dataType == StringType()
    assert greeks["implied_vol"].dataType == DoubleType()
    lineage = struct_type(events.SignalIssued)["lineage"].dataType
    assert isinstance(lineage, StructType)
    assert lineage["tick_ids"].dataType == ArrayType(StringType())


def test_a_type_without_a_counterpart_names_the_place_to_change() -> None:
    class Odd(events.Event, frozen=True, kw_only=True):
        blob: bytes

    with pytest.raises(ConfigError, match=r"schema\.py"):
        struct_type(Odd)


def test_what_is_no_struct_has_no_type() -> None:
    with pytest.raises(TypeError):
        struct_type(int)  # type: ignore[arg-type]


def test_a_plain_struct_without_a_tag_is_no_event() -> None:
    class Plain(Struct):
        size: int

    assert struct_type(Plain).names[1:] == ["size"]  # type: ignore[arg-type]


def test_a_field_the_event_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        wire(events.TradeReceived, {"colour": None})  # type: ignore[dict-item]
