import asyncio
import threading
from collections.abc import Callable

from contracts import stages
from contracts.ports import Position
from contracts.topics import GREEKS, SIGNALS
from storage.timescaledb_client.reader import StoredSignal
from tests.memory_topics import MemoryTopics
from tests.unit.visualization.events import BEGAN, EXPIRY, SECOND, bar, greeks, quote, signal
from tests.unit.visualization.fakes import FixedStatus, MemoryReader
from visualization.dash_app import hub as module
from visualization.dash_app.hub import HISTORY_TOPICS, LIVE_TOPICS, Hub
from visualization.dash_app.ports import ServiceState

LIMIT_S = 10.0


class Running:
    """A hub with its topics, reader, services and clock."""

    def __init__(self) -> None:
        self.topics, self.reader, self.status = MemoryTopics(), MemoryReader(), FixedStatus()
        self.time = BEGAN
        self.hub = Hub(self.reader, self.status, lambda: self.time)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Run until something is known."""
        stop, ready = threading.Event(), threading.Event()
        live, history = self.topics.source(LIVE_TOPICS), self.topics.source(HISTORY_TOPICS)
        running = asyncio.create_task(self.hub.run(live, history, stop, ready.set))
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110 - the hub announces nothing
                await asyncio.sleep(0.01)
        assert ready.is_set()
        stop.set()
        await running


def test_records_of_all_topics_become_what_is_shown() -> None:
    running = Running()
    due = {stages.DUE: BEGAN}
    for event in (quote(1), bar(0), greeks(1), signal(1)):
        running.topics.append(event, due, appended_at=BEGAN + 20_000)
    running.topics.append_bytes(GREEKS.name, b"{")
    view, hub = running.hub.view, running.hub
    asyncio.run(
        running.until(lambda: bool(view.quote("AAPL") and view.bars("AAPL") and view.signals(1) and hub.skipped))
    )
    assert view.expiries("AAPL") == [EXPIRY]
    assert view.signals(1)[0].latency_us == 20_000
    latency = hub.flows[GREEKS.name].latency(BEGAN)
    assert latency is not None
    assert latency.max_ms == 20.0


def test_signals_come_from_the_database_up_to_where_it_stands_and_from_the_topic_after_that() -> None:
    """The topic's older records are not read again: here they are not even readable."""
    running = Running()
    running.reader.stored = [StoredSignal(signal(number), {stages.DUE: 1, stages.SIGNALLED: 5}) for number in range(3)]
    running.reader.up_to = {0: 2}
    running.topics.append_bytes(SIGNALS.name, b"{")
    running.topics.append_bytes(SIGNALS.name, b"{")
    running.topics.append(signal(2))
    running.topics.append(signal(3))
    asyncio.run(running.until(lambda: running.hub.flows[SIGNALS.name].total == 2))
    assert [shown.signal for shown in running.hub.view.signals(10)] == [signal(n) for n in (3, 2, 1, 0)]
    assert running.hub.skipped == 0


def test_stored_greeks_fill_the_chains_at_the_start() -> None:
    running = Running()
    running.time = BEGAN + 100 * SECOND
    running.reader.greeks = [greeks(1, 190.0), greeks(2, 195.0)]
    running.reader.stored = [StoredSignal(signal(0), {})]
    running.hub.view.apply(bar(0), {})
    asyncio.run(running.until(lambda: len(running.hub.view.chain("AAPL", EXPIRY)) == 2))


def test_without_the_database_everything_comes_from_the_topics() -> None:
    running = Running()
    running.reader.down = True
    running.topics.append(signal(0))
    asyncio.run(running.until(lambda: bool(running.hub.view.signals(1))))
    assert asyncio.run(running.hub.find_signal(signal(9).event_id)) is None


def test_a_signal_is_found_in_memory_or_in_the_database() -> None:
    running = Running()
    running.hub.view.apply(signal(1), {})
    running.reader.stored = [StoredSignal(signal(0), {stages.DUE: 7})]
    recent = asyncio.run(running.hub.find_signal(signal(1).event_id))
    old = asyncio.run(running.hub.find_signal(signal(0).event_id))
    assert recent is not None
    assert recent.signal == signal(1)
    assert old is not None
    assert old.stamps == {stages.DUE: 7}
    assert asyncio.run(running.hub.find_signal("nothing")) is None


def test_services_have_rates_from_the_growth_of_their_counts() -> None:
    running = Running()
    hub = running.hub
    for elapsed_s, count in ((0, 100.0), (2, 160.0)):
        state = ServiceState(ready=True, detail="ready", events_in=count, events_out=None, memory_mib=81.4)
        hub.learn({"engine": state}, BEGAN + elapsed_s * SECOND)
    assert hub.service_rows() == {
        "engine": [["engine", "name"], ["ready", "good"], ["30"], ["–"], ["81"], ["ready", "words"]]
    }
    hub.learn({"engine": ServiceState(ready=False, detail="starting", events_in=3.0)}, BEGAN + 4 * SECOND)
    assert hub.service_rows()["engine"][1:3] == [["not ready", "bad"], ["–"]]


def test_services_are_asked_while_the_hub_runs() -> None:
    running = Running()
    running.status.states = {"engine": ServiceState(ready=True, detail="ready")}
    asyncio.run(running.until(lambda: "engine" in running.hub.service_rows()))


def test_a_position_is_named_for_the_signals_topic_alone() -> None:
    running = Running()
    running.reader.up_to = {0: 7, 1: 9}
    found = asyncio.run(module.stored_signals(running.reader, running.hub.view))
    assert found == [Position(SIGNALS.name, 0, 7), Position(SIGNALS.name, 1, 9)]
