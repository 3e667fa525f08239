"""The tape: everything in order, legal, labelled; the same wherever a reader begins."""

from collections import Counter, defaultdict
from functools import cache
from itertools import islice, pairwise, takewhile

import numpy as np
import pytest

from contracts.events import (
    BookUpdated,
    Event,
    NewsPublished,
    OpenInterestReported,
    OptionQuoteReceived,
    OptionTraded,
    QuoteReceived,
    TradeReceived,
    TruthRevealed,
)
from contracts.instruments import parse_occ
from contracts.topics import BY_EVENT
from contracts.wire import decode, encode
from data_ingestion.data_validators.judge import Judge
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US, Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.options.trades import OPTION_TRADES_PER_S
from data_ingestion.simulator.pacing import CONTIGUOUS
from data_ingestion.simulator.tape import Rates, Tape, settings_id
from data_ingestion.simulator.universe import COUNT, SYMBOLS

WORLD, RATES = World(42), Rates(200.0, 4.0)
START = 1_767_362_400 * MICROS
"""2026-01-02, 14:00 UTC."""
SECONDS = 130


@cache
def tape(seed: int = 42, edge: float = 1.0) -> Tape:
    return Tape(World(seed, Hours.ALWAYS, edge), RATES, 2026)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    end = START + SECONDS * MICROS
    return list(takewhile(lambda event: event.event_time < end, tape().events(START - 1)))


def test_events_come_in_order_of_time_from_the_moment_asked_for(events: list[Event]) -> None:
    times = [event.event_time for event in events]
    assert times == sorted(times)
    assert START <= times[0] < START + MICROS


def test_every_event_is_legal_labelled_and_its_own(events: list[Event]) -> None:
    assert len({event.event_id for event in events}) == len(events)
    for event in events:
        assert event.simulated
        assert event.source == f"simulator-42-{settings_id(WORLD, RATES)[:8]}"
        assert decode(BY_EVENT[type(event)].name, encode(event)) == event


def test_rates_are_those_of_the_settings_times_the_activity_of_the_hour(events: list[Event]) -> None:
    counts = Counter(type(event) for event in events)
    afternoon = 0.77
    assert counts[OptionQuoteReceived] == pytest.approx(RATES.option_quotes_per_s * SECONDS * afternoon, rel=0.05)
    assert counts[BookUpdated] == pytest.approx(RATES.books_per_s * SECONDS * COUNT * afternoon, rel=0.05)
    assert counts[QuoteReceived] == counts[BookUpdated]
    assert counts[TruthRevealed] == SECONDS * COUNT
    assert counts[TradeReceived] == pytest.approx(2.0 * SECONDS * COUNT * afternoon, rel=0.05)
    assert 0.7 < counts[OptionTraded] / (OPTION_TRADES_PER_S * SECONDS * afternoon) < 1.3


def test_the_judge_finds_nothing_wrong_or_odd(events: list[Event]) -> None:
    judge = Judge(CONTIGUOUS)
    for event in events:
        verdict = judge.judge(event, event.event_time)
        assert verdict.event is event
        assert verdict.oddities == ()


def test_sequences_run_on_over_minutes(events: list[Event]) -> None:
    numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for event in events:
        if isinstance(event, (BookUpdated, QuoteReceived, TradeReceived)):
            numbers[type(event).__name__, event.symbol].append(event.sequence)
    assert len(numbers) == 3 * COUNT
    for found in numbers.values():
        assert all(after == before + 1 for before, after in pairwise(found))


def test_the_tape_is_the_same_wherever_a_reader_begins(events: list[Event]) -> None:
    later = START + 61 * MICROS
    fresh = Tape(WORLD, RATES, 2026)
    resumed = list(islice(fresh.events(later), 500))
    assert resumed == [event for event in events if event.event_time > later][:500]
    neighbour = Tape(WORLD, RATES, 2025)
    assert list(islice(neighbour.events(later), 50)) == resumed[:50]


def test_another_seed_or_edge_is_another_tape(events: list[Event]) -> None:
    for other in (tape(seed=43), tape(edge=0.0)):
        ids = {event.event_id for event in islice(other.events(START - 1), 500)}
        assert not ids.intersection(event.event_id for event in events)


def test_option_quotes_carry_what_their_underlying_stood_at(events: list[Event]) -> None:
    tops = defaultdict(list)
    for event in events:
        if isinstance(event, QuoteReceived):
            tops[event.symbol].append(event)
    quotes = [event for event in events if isinstance(event, OptionQuoteReceived)]
    assert {quote.underlying for quote in quotes} == set(SYMBOLS)
    for quote in quotes:
        parsed = parse_occ(quote.contract)
        assert (parsed.expires_at, parsed.style, parsed.right) == (quote.expires_at, quote.style, quote.right)
        assert quote.expires_at > quote.event_time
        assert 0 <= quote.event_time - quote.underlying_time < 50_000
        assert 0.0 <= quote.bid < quote.ask
        near = min(tops[quote.underlying], key=lambda top: abs(top.event_time - quote.underlying_time))
        assert quote.underlying_price == pytest.approx((near.bid + near.ask) / 2, rel=1e-3)


def test_bars_of_the_past_are_what_the_trades_would_make(events: list[Event]) -> None:
    first = START + MINUTE_US
    trades = [
        event for event in events
        if isinstance(event, TradeReceived) and START <= event.event_time < first and event.symbol == "NVDA"
    ]  # fmt: skip
    bars = tape().bars(first + 30 * MICROS, 2)
    assert [bar.event_time for bar in bars] == sorted(bar.event_time for bar in bars)
    assert len(bars) == 2 * COUNT
    (bar,) = [bar for bar in bars if bar.symbol == "NVDA" and bar.event_time == first]
    prices = [trade.price for trade in trades]
    assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
    assert bar.volume == sum(trade.size for trade in trades)
    assert bar.trade_count == len(trades)
    assert encode(bar)


def test_reports_open_the_session_wherever_a_reader_begins() -> None:
    found = tape()
    session = found.latent.session_at(START)
    reported = list(found.reported(session))
    later = reported[100].event_time
    around = takewhile(lambda event: event.event_time <= reported[199].event_time, found.events(later))
    live = [event for event in around if isinstance(event, OpenInterestReported)]
    assert live == [event for event in reported[:200] if event.event_time > later]
    past = [event for event in found.past(START) if isinstance(event, OpenInterestReported)]
    assert past == reported
    assert session.opens_at <= past[0].event_time <= past[-1].event_time < session.opens_at + MINUTE_US
    held = found.activity_of(session)
    assert [event.open_interest for event in reported] == held.open_interest.tolist()


def test_what_is_reported_is_what_was_traded_the_session_before() -> None:
    found = tape()
    session = found.latent.session_at(START)
    before = found.latent.sessions[session.number - 1]
    volume = found.activity_of(before).volume.tolist()
    traded = dict(zip([one.symbol for one in found.day_of(before).contracts], volume, strict=True))
    assert all(event.volume == traded.get(event.contract, 0) for event in found.reported(session))


def test_bars_reach_back_over_the_end_of_a_session() -> None:
    midnight = START - 14 * 60 * MINUTE_US
    bars = tape().bars(midnight + 2 * MINUTE_US, 4)
    assert sorted({(bar.event_time - midnight) // MINUTE_US for bar in bars}) == [-1, 0, 1, 2]


def test_what_happens_is_on_the_tape_in_its_moment() -> None:
    found = tape()
    news = found.happened.news
    moment = int(next(time for time in news.time_us if time > START))
    around = takewhile(lambda event: event.event_time <= moment + MICROS, found.events(moment - MICROS))
    assert moment in [event.event_time for event in around if isinstance(event, NewsPublished)]


def test_options_expect_earnings_before_and_not_after() -> None:
    found = tape()
    reports = found.happened.earnings
    row = next(row for row in range(len(reports.time_us)) if reports.time_us[row] > START)
    moment, name = int(reports.time_us[row]), int(reports.name[row])
    times = np.array([moment - 1, moment + 30 * 86_400 * MICROS])
    before = found.scheduled_variance(moment - 3_600 * MICROS, times)
    after = found.scheduled_variance(moment, times[1:])
    assert before[1, name] - before[0, name] >= reports.variance[row]
    assert before[1, name] - after[0, name] == pytest.approx(reports.variance[row], rel=0.2)
    assert (after >= 0).all()


def test_a_market_without_options_or_books_still_trades() -> None:
    quiet = Tape(WORLD, Rates(option_quotes_per_s=0.0, books_per_s=0.0, option_trades_per_s=0.0), 2026)
    kinds = {type(event) for event in islice(quiet.events(START), 2_000)}
    assert kinds == {TradeReceived, TruthRevealed}


def test_contracts_near_the_money_quote_more_often(events: list[Event]) -> None:
    quotes = [event for event in events if isinstance(event, OptionQuoteReceived)]
    away = [abs(quote.strike / quote.underlying_price - 1) for quote in quotes]
    assert np.median(away) < 0.06
    assert max(away) > 0.3
