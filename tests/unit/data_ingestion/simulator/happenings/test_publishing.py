"""Happenings as events: legal, in order, point in time, and the same in any cut."""

import numpy as np

from contracts import events, wire
from data_ingestion.simulator.happenings.days import DAY_US
from data_ingestion.simulator.happenings.earnings import earnings
from data_ingestion.simulator.happenings.filings import filings
from data_ingestion.simulator.happenings.news import Jumps
from data_ingestion.simulator.happenings.publishing import published, years_needed
from data_ingestion.simulator.happenings.subjects import subject_of
from data_ingestion.simulator.happenings.tables import happenings
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SEED, SPLITTING

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


def test_an_index_has_a_yield_and_no_dividends() -> None:
    paid = {event.symbol for event in EVENTS if isinstance(event, events.DividendDeclared)}
    assert paid == {subject.symbol for subject in DETAILED if subject.dividend_yield > 0} - {"SPX"}


def test_jumps_of_the_caller_have_an_article() -> None:
    jumps = Jumps(np.array([SINCE + DAY_US]), np.array([0]), np.array([5.0]))
    more = published(happenings(SEED, DETAILED, *years_needed(SINCE, UNTIL), jumps=jumps), SOURCE, SINCE, UNTIL)
    known = {event.event_id for event in EVENTS}
    (article,) = (event for event in more if event.event_id not in known)
    assert isinstance(article, events.NewsPublished)
    assert article.symbol == DETAILED[0].symbol
    assert SINCE + DAY_US < article.event_time < SINCE + 2 * DAY_US


def test_a_split_is_published_and_dollars_a_share_are_those_of_the_day() -> None:
    first, last = 2025, 2027
    subjects = tuple(subject_of(name) for name in UNIVERSE)
    plain, made = earnings(SPLITTING, subjects, first, last), happenings(SPLITTING, subjects, first, last)
    start, end = (int(made.curves.time_us[row]) for row in (0, -1))
    (split,) = (
        event
        for event in published(made, SOURCE, start, end)
        if isinstance(event, events.SplitAnnounced) and event.symbol == "AMZN"
    )
    assert (split.new_shares, split.old_shares) == (3, 2)
    mine = made.earnings.name == 3
    later = made.earnings.time_us[mine] >= split.effective_at
    ratio = plain.eps_actual[mine] / made.earnings.eps_actual[mine]
    np.testing.assert_allclose(ratio, np.where(later, 1.5, 1.0), rtol=1e-3)
    filed = filings(SPLITTING, subjects, first, last)
    more = made.filings.shares / filed.shares
    np.testing.assert_allclose(
        more[filed.name == 3], np.where(filed.time_us[filed.name == 3] >= split.effective_at, 1.5, 1.0)
    )
