from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ConfigError, PartError, StateError
from contracts.topics import BY_NAME
from stream_processing.feature_engineering.bars import Rules
from stream_processing.spark_jobs import queries
from stream_processing.spark_jobs.queries import QUERIES, Job, Query

RULES = Rules((1, 60), 1_000_000)


def job(folder: Path, **changes: Any) -> Job:  # noqa: ANN401 - any field of a job
    return Job({}, folder, 120, RULES, 1_000)._replace(**changes)


def query(name: str) -> Query:
    return next(query for query in QUERIES if query.name == name)


class EndedQuery:
    """Looks like a query that ended, as `raise_if_ended` and `stop_all` see it."""

    name = "greeks"

    def __init__(self, explanation: str | None, *, active: bool = False) -> None:
        self.isActive, self._explanation = active, explanation
        self.stopped = False

    def exception(self) -> str | None:
        return self._explanation

    def stop(self) -> None:
        self.stopped = True
        raise ConnectionRefusedError


def test_the_table_names_topics_that_exist_and_keeps_their_partitioning() -> None:
    for row in QUERIES:
        assert BY_NAME[row.source.name] is row.source
        for sink in row.sinks:
            assert BY_NAME[sink.name] is sink
            assert row.source.partitions == sink.partitions, "records of one key must stay in order"
    assert len({row.name for row in QUERIES}) == len(QUERIES)


def test_slots_are_counted_before_a_query_waits_for_one_for_ever() -> None:
    held = sum(row.source.partitions for row in QUERIES if row.is_real_time)
    queries.check_slots(f"local[{held + queries.SPARE_SLOTS}]")
    with pytest.raises(ConfigError, match=rf"local\[{held + queries.SPARE_SLOTS}\] or more"):
        queries.check_slots(f"local[{held + queries.SPARE_SLOTS - 1}]")


def test_the_slots_of_a_cluster_are_not_ours_to_count() -> None:
    queries.check_slots("k8s://https://cluster")


def test_a_checkpoint_is_claimed_again_by_the_same_query(tmp_path: Path) -> None:
    folder = queries.claim_checkpoint(query("bars"), job(tmp_path))
    assert folder == tmp_path / "bars-v2"
    (folder / "offsets").mkdir()
    assert queries.claim_checkpoint(query("bars"), job(tmp_path)) == folder


def test_settings_that_do_not_shape_the_state_may_change(tmp_path: Path) -> None:
    (queries.claim_checkpoint(query("bars"), job(tmp_path)) / "offsets").mkdir()
    queries.claim_checkpoint(query("bars"), job(tmp_path, checkpoint_interval_s=5, bar_trigger_ms=7))


@pytest.mark.parametrize("change", [Rules((1, 60, 120), 1_000_000), Rules((1, 60), 5_000_000)])
def test_a_changed_form_is_refused_with_the_runbook(tmp_path: Path, change: Rules) -> None:
    (queries.claim_checkpoint(query("bars"), job(tmp_path)) / "offsets").mkdir()
    with pytest.raises(StateError, match=r"bars-v2.*docs/operations\.md"):
        queries.claim_checkpoint(query("bars"), job(tmp_path, bars=change))


def test_a_checkpoint_of_unknown_origin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "greeks-v1" / "offsets").mkdir(parents=True)
    with pytest.raises(StateError):
        queries.claim_checkpoint(query("greeks"), job(tmp_path))


def test_a_folder_in_which_no_batch_was_ever_planned_may_be_claimed_by_any_form(tmp_path: Path) -> None:
    queries.claim_checkpoint(query("bars"), job(tmp_path))
    queries.claim_checkpoint(query("bars"), job(tmp_path, bars=Rules((1, 60, 120), 1_000_000)))


def test_a_query_that_runs_is_left_alone() -> None:
    queries.raise_if_ended([EndedQuery(None, active=True)])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("explanation", "kind", "says"),
    [
        ("[STREAM_FAILED] ... [KAFKA_DATA_LOSS.X] gone", StateError, "A retention gap"),
        ("[STREAM_FAILED] ... [STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE] no", StateError, "A changed streaming query"),
        ("[STREAM_FAILED] ... broker down", PartError, r"spark-jvm\.log"),
        (None, PartError, "without a reason"),
    ],
)
def test_the_reason_of_an_end_says_what_to_do(explanation: str | None, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        queries.raise_if_ended([EndedQuery(explanation)])  # type: ignore[list-item]


def test_stopping_goes_on_when_one_query_cannot_be_reached() -> None:
    dead = [EndedQuery(None), EndedQuery(None)]
    queries.stop_all(dead)  # type: ignore[arg-type]
    assert all(each.stopped for each in dead)
