"""The streaming job disturbed: the broker and the driver killed at work, poison in every topic that a query reads.

One of each; `make soak` has the long drill. What the topics hold afterwards must be, to the byte, what the same queries
make of the same events in one piece, without faults and without poison.
"""

from typing import Final

import pytest

from contracts import wire
from contracts.topics import BARS, GREEKS, MICROSTRUCTURE, Topic
from tests import drill
from tests.streaming_job import RunningBroker

SETTINGS: Final = {
    "checkpoint_interval_s": 5,
    "bar_intervals_s": (1, 5, 60),
    "trigger_ms": {"names": 200},
}
MESSAGES: Final = 2_000
PLAN: Final = drill.Plan(kills=1, bounces=1, stretch_s=4.0, seed=11)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> drill.Outcome:
    folder = tmp_path_factory.mktemp("faults")
    with RunningBroker(folder) as broker:
        return drill.run(folder, broker, SETTINGS, drill.tape(MESSAGES), PLAN)


@pytest.mark.parametrize("topic", drill.SINKS, ids=lambda topic: topic.name)
def test_nothing_is_lost_and_nothing_made_of_poison(outcome: drill.Outcome, topic: Topic) -> None:
    found, reference = outcome.found[topic.name].keys(), outcome.reference[topic.name]
    assert sorted(reference - found) == []
    assert sorted(found - reference) == []


def test_an_id_stands_for_one_row(outcome: drill.Outcome) -> None:
    for topic, rows in outcome.found.items():
        assert len({wire.decode(topic, row).event_id for row in rows}) == len(rows)


def test_the_drill_was_one(outcome: drill.Outcome) -> None:
    assert all(outcome.poison[topic.name] > 100 for topic in drill.SOURCES)
    for topic in (GREEKS, MICROSTRUCTURE, BARS):
        assert len(outcome.reference[topic.name]) > MESSAGES // 50
