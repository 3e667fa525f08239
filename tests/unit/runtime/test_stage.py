"""The consume → transform → publish loop: stamps, order of acknowledgement and commit, bad records."""

from collections.abc import Iterable
from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY

from contracts import stages
from contracts.events import Event, PredictionMade
from contracts.ports import Message
from runtime.context import Context
from runtime.settings import load_settings
from runtime.stage import run_stage
from tests.unit.contracts.examples import EXAMPLES
from tests.unit.runtime.fakes import MemorySink, MemorySource, message

PREDICTION = next(event for event in EXAMPLES if isinstance(event, PredictionMade))


class Echo:
    """Returns each event once more."""

    def handle(self, event: Event, appended_at: int) -> Iterable[Event]:
        assert appended_at == event.event_time
        return [event]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    settings = load_settings({"OPTIONSAI_CONFIG_DIR": str(tmp_path), "OPTIONSAI_STATE_DIR": str(tmp_path)})
    return Context("engine", settings, structlog.get_logger())


def run(context: Context, records: list[Message]) -> tuple[MemorySource, MemorySink]:
    source, sink = MemorySource(records, context.stop), MemorySink()
    run_stage(context, source, sink, Echo(), appended=stages.PREDICTED, done=stages.DECIDED)
    return source, sink


def test_headers_travel_on_and_gain_this_stage(context: Context) -> None:
    before = context.now()
    _, sink = run(context, [message(PREDICTION, stamps={stages.DUE: 5, stages.SENT: 6})])
    ((event, stamps),) = sink.sent
    assert event == PREDICTION
    assert list(stamps) == [stages.DUE, stages.SENT, stages.PREDICTED, stages.DECIDED]
    assert stamps[stages.PREDICTED] == PREDICTION.event_time
    assert before <= stamps[stages.DECIDED] <= context.now()


def test_everything_is_acknowledged_before_it_is_committed(context: Context) -> None:
    source, sink = run(context, [message(PREDICTION, offset) for offset in range(500)])
    assert source.committed == len(sink.sent) == sink.flushed == 500
    assert context.is_ready.is_set()


def test_a_record_that_breaks_the_contract_is_passed_over_and_counted(context: Context) -> None:
    def skipped() -> float:
        return REGISTRY.get_sample_value("optionsai_records_skipped_total", {"topic": "models.predictions"}) or 0.0

    before = skipped()
    bad = message(PREDICTION)._replace(value=b"{")
    _, sink = run(context, [bad, message(PREDICTION, 1)])
    assert [event for event, _ in sink.sent] == [PREDICTION]
    assert skipped() == before + 1
