"""Happenings as events: legal, in order, point in time, and the same in any cut."""

import numpy as np

from contracts import events, wire
from data_ingestion.simulator.happenings.days import DAY_US
from data_ingestion.simulator.happenings.news import Jumps
from data_ingestion.simulator.happenings.publishing import published, years_needed
from data_ingestion.simulator.happenings.tables import happenings
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SEED

SINCE = 1_735_689_600_000_000
UNTIL = SINCE + 400 * DAY_US
SOURCE = "simulator-7-abcdef01"
HAPPENED = happenings(SEED, DETAILED, *years_needed(SINCE, UNTIL))
EVENTS = published(HAPPENED, SOURCE, SINCE, UNTIL)


def test_every_kind_of_event_is_published_and_legal() -> None:
    assert {type(event) for event in EVENTS} >= {
        events.NewsPublished,
        events.EarningsAnnounced,
        events.FundamentalsFiled,
        events.DividendDeclared,
        events.MacroReleased,
        events.RateCurvePublished,
    }
    assert all(wire.encode(event) for event in EVENTS)


def test_events_are_in_order_unique_and_labelled() -> None:
    times = [event.event_time for event in EVENTS]
    assert times == sorted(times)
    assert SINCE <= times[0] <= times[-1] < UNTIL
    assert len({event.event_id for event in EVENTS}) == len(EVENTS)
    assert all(event.simulated and event.source == SOURCE for event in EVENTS)


def test_any_cut_publishes_the_same() -> None:
    middle = SINCE + 123 * DAY_US + 4567
    parts = [
        published(happenings(SEED, DETAILED, *years_needed(start, end)), SOURCE, start, end)
        for start, end in ((SINCE, middle), (middle, UNTIL))
    ]
    assert [*parts[0], *parts[1]] == EVENTS


def test_nothing_is_published_before_it_can_be_known() -> None:
    for event in EVENTS:
        if isinstance(event, events.EarningsAnnounced):
            assert event.period_ended_at < event.event_time < event.next_at
        elif isinstance(event, events.FundamentalsFiled | events.MacroReleased):
            assert event.period_ended_at < event.event_time
        elif isinstance(event, events.DividendDeclared):
            assert event.event_time < event.ex_at < event.paid_at


def test_splits_and_jumps_of_the_caller_are_published() -> None:
    jumps = Jumps(np.array([SINCE + DAY_US]), np.array([0]), np.array([5.0]))
    by_price = HAPPENED.splits._replace(
        time_us=np.array([SINCE + DAY_US]),
        name=np.array([4]),
        new_shares=np.array([3]),
        effective_us=np.array([SINCE + 20 * DAY_US]),
        effective_day=np.array([20_000]),
    )
    made = happenings(SEED, DETAILED, *years_needed(SINCE, UNTIL), jumps=jumps, by_price=by_price)
    more = published(made, SOURCE, SINCE, UNTIL)
    (split,) = (event for event in more if isinstance(event, events.SplitAnnounced))
    assert (split.symbol, split.new_shares, split.old_shares) == (DETAILED[4].symbol, 3, 1)
    assert len({event.event_id for event in more} - {event.event_id for event in EVENTS}) == 2
