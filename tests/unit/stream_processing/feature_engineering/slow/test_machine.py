"""One order of everything that is said slowly: the same rows however it comes, and never a word from the future."""

from collections import defaultdict
from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
import pytest

from contracts import wire
from contracts.events import (
    BarClosed,
    DividendDeclared,
    EarningsAnnounced,
    Event,
    FundamentalsComputed,
    FundamentalsFiled,
    MacroComputed,
    MacroReleased,
    NewsComputed,
    NewsPublished,
    RateCurvePublished,
    SplitAnnounced,
)
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from stream_processing.feature_engineering import earnings, fundamentals, macro, news
from stream_processing.feature_engineering.catalogue import CATALOGUE
from stream_processing.feature_engineering.point_in_time import DAY_US
from stream_processing.feature_engineering.sector_trends import sector_trends
from stream_processing.feature_engineering.slow import knowledge
from stream_processing.feature_engineering.slow import machine as machines
from stream_processing.feature_engineering.slow.company import DIARY
from stream_processing.feature_engineering.slow.panel import adjusted
from tests.unit.stream_processing.feature_engineering.happened import CUTS, folded
from tests.unit.stream_processing.feature_engineering.slow.told import (
    FROM,
    MINUTE_US,
    NAMES,
    RULES,
    SECOND_US,
    SOURCE,
    UNTIL,
    at_once,
    bar,
    bars,
    before,
    coming,
    everything,
    made,
    passed,
    said,
    whole,
)

AFTER = RULES.bars_after_us
A, B = NAMES[:2]
ACTIONS = (FundamentalsFiled, DividendDeclared, SplitAnnounced)


def article(symbol: str, at: int, headline: str = "Profit soars") -> NewsPublished:
    return NewsPublished(
        event_id=make_id("article", symbol, at, headline),
        event_time=at,
        source=SOURCE,
        simulated=True,
        symbol=symbol,
        category="company",
        headline=headline,
        publisher="test",
        sentiment=0.5,
    )


def filing(symbol: str, at: int, *, revision: int = 0, revenue: float = 100.0) -> FundamentalsFiled:
    return FundamentalsFiled(
        event_id=make_id("filing", symbol, at, revision),
        event_time=at,
        source=SOURCE,
        simulated=True,
        symbol=symbol,
        form="10-Q",
        period_ended_at=50 * DAY_US,
        revision=revision,
        revenue=revenue,
        net_income=10.0,
        operating_cash_flow=12.0,
        assets=500.0,
        liabilities=300.0,
        equity=200.0,
        shares_outstanding=50,
    )


def release(indicator: str, at: int) -> MacroReleased:
    return MacroReleased(
        event_id=make_id("release", indicator, at),
        event_time=at,
        source=SOURCE,
        simulated=True,
        indicator=indicator,
        unit="percent",
        period_ended_at=at,
        revision=0,
        actual=3.0,
        previous=2.0,
        consensus=2.5,
    )


def split(symbol: str, at: int, effective_at: int) -> SplitAnnounced:
    return SplitAnnounced(
        event_id=make_id("split", symbol, at),
        event_time=at,
        source=SOURCE,
        simulated=True,
        symbol=symbol,
        new_shares=4,
        old_shares=1,
        effective_at=effective_at,
    )


def available(event: Event) -> int:
    """When an event is in Kafka at the latest."""
    return event.event_time + (AFTER if isinstance(event, BarClosed) else RULES.lateness_us)


def encoded(events: Sequence[Event]) -> list[bytes]:
    return [wire.encode(event) for event in events]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_is_said_however_topics_are_cut_and_interleaved_and_events_repeated(seed: int) -> None:
    random = np.random.default_rng(seed)
    queues: dict[str, list[Event]] = defaultdict(list)
    for event in coming():
        queues[BY_EVENT[type(event)].name].append(event)
    end = UNTIL + DAY_US
    moments = [*sorted((random.integers(FROM, end, 25) // SECOND_US * SECOND_US).tolist()), end]
    found: list[Event] = []
    read: list[Event] = []
    kept, places = before(), dict.fromkeys(queues, 0)
    for moment in moments:
        batch: list[Event] = []
        for place in random.permutation(len(queues)):
            topic = sorted(queues)[place]
            queue, first = queues[topic], places[topic]
            due = sum(available(event) <= moment for event in queue)
            places[topic] = max(first, due, min(len(queue), due + int(random.integers(0, 20))))
            batch += queue[first : places[topic]]
        repeats = [read[at] for at in random.integers(0, len(read), 5)] if read else []
        read += batch
        machine = made(kept)
        heard = [word for name in random.permutation(NAMES) for word in passed(moment, name)]
        found += said(machine, [*batch, *repeats, *batch[:3], *heard])
        assert machine.figures()["late_events"] == 0
        assert machine.figures()["repeated_events"] == len(repeats) + len(batch[:3])
        kept = machine.kept()
    assert encoded(found) == encoded(whole())


def test_nothing_that_comes_later_changes_what_was_said() -> None:
    """Each batch ends at a cut: its rows were said without an event dated after it."""
    random = np.random.default_rng(9)
    machine, found, last = made(before()), [], FROM
    for cut in sorted(random.integers(FROM, UNTIL, CUTS).tolist()):
        known = [event for event in coming() if last < event.event_time <= cut]
        rows = said(machine, [*known, *passed(cut + RULES.lateness_us)])
        assert all(row.event_time <= cut for row in rows)
        found += rows
        assert len(found) == sum(row.event_time <= cut for row in whole())
        last = cut
    assert encoded(found) == encoded(whole()[: len(found)])
    assert len(found) > 200


def test_how_often_time_is_told_does_not_matter() -> None:
    step, events = 6 * 60 * MINUTE_US, coming()
    end = max(event.event_time for event in events) + AFTER + RULES.lateness_us
    often = [word for at in range(FROM, end, step) for word in passed(at)]
    assert encoded(said(made(before()), [*events, *often, *passed(end)])) == encoded(whole())


def of_rows(rows: Sequence[Event], kind: type[Any]) -> list[Any]:
    found = [row for row in rows if isinstance(row, kind)]
    assert found
    return found


def finite(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if isfinite(value)}


def until(kinds: tuple[type[Any], ...], at: int, symbol: str | None = None) -> list[Any]:
    return [
        event
        for event in everything()
        if isinstance(event, kinds) and event.event_time <= at and symbol in {None, getattr(event, "symbol", None)}
    ]


def test_rows_of_the_news_and_the_economy_are_what_their_modules_say() -> None:
    rows = whole()
    for row in of_rows(rows, NewsComputed)[::11]:
        own, market = (
            folded(news.START, news.update, until((NewsPublished,), row.event_time, symbol))
            for symbol in (row.symbol, knowledge.MARKET)
        )
        assert row.values == finite(news.features(own, market, row.event_time))
    for row in of_rows(rows, MacroComputed):
        state = folded(macro.START, macro.update, until((MacroReleased, RateCurvePublished), row.event_time))
        direct = finite(macro.features(state, row.event_time))
        assert direct.items() <= row.values.items()
        releases = [one.event_time for one in until((MacroReleased,), row.event_time)]
        assert row.values["days_since_release"] == pytest.approx((row.event_time - max(releases)) / DAY_US)


def test_rows_of_companies_are_what_their_modules_say_of_the_last_close() -> None:
    for row in of_rows(whole(), FundamentalsComputed)[::7]:
        at = row.event_time
        actions = {name: folded(fundamentals.START, fundamentals.update, until(ACTIONS, at, name)) for name in NAMES}
        results = folded(earnings.START, earnings.update, until((EarningsAnnounced,), at, row.symbol))
        closed = [one for one in bars() if one.event_time + AFTER <= at]
        own = [one for one in closed if one.symbol == row.symbol]
        direct = fundamentals.features(actions[row.symbol], at, own[-1].close)
        direct |= earnings.features(results, at, own[-1].close)
        ends = np.unique([one.event_time for one in closed if one.event_time <= own[-1].event_time])
        closes = np.array(
            [
                [next((b.close for b in closed if b.event_time == e and b.symbol == n), np.nan) for n in NAMES]
                for e in ends
            ]
        )
        as_of = own[-1].event_time + AFTER
        terms = [adjusted(column, ends, actions[name], as_of) for name, column in zip(NAMES, closes.T, strict=True)]
        trends = sector_trends(np.column_stack(terms), [RULES.sectors.get(name, "none") for name in NAMES])
        direct |= {name: values[-1, NAMES.index(row.symbol)].item() for name, values in trends.items()}
        said_by_others = {name: value for name, value in row.values.items() if name not in DIARY}
        assert said_by_others == finite(direct)
        assert "momentum_20d" in row.values or row.symbol == NAMES[-1]
        assert row.values["days_since_earnings"] == row.values["earnings_age_days"]


def test_every_slow_feature_is_said_by_somebody() -> None:
    """But those of the longest windows, which these weeks do not hold."""
    rows = [row for row in whole() if isinstance(row, FundamentalsComputed | NewsComputed | MacroComputed)]
    found = {name for row in rows for name in row.values}
    titles = {"Fundamentals", "Earnings", "Macro", "News", "Sectors and factors"}
    slow = {f.name for group in CATALOGUE if group.title in titles for f in group.features} | {*DIARY, *knowledge.DIARY}
    assert {name for name in slow - found if not name.endswith(("_60d", "_250d"))} == set()
    assert found <= slow


def test_events_of_one_instant_make_one_row_of_each_name_with_all_of_them() -> None:
    told = [article(A, DAY_US, "one"), article(B, DAY_US), article(A, DAY_US, "two"), release("CPI", DAY_US)]
    rows = at_once([*told, filing(A, DAY_US), split(A, DAY_US, DAY_US)])
    assert [(type(row).__name__, getattr(row, "symbol", "")) for row in rows] == [
        ("FundamentalsComputed", A),
        ("MacroComputed", ""),
        ("NewsComputed", A),
        ("NewsComputed", B),
    ]
    of_a = of_rows(rows, NewsComputed)[0]
    assert of_a.values["news_count_1d"] == 2.0
    assert of_a.made_of == max(one.event_id for one in (told[0], told[2]))
    assert of_rows(rows, FundamentalsComputed)[0].made_of == split(A, DAY_US, DAY_US).event_id
    assert {(row.event_time, row.source, row.simulated) for row in rows} == {(DAY_US, SOURCE, True)}


def test_news_on_the_market_is_a_row_of_the_market_and_seen_by_the_next_row_of_a_name() -> None:
    rows = of_rows(at_once([article("MARKET", DAY_US), article(A, DAY_US + 1)]), NewsComputed)
    assert [row.symbol for row in rows] == ["MARKET", A]
    assert rows[0].values["news_market_count_1d"] == 1.0
    assert rows[1].values["news_market_count_1d"] == rows[1].values["news_count_1d"] == 1.0


def test_a_restatement_counts_from_its_own_filing_on() -> None:
    first, restated = filing(A, 60 * DAY_US), filing(A, 70 * DAY_US, revision=1, revenue=50.0)
    bars = [bar(A, at * DAY_US, 2.0) for at in (65, 75)]
    rows = of_rows(at_once([first, *bars, restated]), FundamentalsComputed)
    assert rows[:2] == at_once([first, bars[0]])
    assert [row.values["restatements"] for row in rows] == [0.0, 0.0, 1.0, 1.0]


def test_the_end_of_a_day_is_a_row_of_each_name_that_has_a_bar_once_bars_have_had_their_time() -> None:
    end = 60 * DAY_US
    rows = at_once([filing(A, end - 1), filing(B, end - 1), bar(A, end, 2.0), bar(A, end + DAY_US, 2.0, 604_800)])
    values = [
        (row.event_time, row.symbol, row.values.get("book_to_price")) for row in of_rows(rows, FundamentalsComputed)
    ]
    assert values == [(end - 1, A, None), (end - 1, B, None), (end + AFTER, A, 2.0)]


def test_between_the_end_of_a_day_and_its_bars_the_close_before_holds() -> None:
    ends = 60 * DAY_US, 61 * DAY_US
    told = [bar(A, ends[0], 2.0), bar(A, ends[1], 4.0), filing(A, ends[1]), filing(A, ends[1] + AFTER, revision=1)]
    rows = of_rows(at_once(told), FundamentalsComputed)
    assert [row.values.get("book_to_price") for row in rows] == [None, 2.0, 1.0]
    assert rows[-1].made_of == told[1].event_id


def test_a_price_before_a_split_is_put_into_its_terms() -> None:
    end = 60 * DAY_US
    known = [filing(A, end - 2), split(A, end - 1, end + DAY_US // 2), bar(A, end, 4.0)]
    rows = of_rows(at_once([*known, filing(A, end + DAY_US, revision=1)]), FundamentalsComputed)
    assert [row.values.get("book_to_price") for row in rows] == [None, None, 1.0, 4.0]


def test_what_comes_late_makes_no_row_but_is_known_from_then_on() -> None:
    machine = made()
    said(machine, [filing(A, 60 * DAY_US), *passed(62 * DAY_US)])
    late = [
        filing(A, 61 * DAY_US, revision=1),
        article(A, 61 * DAY_US),
        bar(A, 61 * DAY_US, 2.0),
        bar(A, 60 * DAY_US, 2.0),
    ]
    assert said(machine, late) == []
    assert said(machine, [*late, filing(A, 60 * DAY_US)]) == []
    figures = machine.figures()
    assert (figures["late_events"], figures["repeated_events"]) == (4, 5)
    rows = said(made(machine.kept()), [split(A, 63 * DAY_US, 0), article(A, 63 * DAY_US), *passed(64 * DAY_US)])
    assert of_rows(rows, FundamentalsComputed)[0].values["restatements"] == 1.0
    assert of_rows(rows, FundamentalsComputed)[0].values["book_to_price"] == 2.0
    assert of_rows(rows, NewsComputed)[0].values["news_count_5d"] == 2.0


def test_what_tells_nothing_new_makes_no_row() -> None:
    assert at_once([release("UNKNOWN", DAY_US)]) == []
    assert len(at_once([release("CPI", DAY_US)])) == 1


def test_events_wait_for_the_slowest_name_that_still_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = made()
    assert said(machine, [article(A, 10 * SECOND_US), *passed(9 * SECOND_US, B), *passed(20 * SECOND_US, A)]) == []
    assert said(machine, [*passed(11 * SECOND_US, B), *passed(3 * SECOND_US, B)]) == []
    assert len(said(machine, passed(12 * SECOND_US, B))) == 1
    monkeypatch.setattr(machines, "SILENT", 3)
    assert said(machine, [article(A, 20 * SECOND_US), *passed(30 * SECOND_US, A), *passed(31 * SECOND_US, A)]) == []
    assert len(said(made(machine.kept()), passed(32 * SECOND_US, A))) == 1


def test_nothing_is_said_before_time_is_told() -> None:
    assert said(made(), [article(A, DAY_US)]) == []


def test_more_than_can_be_held_is_said_early_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "MOST_HELD", 2)
    machine = made()
    rows = said(machine, [article(A, at * SECOND_US) for at in (4, 1, 3, 2, 5)])
    assert [row.event_time // SECOND_US for row in rows] == [1, 2, 3]
    assert machine.figures()["hurried_events"] == 3
    assert [row.event_time // SECOND_US for row in said(machine, passed(DAY_US))] == [4, 5]


def test_names_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge, "MOST_NAMES", 1)
    machine, at = made(), 60 * DAY_US
    told = [kind(name, at) for name in (A, B) for kind in (article, filing)]
    rows = said(machine, [*told, bar(B, at - DAY_US, 2.0), *passed(at + DAY_US)])
    assert [(type(row), getattr(row, "symbol", "")) for row in rows] == [
        (FundamentalsComputed, B),
        (FundamentalsComputed, B),
        (NewsComputed, A),
    ]
    assert machine.figures()["left_out_events"] == 2


def test_the_size_of_what_is_kept_is_told() -> None:
    machine = made(before())
    assert machine.kept() == before()
    assert machine.figures()["kept_bytes_max"] == len(before()) < 20_000 * len(NAMES)
