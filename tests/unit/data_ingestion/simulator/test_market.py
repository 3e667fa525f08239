from collections import Counter, defaultdict
from itertools import islice, pairwise, takewhile
from typing import Final, TypeVar

import pytest

from contracts.events import (
    BarClosed,
    BookUpdated,
    Event,
    OptionQuoteReceived,
    QuoteReceived,
    TradeReceived,
    TruthRevealed,
)
from contracts.topics import BY_EVENT
from contracts.wire import decode, encode
from data_ingestion.data_validators.judge import Judge
from data_ingestion.simulator.arrivals import TRADES_PER_S
from data_ingestion.simulator.history import BAR_US
from data_ingestion.simulator.market import HISTORY_MINUTES, Rates, SimulatedMarket, regenerate
from data_ingestion.simulator.pacing import CONTIGUOUS
from data_ingestion.simulator.universe import COUNT, SYMBOLS, UNIVERSE
from tests.unit.data_ingestion.simulator.moments import MINUTE, RATES, SECOND, START

Kind = TypeVar("Kind", bound=Event)
SECONDS: Final = 65
"""Past the first segment's end."""
MARKET: Final = SimulatedMarket(42, START, RATES)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    end = START + SECONDS * SECOND
    return list(takewhile(lambda event: event.event_time < end, MARKET.events()))


def of(kind: type[Kind], events: list[Event]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def test_events_come_in_order_of_time_from_the_start_on(events: list[Event]) -> None:
    times = [event.event_time for event in events]
    assert times == sorted(times)
    assert START <= times[0] < START + SECOND


def test_rates_are_those_of_the_settings(events: list[Event]) -> None:
    counts = Counter(type(event) for event in events)
    assert counts[OptionQuoteReceived] == pytest.approx(RATES.option_quotes_per_s * SECONDS, abs=COUNT)
    assert counts[BookUpdated] == pytest.approx(RATES.books_per_s * SECONDS * COUNT, abs=COUNT)
    assert counts[QuoteReceived] == counts[BookUpdated]
    assert counts[TruthRevealed] == SECONDS * COUNT
    assert counts[TradeReceived] == pytest.approx(TRADES_PER_S * SECONDS * COUNT, rel=0.1)


def test_every_event_is_legal_labelled_and_its_own(events: list[Event]) -> None:
    assert len({event.event_id for event in events}) == len(events)
    for event in events:
        assert event.simulated
        assert event.source == f"simulator-42-{START // SECOND}"
        assert decode(BY_EVENT[type(event)].name, encode(event)) == event


def test_the_judge_finds_nothing_wrong_or_odd(events: list[Event]) -> None:
    judge = Judge(CONTIGUOUS)
    for event in events:
        verdict = judge.judge(event, event.event_time)
        assert verdict.event is event
        assert verdict.oddities == ()


def test_sequences_of_each_symbol_run_on_from_zero(events: list[Event]) -> None:
    numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for event in events:
        if isinstance(event, (BookUpdated, QuoteReceived, TradeReceived)):
            numbers[type(event).__name__, event.symbol].append(event.sequence)
        elif isinstance(event, OptionQuoteReceived):
            numbers["option", event.underlying].append(event.sequence)
    assert len(numbers) == 4 * COUNT
    for stream in numbers.values():
        assert stream == list(range(len(stream)))


def test_books_lead_away_from_the_best_and_quotes_show_their_top(events: list[Event]) -> None:
    books = {(book.symbol, book.sequence): book for book in of(BookUpdated, events)}
    for quote in of(QuoteReceived, events):
        book = books[quote.symbol, quote.sequence]
        assert len(book.bid_prices) == len(book.ask_sizes) == 10
        assert (quote.bid, quote.ask) == (book.bid_prices[0], book.ask_prices[0])
        assert (quote.bid_size, quote.ask_size) == (book.bid_sizes[0], book.ask_sizes[0])
        assert quote.bid < quote.ask
        assert quote.event_time == book.event_time


def test_prices_are_whole_cents(events: list[Event]) -> None:
    for trade in of(TradeReceived, events):
        assert trade.price == round(trade.price, 2)
        assert trade.price == pytest.approx(UNIVERSE[SYMBOLS.index(trade.symbol)].price, rel=0.02)
    for quote in of(OptionQuoteReceived, events):
        assert quote.bid == round(quote.bid, 2)
        assert quote.underlying_price == pytest.approx(round(quote.underlying_price, 3), abs=1e-9)


def test_option_quotes_are_stamped_with_a_fresh_mid_and_never_expired(events: list[Event]) -> None:
    latest: dict[str, float] = {}
    for event in events:
        if isinstance(event, QuoteReceived):
            latest[event.symbol] = (event.bid + event.ask) / 2
        elif isinstance(event, OptionQuoteReceived):
            assert 0 <= event.event_time - event.underlying_time < 50_000
            assert event.expires_at > event.event_time + MINUTE / 2
            assert (event.bid > 0) == (event.bid_size > 0)
            if event.underlying in latest:
                assert event.underlying_price == pytest.approx(latest[event.underlying], rel=1e-3)


def test_contracts_near_the_money_quote_more_often(events: list[Event]) -> None:
    names = {name.symbol: name for name in UNIVERSE}
    is_near = [
        abs(quote.strike - names[quote.underlying].price) < 2.5 * names[quote.underlying].strike_step
        for quote in of(OptionQuoteReceived, events)
        if quote.expires_at < START + 7 * 1_440 * MINUTE
    ]
    assert sum(is_near) / len(is_near) > 0.3  # though only five of twenty-five strikes are that near


def test_history_is_an_hour_of_full_minutes_that_joins_the_live_market() -> None:
    bars = MARKET.history()
    assert len(bars) == HISTORY_MINUTES * COUNT
    closes = sorted({bar.event_time for bar in bars})
    assert closes[-1] <= START < closes[-1] + BAR_US
    assert {late - early for early, late in pairwise(closes)} == {BAR_US}
    assert all(close % BAR_US == 0 for close in closes)
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close, bar.vwap)
        assert bar.high >= max(bar.open, bar.close, bar.vwap)
        assert bar.opened_at == bar.event_time - BAR_US
    last = {bar.symbol: bar.close for bar in bars if bar.event_time == closes[-1]}
    for name in UNIVERSE:
        assert last[name.symbol] == pytest.approx(name.price, rel=3e-3)
    assert last["SPX"] == pytest.approx(10 * last["SPY"], rel=1e-4)


def test_history_on_a_full_minute_ends_there() -> None:
    start = START - START % MINUTE
    bars = SimulatedMarket(42, start, RATES).history(minutes=2)
    assert [bar.event_time for bar in bars] == [start - MINUTE] * COUNT + [start] * COUNT
    assert {bar.event_id for bar in bars}.isdisjoint(bar.event_id for bar in MARKET.history())


def test_regenerating_gives_history_and_events_up_to_a_moment(events: list[Event]) -> None:
    until = START + SECOND
    made = list(regenerate(42, START, until, RATES))
    assert made[:600] == MARKET.history()
    assert [event.event_id for event in made[600:]] == [e.event_id for e in events if e.event_time < until]
    assert all(isinstance(event, BarClosed) for event in made[:600])


def test_a_market_without_options_or_books_still_trades() -> None:
    quiet = SimulatedMarket(42, START, Rates(option_quotes_per_s=0.0, books_per_s=0.0))
    kinds = {type(event) for event in islice(quiet.events(), 2_000)}
    assert kinds == {TradeReceived, TruthRevealed}
