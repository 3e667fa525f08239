from collections.abc import Callable, Sequence

import pytest

from contracts.events import BarClosed, IngestionProgressed
from contracts.stages import DUE, SENT
from data_ingestion.data_validators.judge import Judge
from data_ingestion.publisher import Publisher
from data_ingestion.simulator.market import Rates, regenerate
from data_ingestion.simulator.pacing import CONTIGUOUS, START_DELAY_US, Outside, Plan, resumable, run
from tests.unit.data_ingestion.memory_sink import Figures, MemorySink
from tests.unit.data_ingestion.simulator.moments import MINUTE, RATES, SECOND, START

PLAN = Plan(seed=42, rates=RATES, resume_within_us=15 * MINUTE)
WORK_US = 3
"""What a look at the clock costs in the world of these tests."""


class World(MemorySink):
    """A clock that moves when somebody waits or works, a stop at a time, a sink that may stall."""

    def __init__(self, begins: int, ends: int, stalls: dict[int, int] | None = None) -> None:
        super().__init__()
        self.time, self.ends, self.stalls = begins, ends, dict(stalls or {})
        self.figures = Figures()
        self.ready_after: list[int] = []

    def now(self) -> int:
        self.time += WORK_US
        return self.time

    def is_set(self) -> bool:
        return self.time >= self.ends

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout <= 0.002
        self.time += round(timeout * SECOND) + 1
        return self.is_set()

    def flush(self, timeout_s: float) -> None:
        super().flush(timeout_s)
        for at in [at for at in self.stalls if at <= self.time]:
            self.time += self.stalls.pop(at)

    def publish(self, recorded: Sequence[IngestionProgressed] = (), plan: Plan = PLAN) -> None:
        publisher = Publisher(self, Judge(CONTIGUOUS), self.figures, self.now)
        run(plan, Outside(self, publisher, self, self.now), recorded, lambda: self.ready_after.append(len(self.sent)))

    def market(self) -> list[str]:
        """Ids of everything but progress, in the order of sending."""
        return [event.event_id for event in self.events if not isinstance(event, IngestionProgressed)]

    def progress(self) -> list[IngestionProgressed]:
        return [event for event in self.events if isinstance(event, IngestionProgressed)]


def seeded(progress: IngestionProgressed, until: int) -> list[str]:
    return [event.event_id for event in regenerate(progress.seed, progress.started_at, until, RATES)]


@pytest.fixture(scope="module")
def first() -> World:
    """Three seconds of a new run."""
    world = World(START - START_DELAY_US, START + 3 * SECOND)
    world.publish()
    return world


def test_a_new_run_publishes_its_history_and_then_the_market(first: World) -> None:
    assert all(isinstance(event, BarClosed) for event in first.events[:600])
    assert isinstance(first.events[600], IngestionProgressed)
    assert first.ready_after[0] == 601
    last = first.progress()[-1]
    assert START < last.started_at < START + 10 * WORK_US
    made = seeded(last, last.event_time + 2)
    assert first.market() == made


def test_events_go_out_when_they_are_due(first: World) -> None:
    for event, stamps in first.sent[601:]:
        if not isinstance(event, IngestionProgressed):
            assert stamps[DUE] == event.event_time <= stamps[SENT]
    assert max(first.figures.late_us) < 3_000
    assert first.figures.oddities == []


def test_progress_is_recorded_every_second_and_covers_only_what_is_acknowledged(first: World) -> None:
    times = [progress.event_time for progress in first.progress()]
    assert len(times) == 5  # before the start, three in between, at the end
    assert times == sorted(times)
    for number, progress in enumerate(first.progress()[1:]):
        position = first.events.index(progress)
        earlier = {event.event_id for event in first.events[:position]}
        assert earlier >= set(seeded(progress, progress.event_time + 1)), number


def test_a_restart_resumes_and_both_together_hold_the_run_without_a_gap(first: World) -> None:
    second = World(first.time + 5 * SECOND, first.time + 7 * SECOND)
    second.publish(first.progress()[:-1])  # killed: the last record was not written
    assert not any(isinstance(event, BarClosed) for event in second.events)
    last = second.progress()[-1]
    assert last.started_at == first.progress()[0].started_at
    assert set(first.market()) | set(second.market()) == set(seeded(last, last.event_time + 2))
    assert second.figures.late_us[0] > 5 * SECOND  # due on schedule, sent late
    assert second.figures.late_us[-1] < 3_000


def test_after_a_stall_the_run_catches_up_without_loss() -> None:
    world = World(START - START_DELAY_US, START + 12 * SECOND, stalls={START + SECOND: 8 * SECOND})
    world.publish()
    last = world.progress()[-1]
    assert len({progress.started_at for progress in world.progress()}) == 1
    assert len(world.progress()) < 10  # recording waits for acknowledgements: not after each batch of the backlog
    assert world.market() == seeded(last, last.event_time + 2)
    assert max(world.figures.late_us) > 7 * SECOND
    assert world.figures.late_us[-1] < 3_000


def test_after_too_long_a_stall_a_new_run_begins() -> None:
    world = World(START - START_DELAY_US, START + 16 * MINUTE + 6 * SECOND, stalls={START + SECOND: 16 * MINUTE})
    world.publish()
    starts = {progress.started_at for progress in world.progress()}
    assert len(starts) == 2
    last = world.progress()[-1]
    fresh = [event.event_id for event in world.events if event.source == last.source and event is not last]
    assert set(seeded(last, last.event_time + 1)) <= set(fresh)


def test_a_run_that_was_asked_to_stop_before_it_began_does_nothing() -> None:
    world = World(START, START)
    world.publish()
    assert world.sent == []


def progress(
    at: int, started_at: int = START, change: Callable[[Plan], Plan] = lambda plan: plan
) -> IngestionProgressed:
    return IngestionProgressed(
        event_id=f"{at:032d}",
        event_time=at,
        source="simulator",
        simulated=True,
        seed=PLAN.seed,
        started_at=started_at,
        settings_id=change(PLAN).settings_id,
    )


def test_the_latest_recent_progress_of_the_same_settings_is_resumed() -> None:
    now = START + 20 * MINUTE
    old, recent, latest = (progress(START + minute * MINUTE) for minute in (1, 6, 9))
    other = progress(START + 10 * MINUTE, change=lambda plan: plan._replace(rates=Rates(1.0, 1.0)))
    assert resumable(PLAN, [recent, latest, old, other], now) == latest
    assert resumable(PLAN, [old, other], now) is None
    assert resumable(PLAN, [], now) is None
    assert resumable(PLAN, [progress(now - PLAN.resume_within_us)], now) is not None
    assert resumable(PLAN, [progress(now - PLAN.resume_within_us - 1)], now) is None
