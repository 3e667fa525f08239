from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.errors import ConfigError, PartError, StateError
from contracts.topics import BY_NAME, CLOCK
from runtime.settings import Triggers
from stream_processing.feature_engineering.bars import Rules
from stream_processing.feature_engineering.chains.machine import ChainRules
from stream_processing.feature_engineering.flow import FlowRules
from stream_processing.feature_engineering.option_flow import OptionFlowRules
from stream_processing.feature_engineering.slow import machine as slow
from stream_processing.spark_jobs import queries
from stream_processing.spark_jobs.queries import QUERIES, Job, Query

RULES = Rules((1, 60), 1_000_000)


def job(folder: Path, **changes: Any) -> Job:  # noqa: ANN401 - any field of a job
    memory = FlowRules(1_000_000), OptionFlowRules(1_000_000), ChainRules(), slow.Rules(1_000_000, 30_000_000, {})
    return Job({}, folder, 120, RULES, *memory, msgspec.structs.asdict(Triggers()))._replace(**changes)


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
        assert all(BY_NAME[topic.name] is topic for topic in (*row.sources, *row.sinks))
        if row.is_real_time:
            (source,), (sink,) = row.sources, row.sinks
            assert source.partitions == sink.partitions, "records of one key must stay in order"
        else:
            assert CLOCK in row.sources, "what is open would wait for another event"
            assert set(job(Path()).trigger_ms) >= {row.name}
    assert len({row.name for row in QUERIES}) == len(QUERIES)


def test_slots_are_counted_before_a_query_waits_for_one_for_ever() -> None:
    held = sum(row.sources[0].partitions for row in QUERIES if row.is_real_time)
    queries.check_slots(f"local[{held + queries.SPARE_SLOTS}]")
    with pytest.raises(ConfigError, match=rf"local\[{held + queries.SPARE_SLOTS}\] or more"):
        queries.check_slots(f"local[{held + queries.SPARE_SLOTS - 1}]")


def test_the_slots_of_a_cluster_are_not_ours_to_count() -> None:
    queries.check_slots("k8s://https://cluster")


def test_a_checkpoint_is_claimed_again_by_the_same_query(tmp_path: Path) -> None:
    folder = queries.claim_checkpoint(query("names"), job(tmp_path))
    assert folder == tmp_path / "names-v2"
    (folder / "offsets").mkdir()
    assert queries.claim_checkpoint(query("names"), job(tmp_path)) == folder


def test_settings_that_do_not_shape_the_state_may_change(tmp_path: Path) -> None:
    (queries.claim_checkpoint(query("names"), job(tmp_path)) / "offsets").mkdir()
    queries.claim_checkpoint(query("names"), job(tmp_path, checkpoint_interval_s=5, trigger_ms={"names": 7}))


@pytest.mark.parametrize("change", [Rules((1, 60, 120), 1_000_000), Rules((1, 60), 5_000_000)])
def test_a_changed_form_is_refused_with_the_runbook(tmp_path: Path, change: Rules) -> None:
    (queries.claim_checkpoint(query("names"), job(tmp_path)) / "offsets").mkdir()
    with pytest.raises(StateError, match=r"names-v2.*docs/operations\.md"):
        queries.claim_checkpoint(query("names"), job(tmp_path, bars=change))


def test_a_checkpoint_of_unknown_origin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "greeks-v1" / "offsets").mkdir(parents=True)
    with pytest.raises(StateError):
        queries.claim_checkpoint(query("greeks"), job(tmp_path))


def test_a_folder_in_which_no_batch_was_ever_planned_may_be_claimed_by_any_form(tmp_path: Path) -> None:
    queries.claim_checkpoint(query("names"), job(tmp_path))
    queries.claim_checkpoint(query("names"), job(tmp_path, bars=Rules((1, 60, 120), 1_000_000)))


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
