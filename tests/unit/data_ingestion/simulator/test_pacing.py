from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import islice, takewhile

import numpy as np
import pytest

from contracts.events import BarClosed, Event, IngestionProgressed, OpenInterestReported, TimePassed, TradeReceived
from contracts.stages import DUE, SENT
from contracts.wire import encode
from data_ingestion.data_validators.judge import Judge
from data_ingestion.publisher import Publisher
from data_ingestion.simulator import tape
from data_ingestion.simulator.core.clock import Hours, Session
from data_ingestion.simulator.core.sessions import World as Market
from data_ingestion.simulator.faults import LATE_US, FaultRates, Injected
from data_ingestion.simulator.options.interest import Activity
from data_ingestion.simulator.options.reports import reports
from data_ingestion.simulator.pacing import CONTIGUOUS, Outside, Plan, resumable, run
from data_ingestion.simulator.tape import Rates
from data_ingestion.simulator.universe import COUNT, SYMBOLS
from tests.unit.data_ingestion.memory_sink import Figures, MemorySink
from tests.unit.data_ingestion.simulator.moments import MINUTE, RATES, SECOND, START

PLAN = Plan(Market(42), RATES, FaultRates(), resume_within_us=15 * MINUTE)
BEGUN = START // MINUTE * MINUTE
"""A run begins with the minute in which it is started."""
HISTORY_MINUTES = 5
REPORTED = 20
OUR_OWN = (IngestionProgressed, TimePassed)
"""What is sent when it is ready, and says how far the market has come."""
WORK_US = 3
"""What a look at the clock costs in the world of these tests."""


class World(MemorySink):
    """A clock that moves when somebody waits or works, a stop at a time, a sink that may stall."""

    def __init__(self, begins: int, ends: int, stalls: dict[int, int] | None = None) -> None:
        super().__init__()
        self.time, self.ends, self.stalls = begins, ends, dict(stalls or {})
        self.figures = Figures()
        self.ready_after: list[int] = []
        self.injected: list[Injected] = []
        self.flushed: list[int] = []
        """How many events had been sent at each flush."""

    def now(self) -> int:
        self.time += WORK_US
        return self.time

    def is_set(self) -> bool:
        return self.time >= self.ends

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout <= 0.1
        self.time += round(timeout * SECOND) + 1
        return self.is_set()

    def flush(self, timeout_s: float) -> None:
        super().flush(timeout_s)
        self.flushed.append(self.acknowledged)
        for at in [at for at in self.stalls if at <= self.time]:
            self.time += self.stalls.pop(at)

    def publish(self, recorded: Sequence[IngestionProgressed] = (), plan: Plan = PLAN) -> None:
        publisher = Publisher(self, Judge(CONTIGUOUS), self.figures, self.now)
        outside = Outside(self, publisher, self, self.now, self.injected.append)
        run(plan, outside, recorded, lambda: self.ready_after.append(len(self.sent)))

    def market(self) -> list[str]:
        """Ids of everything but our own, in the order of sending."""
        return [event.event_id for event in self.events if not isinstance(event, OUR_OWN)]

    def past(self) -> list[Event]:
        """What a new run publishes first."""
        return list(takewhile(lambda event: not isinstance(event, IngestionProgressed), self.events))

    def progress(self) -> list[IngestionProgressed]:
        return [event for event in self.events if isinstance(event, IngestionProgressed)]


@cache
def made(progress: IngestionProgressed, plan: Plan = PLAN) -> list[Event]:
    """All of the market that is to be published up to recorded progress."""
    run = plan.tape(progress.started_at).run(progress.started_at, progress.event_time + 1)
    return [event for event in run if not isinstance(event, OUR_OWN)]


def seeded(progress: IngestionProgressed, plan: Plan = PLAN) -> list[str]:
    """Its ids."""
    return [event.event_id for event in made(progress, plan)]


def usual_activity(made: tape.Tape, session: Session) -> Activity:
    """A little of everything."""
    each = np.full(made.day_of(session).chain.strike.size, 100)
    return Activity(each, each)


@pytest.fixture(scope="module", autouse=True)
def quickly_made() -> Iterator[None]:
    """A little history, and one latent market a world: what is tested are the runs, each on its own tape."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("latent_of", "as_traded", "day_of"):
            patch.setattr(tape, name, cache(getattr(tape, name)))
        patch.setattr(tape, "reports", lambda *known: islice(reports(*known), REPORTED))
        patch.setattr(tape.Tape, "_activity_of", usual_activity)
        patch.setattr(tape, "HISTORY_MINUTES", HISTORY_MINUTES)
        yield


@pytest.fixture(scope="module")
def first() -> World:
    """Three seconds of a new run."""
    world = World(START, START + 3 * SECOND)
    world.publish()
    return world


def test_a_new_run_publishes_its_history_and_then_the_market(first: World) -> None:
    past = first.past()
    assert all(isinstance(event, BarClosed) for event in past[: HISTORY_MINUTES * COUNT])
    assert [type(event) for event in past[HISTORY_MINUTES * COUNT :]] == [OpenInterestReported] * REPORTED
    assert max(event.event_time for event in past) == BEGUN
    assert first.ready_after[0] == len(past) + 1
    last = first.progress()[-1]
    assert last.started_at == BEGUN
    assert first.market() == seeded(last)


def test_the_minute_in_which_it_is_started_is_made_up_for(first: World) -> None:
    trades = [event for event in first.events if isinstance(event, TradeReceived)]
    assert BEGUN <= trades[0].event_time < BEGUN + SECOND
    bar_ends = {event.event_time for event in first.past() if isinstance(event, BarClosed)}
    assert max(bar_ends) == BEGUN


def test_events_go_out_when_they_are_due(first: World) -> None:
    late = []
    for event, stamps in first.sent[len(first.past()) + 1 :]:
        if not isinstance(event, OUR_OWN):
            assert stamps[DUE] == event.event_time <= stamps[SENT]
            if event.event_time > START + SECOND:
                late.append(stamps[SENT] - event.event_time)
    assert max(late) < 3_000
    assert first.figures.oddities == []


def test_progress_is_recorded_every_second_and_covers_only_what_is_acknowledged(first: World) -> None:
    times = [progress.event_time for progress in first.progress()]
    assert len(times) in {4, 5}  # before the start, two or three in between, at the end
    assert times == sorted(times)
    for number, progress in enumerate(first.progress()[1:]):
        position = first.events.index(progress)
        earlier = {event.event_id for event in first.events[:position]}
        due = {event.event_id for event in made(first.progress()[-1]) if event.event_time <= progress.event_time}
        assert earlier >= due, number


def test_readers_are_told_what_has_passed_once_it_is_acknowledged(first: World) -> None:
    told = [(place, event) for place, event in enumerate(first.events) if isinstance(event, TimePassed)]
    times = sorted({event.event_time for _, event in told})
    assert [event.symbol for _, event in told] == [*SYMBOLS] * len(times)
    assert len(times) in {2, 3, 4}
    for place, event in told[::COUNT]:
        assert event.event_time % SECOND == 0
        assert place in first.flushed
        earlier = {sent.event_id for sent in first.events[:place]}
        assert earlier >= {one.event_id for one in made(first.progress()[-1]) if one.event_time <= event.event_time}
    last = first.progress()[-1]
    taped = set(map(encode, PLAN.tape(last.started_at).run(last.started_at, last.event_time + 1)))
    assert taped >= {encode(event) for _, event in told}


def test_a_restart_resumes_and_both_together_hold_the_run_without_a_gap(first: World) -> None:
    second = World(first.time + 5 * SECOND, first.time + 7 * SECOND)
    second.publish(first.progress()[:-1])  # killed: the last record was not written
    assert not any(isinstance(event, BarClosed) for event in second.events)
    last = second.progress()[-1]
    assert last.started_at == first.progress()[0].started_at
    assert set(first.market()) | set(second.market()) == set(seeded(last))
    assert second.figures.late_us[0] > 5 * SECOND  # due on schedule, sent late
    assert second.figures.late_us[-1] < 3_000


def test_after_a_stall_the_run_catches_up_without_loss() -> None:
    world = World(START, START + 12 * SECOND, stalls={START + SECOND: 8 * SECOND})
    world.publish()
    last = world.progress()[-1]
    assert len({progress.started_at for progress in world.progress()}) == 1
    assert len(world.progress()) < 10  # recording waits for acknowledgements: not after each batch of the backlog
    assert world.market() == seeded(last)
    assert max(world.figures.late_us) > 7 * SECOND
    assert world.figures.late_us[-1] < 3_000


def test_after_too_long_a_stall_a_new_run_begins() -> None:
    world = World(START, START + 16 * MINUTE + 6 * SECOND, stalls={START + SECOND: 16 * MINUTE})
    world.publish()
    starts = {progress.started_at for progress in world.progress()}
    assert len(starts) == 2
    last = world.progress()[-1]
    assert set(seeded(last)) <= set(world.market())


def test_a_closed_market_is_waited_for_without_starting_over() -> None:
    """Progress goes on while nothing is due, so that the silence is not taken for a stall."""
    plan = PLAN._replace(world=Market(42, Hours.EXCHANGE), rates=Rates(0.0, 0.0), resume_within_us=2 * MINUTE)
    open_at = int(datetime(2026, 1, 6, 14, 30, tzinfo=UTC).timestamp()) * SECOND
    world = World(open_at - 5 * MINUTE, open_at + 2 * SECOND)
    world.publish(plan=plan)
    assert len({progress.started_at for progress in world.progress()}) == 1
    live = [event for event in world.events if isinstance(event, TradeReceived)]
    assert live
    assert min(event.event_time for event in live) >= open_at
    assert world.market() == seeded(world.progress()[-1], plan)


def test_faults_on_request_are_told_and_survive_a_restart() -> None:
    """What was to come late is not lost though the moment it belongs to lies before the recorded progress."""
    plan = PLAN._replace(faults=FaultRates(late=0.05, duplicated=0.05))
    whole = World(START, START + 12 * SECOND)
    whole.publish(plan=plan)
    told = {fault.fault for fault in whole.injected}
    assert told == {"late", "duplicated"}
    late = {fault.event_id for fault in whole.injected if fault.fault == "late"}
    stamps = {event.event_id: found[DUE] - event.event_time for event, found in whole.sent}
    assert {event_id for event_id, delay in stamps.items() if delay == LATE_US} == late & stamps.keys()

    first = World(START, START + 3 * SECOND)
    first.publish(plan=plan)
    second = World(first.time, START + 12 * SECOND)
    second.publish(first.progress(), plan=plan)
    assert set(first.market()) | set(second.market()) >= {event.event_id for event in whole.events if counts(event)}


def counts(event: Event) -> bool:
    """Whether an event lies far enough from the end of a run to be in any run that ends then."""
    return not isinstance(event, OUR_OWN) and event.event_time < START + 6 * SECOND


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
        seed=PLAN.world.seed,
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
