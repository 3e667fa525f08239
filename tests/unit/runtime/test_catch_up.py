"""Reading back what topics hold: all of it, or the tail before the last record; never what comes later."""

import threading
from pathlib import Path

import pytest
import structlog

from contracts.errors import PartError
from contracts.ports import Message, Position
from contracts.topics import BARS, MICROSTRUCTURE, SIGNALS
from runtime import catch_up
from runtime.catch_up import read_all, read_tail
from runtime.settings import load_settings
from tests.unit.models.market import SECOND, START, bar, micro
from tests.unit.runtime.bounded import BoundedMemorySource, MemoryContext


@pytest.fixture
def context(tmp_path: Path) -> MemoryContext:
    settings = load_settings({"OPTIONSAI_CONFIG_DIR": str(tmp_path), "OPTIONSAI_STATE_DIR": str(tmp_path)})
    return MemoryContext("scoring", settings, structlog.get_logger())


def test_all_of_several_topics_is_read_each_in_order(context: MemoryContext) -> None:
    bars = [bar(START + i * SECOND) for i in range(5)]
    books = [micro(START + i * SECOND) for i in range(3)]
    for event in (*bars, *books):
        context.topics.append(event)
    read = list(read_all(context, context.open_source("g", [BARS, MICROSTRUCTURE], start="latest")))
    assert [event for event in read if event in bars] == bars
    assert [event for event in read if event in books] == books
    assert len(read) == 8


def test_what_arrives_meanwhile_is_left_for_later(context: MemoryContext) -> None:
    for i in range(3):
        context.topics.append(bar(START + i * SECOND))
    read = []
    for event in read_all(context, context.open_source("g", [BARS])):
        read.append(event)
        context.topics.append(bar(START + (len(read) + 10) * SECOND))
    assert [event.event_time for event in read] == [START, START + SECOND, START + 2 * SECOND]


def test_the_tail_is_counted_back_from_the_last_record_not_from_now(context: MemoryContext) -> None:
    for i in range(100):
        context.topics.append(bar(START + i * SECOND), appended_at=START + i * SECOND)
    read = list(read_tail(context, context.open_source("g", [BARS], start="latest"), 10.0))
    assert [event.event_time for event in read] == [START + i * SECOND for i in range(89, 100)]


def test_a_tail_longer_than_the_topic_is_all_of_it(context: MemoryContext) -> None:
    context.topics.append(bar(START), appended_at=START)
    assert len(list(read_tail(context, context.open_source("g", [BARS, MICROSTRUCTURE]), 1e6))) == 1


def test_empty_topics_are_read_without_waiting(context: MemoryContext) -> None:
    assert list(read_all(context, context.open_source("g", [BARS, SIGNALS]))) == []
    assert list(read_tail(context, context.open_source("g", [BARS, SIGNALS]), 60.0)) == []


def test_a_broken_record_is_passed_over_even_as_the_last(context: MemoryContext) -> None:
    context.topics.append(bar(START), appended_at=START)
    context.topics.append_bytes(BARS.name, b"{}", appended_at=START)
    assert len(list(read_all(context, context.open_source("g", [BARS])))) == 1
    assert len(list(read_tail(context, context.open_source("g", [BARS]), 1.0))) == 1


def test_a_request_to_stop_ends_the_reading(context: MemoryContext) -> None:
    for i in range(10):
        context.topics.append(bar(START + i * SECOND))
    reading = read_all(context, context.open_source("g", [BARS]))
    next(reading)
    context.stop.set()
    assert len(list(reading)) < 9


class DeafSource(BoundedMemorySource):
    """Says that there are records and never hands one out."""

    def ends(self) -> list[Position]:
        return [Position(BARS.name, 0, 7)]

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        assert max_messages > 0
        assert timeout_s <= catch_up.POLL_TIMEOUT_S
        return []


def test_a_broker_that_falls_silent_is_an_error_and_not_a_wait(context: MemoryContext) -> None:
    deaf = DeafSource(context.topics, {BARS.name: 0}, threading.Event())
    with pytest.raises(PartError, match=r"features\.bars"):
        list(read_all(context, deaf))
