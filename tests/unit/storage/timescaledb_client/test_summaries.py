"""What summaries are made of, and what is said to a server that keeps them by itself."""

import re

import pytest

from storage.timescaledb_client.schema import BY_NAME
from storage.timescaledb_client.summaries import SUMMARIES, Summary, _continuous_aggregate


@pytest.mark.parametrize("summary", SUMMARIES, ids=lambda summary: summary.name)
def test_a_summary_is_made_of_columns_of_its_ticks_and_says_whether_they_are_simulated(summary: Summary) -> None:
    source = BY_NAME[summary.source]
    assert source.partitioned, "what is kept for years needs no summary"
    columns = {column.name for column in source.columns}
    named = {word for measure in summary.measures for word in re.findall(r"[a-z_0-9]+", measure.value)}
    assert {summary.about, "event_time"} <= columns
    assert named - columns <= {"true", "ok", "0", "2", str(10**15)}
    assert summary.measures[0].name == "simulated"
    names = [measure.name for measure in summary.measures]
    parts = [measure.name + part.suffix for measure in summary.measures for part in measure.kind.parts]
    assert len(set(names)) == len(names)
    assert len(set(parts)) == len(parts)


def test_names_of_summaries_are_unique_and_no_tables() -> None:
    names = [name for summary in SUMMARIES for name in (summary.name, summary.parts_table)]
    assert len(set(names)) == len(names)
    assert not set(names) & set(BY_NAME)


def test_timescaledb_is_asked_for_a_continuous_aggregate_that_also_shows_what_it_has_not_summed_up_yet() -> None:
    quotes = next(summary for summary in SUMMARIES if summary.name == "quote_minutes")
    text = _continuous_aggregate(quotes).as_string(None)
    assert text.startswith(
        'CREATE MATERIALIZED VIEW IF NOT EXISTS "quote_minutes" '
        "WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS "
        "SELECT time_bucket(INTERVAL '1 minute', event_time) AS minute, \"symbol\", "
        'bool_or(simulated) AS "simulated", count(*) FILTER (WHERE true) AS "quotes", '
    )
    assert text.endswith(' FROM "quotes" GROUP BY 1, 2 WITH NO DATA')
