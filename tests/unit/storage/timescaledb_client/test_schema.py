"""The derived tables, against a golden file and against the topics."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from contracts.events import BarClosed, Depths, Id, Levels, Lineage, Micros, Price, Symbol
from contracts.topics import TOPICS
from storage.timescaledb_client import schema

GOLDEN = Path(__file__).with_name("tables.golden.sql")


def test_the_tables_are_those_of_the_golden_file() -> None:
    assert schema.ddl() == GOLDEN.read_text(), "an event changed: write a migration, then bring the golden file up"


def test_every_event_of_a_topic_that_keeps_history_has_a_table() -> None:
    expected = {event for topic in TOPICS if topic.stored and not topic.compacted for event in topic.events}
    assert {table.record for table in schema.TABLES} - {schema.StageTimes} == expected


def test_names_are_unique_and_indexes_name_columns() -> None:
    assert len(schema.BY_NAME) == len(schema.BY_RECORD) == len(schema.TABLES)
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
