"""The derived tables, against a golden file and against the topics."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from contracts.events import (
    BarClosed,
    BarCorrected,
    Depths,
    Id,
    IndicatorsComputed,
    Levels,
    Lineage,
    Micros,
    Price,
    Symbol,
)
from contracts.topics import TOPICS
from storage.timescaledb_client import schema
from tests.unit.models.market import bar
from tests.unit.storage.market import BEGAN, trade

GOLDEN = Path(__file__).with_name("tables.golden.sql")


def test_the_tables_are_those_of_the_golden_file() -> None:
    assert schema.ddl() == GOLDEN.read_text(), "an event changed: write a migration, then bring the golden file up"


def test_every_event_of_a_topic_that_keeps_history_has_a_table() -> None:
    expected = {event for topic in TOPICS if topic.stored and not topic.compacted for event in topic.events}
    assert {table.record for table in schema.TABLES} - {schema.StageTimes} == expected


@pytest.mark.parametrize(
    ("kind", "short", "long"),
    [
        (BarClosed, "bars", "long_bars"),
        (BarCorrected, "bar_corrections", "long_bar_corrections"),
        (IndicatorsComputed, "indicators", "long_indicators"),
    ],
)
def test_what_is_about_an_hour_and_more_is_kept_for_years_in_a_table_of_its_own(
    kind: type[Struct], short: str, long: str
) -> None:
    assert schema.table_for(kind, schema.LONG_INTERVAL_S - 1) is schema.BY_NAME[short]
    assert schema.table_for(kind, schema.LONG_INTERVAL_S) is schema.BY_NAME[long]
    assert schema.BY_NAME[short].partitioned
    assert not schema.BY_NAME[long].partitioned
    assert [table.name for table in schema.tables_of(kind)] == [short, long]
    assert schema.BY_NAME[short].columns == schema.BY_NAME[long].columns


def test_a_record_knows_its_table() -> None:
    assert schema.table_of(trade(0)).name == "trades"
    assert schema.table_of(bar(BEGAN)).name == "bars"
    assert schema.table_of(bar(BEGAN, interval_s=604_800)).name == "long_bars"
    assert schema.tables_of(type(trade(0))) == (schema.BY_NAME["trades"],)


def test_names_are_unique_and_indexes_name_columns() -> None:
    assert len(schema.BY_NAME) == len(schema.TABLES)
    for table in schema.TABLES:
        names = {column.name for column in table.columns}
        assert {name for index in (table.key, *table.indexes) for name in index} <= names
        assert set(table.key) == {"event_id", "event_time"}


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (Id, schema.IDENTITY),
        (Micros, schema.MOMENT),
        (Symbol, schema.TEXT),
        (Price, schema.REAL),
        (bool, schema.TRUTH),
        (Literal["C", "P"], schema.TEXT),
        (Literal[-1, 0, 1], schema.SMALL),
        (Annotated[int, Meta(gt=0)], schema.WHOLE),
        (Levels, schema.REALS),
        (Depths, schema.WHOLES),
        (tuple[Id, ...], schema.IDENTITIES),
        (Lineage, schema.DOCUMENT),
        (dict[str, int], schema.DOCUMENT),
    ],
)
def test_each_annotation_has_its_kind_of_column(hint: object, kind: schema.Kind) -> None:
    assert schema.kind_of(hint) == kind


def test_an_annotation_without_a_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="no kind of column for"):
        schema.kind_of(complex)


def test_only_optional_fields_are_nullable() -> None:
    nullable = {column.name for column in schema.columns_of(BarClosed) if column.nullable}
    assert nullable == {"signed_volume", "realised_variance"}


def test_columns_follow_the_fields_of_any_struct() -> None:
    class Small(Struct):
        event_id: Id
        note: str | None

    assert schema.columns_of(Small) == (
        schema.Column("event_id", schema.IDENTITY, nullable=False),
        schema.Column("note", schema.TEXT, nullable=True),
    )
