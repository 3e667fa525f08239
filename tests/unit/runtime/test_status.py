from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from runtime.settings import Settings
from runtime.status import EVENTS_IN, EVENTS_OUT, LAG, PartStatus, Status, collect, rate, scrape, totals
from runtime.supervisor.ports import LOOPBACK, any_free


def page(events: int, lags: list[int]) -> str:
    registry = CollectorRegistry()
    counter = Counter("optionsai_events_in", "in", ["topic"], registry=registry)
    for topic in ("a", "b"):
        counter.labels(topic).inc(events)
    gauge = Gauge(LAG, "lag", ["topic"], registry=registry)
    for number, lag in enumerate(lags):
        gauge.labels(str(number)).set(lag)
    return generate_latest(registry).decode()


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
def test_metrics_are_summed_over_their_labels(events: int, lags: list[int]) -> None:
    assert totals(page(events, lags)) == {EVENTS_IN: 2.0 * events, LAG: float(sum(lags))}


def test_rates_are_per_second_and_unknown_where_nothing_is_counted() -> None:
    before, after = {EVENTS_IN: 100.0}, {EVENTS_IN: 350.0}
    assert rate(EVENTS_IN, before, after, 2.0) == 125.0
    assert rate(EVENTS_OUT, before, after, 2.0) is None
    assert rate(EVENTS_IN, {}, after, 2.0) is None


def test_a_counter_that_started_anew_has_no_rate() -> None:
    assert rate(EVENTS_IN, {EVENTS_IN: 100.0}, {EVENTS_IN: 3.0}, 1.0) is None


def test_who_does_not_answer_has_no_metrics() -> None:
    assert scrape(LOOPBACK, any_free()) == {}


def test_where_nothing_runs_the_status_says_so(tmp_path: Path) -> None:
    found = collect(Settings(state_dir=tmp_path, config_dir=tmp_path), {})
    assert (found.running, found.healthy, found.phase, found.parts) == (False, False, "stopped", {})


@pytest.mark.parametrize("states", [("ready", "ready"), ("ready", "unready")])
def test_one_sick_part_makes_the_system_sick(states: tuple[str, ...]) -> None:
    parts = {
        str(number): PartStatus(state=state, pid=1, uptime_s=1.0, restarts=0, ready_after_s=1.0, message="")
        for number, state in enumerate(states)
    }
    status = Status(state_dir="s", running=True, phase="running", pid=1, uptime_s=1.0, parts=parts)
    assert status.healthy is ("unready" not in states)
