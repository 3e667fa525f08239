"""What is put wrong into a stream, and that those who judge the stream find it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.errors import BadInput, RejectedRecord
from contracts.events import (
    BookUpdated,
    Event,
    OptionQuoteReceived,
    OptionTraded,
    QuoteReceived,
    RecordRejected,
    TradeReceived,
    TruthRevealed,
)
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from contracts.wire import decode, encode
from data_ingestion.data_validators.judge import Judge
from data_ingestion.simulator.faults import (
    HALT_US,
    HOUR_US,
    LATE_US,
    OF_EVENTS,
    OUTAGE_US,
    SPIKE,
    Delivery,
    Fault,
    FaultRates,
    Injected,
    faulty,
    raw_record,
)
from tests.unit.data_ingestion.simulator.moments import START

CONTIGUOUS: Final[frozenset[type[Event]]] = frozenset({QuoteReceived, TradeReceived, BookUpdated})
STEP_US: Final = 100_000
SYMBOLS: Final = ("ONE", "TWO")
OPTION: Final = "ONE260619C00100000"


def common(kind: str, number: int, time: int, symbol: str) -> dict[str, Any]:
    identity = make_id(kind, symbol, time, number)
    return {"event_id": identity, "event_time": time, "source": "test", "simulated": True}


def stream(count: int, step_us: int = STEP_US) -> list[Event]:
    """A quote, a trade, a book and a truth of each symbol, and an option quote, at each moment; numbers from one on."""
    events: list[Event] = []
    for number in range(1, count + 1):
        time = START + number * step_us
        for symbol in SYMBOLS:
            top: dict[str, Any] = {"symbol": symbol, "sequence": number}
            events += [
                QuoteReceived(
                    bid=100.0, ask=100.02, bid_size=300, ask_size=200, **top, **common("Q", number, time, symbol)
                ),
                TradeReceived(price=100.02, size=50, side=1, **top, **common("T", number, time, symbol)),
                BookUpdated(
                    bid_prices=(100.0, 99.99),
                    bid_sizes=(300, 500),
                    ask_prices=(100.02, 100.03),
                    ask_sizes=(200, 400),
                    **top,
                    **common("B", number, time, symbol),
                ),
            ]
        events.append(
            TruthRevealed(
                symbol="ONE",
                horizon_s=10,
                flow=0.0,
                volatility=0.2,
                expected_return=0.0,
                probability_up=0.5,
                **common("R", number, time, "ONE"),
            )
        )
        events.append(
            OptionQuoteReceived(
                contract=OPTION,
                underlying="ONE",
                expires_at=START + 10**13,
                strike=100.0,
                right="C",
                style="american",
                multiplier=100,
                bid=2.0,
                ask=2.1,
                bid_size=10,
                ask_size=12,
                underlying_price=100.01,
                underlying_time=time,
                rate=0.04,
                dividend_yield=0.0,
                sequence=number,
                **common("O", number, time, OPTION),
            )
        )
    return events


def injected(events: Iterable[Event], rates: FaultRates, seed: int = 1) -> tuple[list[Delivery], list[Injected]]:
    ledger: list[Injected] = []
    return list(faulty(events, rates, seed, ledger.append)), ledger


def only(fault: Fault, share: float = 0.2, count: int = 100) -> tuple[list[Delivery], list[Injected]]:
    return injected(stream(count), FaultRates(**{fault.value: share}))


def oddities(deliveries: list[Delivery]) -> Counter[tuple[str, str]]:
    """(id, oddity) of everything that the judge notes, each event judged when it is due."""
    judge = Judge(CONTIGUOUS)
    found: Counter[tuple[str, str]] = Counter()
    for due, event in deliveries:
        found.update((event.event_id, oddity) for oddity in judge.judge(event, due).oddities)
    return found


def refused(event: Event, now: int) -> str | None:
    """Why an event does not reach a topic, if it does not."""
    verdict = Judge().judge(event, now)
    if isinstance(verdict.event, RecordRejected):
        return verdict.event.reason
    try:
        encode(event)
    except RejectedRecord as rejection:
        return rejection.reason
    return None


def option_trade(number: int) -> OptionTraded:
    time = START + number * 10_000_000
    return OptionTraded(
        contract=OPTION,
        underlying="ONE",
        expires_at=START + 10**13,
        strike=100.0,
        right="C",
        multiplier=100,
        price=2.05,
        size=3,
        bid=2.0,
        ask=2.1,
        sequence=number,
        **common("X", number, time, OPTION),
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.NOT_A_NUMBER, "impossible"),
        (Fault.ABSURD, "absurd_size"),
        (Fault.SPIKED, None),
        (Fault.STALE, None),
        (Fault.CROSSED, None),
    ],
)
def test_option_trades_are_hit_like_other_trades(fault: Fault, reason: str | None) -> None:
    trade = option_trade(0)
    ((_, delivered),), ledger = injected([trade], FaultRates(**{fault.value: 1.0}))
    assert isinstance(delivered, OptionTraded)
    assert refused(delivered, trade.event_time) == reason
    assert (delivered.event_id == trade.event_id) == (fault is Fault.CROSSED) == (not ledger)
    assert (delivered.price != trade.price) == (fault in {Fault.SPIKED, Fault.NOT_A_NUMBER})


def test_no_option_trades_come_while_their_underlying_is_halted() -> None:
    step_us = option_trade(1).event_time - START
    trades = [option_trade(number) for number in range(2 * HOUR_US // step_us)]
    deliveries, ledger = injected(trades, FaultRates(halts_an_hour=1.0))
    assert {each.fault for each in ledger} == {Fault.HALTED}
    assert len(trades) - len(deliveries) == len(ledger)
    assert HALT_US // step_us - 1 <= len(ledger) <= 3 * (HALT_US // step_us + 1)


def test_without_faults_the_stream_is_the_same() -> None:
    deliveries, ledger = injected(stream(20), FaultRates())
    assert [event for _, event in deliveries] == stream(20)
    assert all(due == event.event_time for due, event in deliveries)
    assert ledger == []


@pytest.mark.parametrize("fault", OF_EVENTS)
def test_each_fault_hits_the_wanted_share_of_the_providers_events(fault: Fault) -> None:
    _, ledger = only(fault)
    assert {each.fault for each in ledger} == {fault}
    hit = 500 if fault in {Fault.CROSSED, Fault.LOCKED} else 700  # trades have no two sides
    assert len(ledger) == pytest.approx(0.2 * hit, rel=0.35)
    truths = {event.event_id for event in stream(100) if isinstance(event, TruthRevealed)}
    assert truths.isdisjoint(each.event_id for each in ledger)


@pytest.mark.parametrize("fault", OF_EVENTS)
def test_every_event_but_the_hit_ones_is_delivered_as_it_was(fault: Fault) -> None:
    deliveries, ledger = only(fault)
    hit = {each.event_id for each in ledger}
    untouched = {event.event_id: event for event in stream(100) if event.event_id not in hit}
    delivered = {event.event_id: event for _, event in deliveries}
    assert untouched.items() <= delivered.items()
    given = {each.delivered_id for each in ledger} - {None}
    assert delivered.keys() - untouched.keys() == given


@pytest.mark.parametrize(
    ("fault", "told"),
    [(Fault.CROSSED, "crossed"), (Fault.LOCKED, "locked"), (Fault.STALE, "stale"), (Fault.DUPLICATED, "duplicate")],
)
def test_the_judge_tells_these_of_exactly_the_hit_events(fault: Fault, told: str) -> None:
    deliveries, ledger = only(fault)
    found = oddities(deliveries)
    assert {event_id for event_id, _ in found} == {each.delivered_id for each in ledger}
    assert {oddity.removesuffix("_underlying") for _, oddity in found} == {told}


@pytest.mark.parametrize("fault", [Fault.LATE, Fault.OUT_OF_ORDER])
def test_the_judge_tells_late_and_overtaken_events_by_their_numbers(fault: Fault) -> None:
    deliveries, ledger = only(fault)
    told = {event_id for event_id, oddity in oddities(deliveries) if oddity == "out_of_order"}
    hit = {each.event_id for each in ledger}
    assert told <= hit
    assert len(told) > 0.4 * len(hit)  # the last of a stream are overtaken by nothing


def test_a_late_event_comes_after_everything_that_was_due_before_it() -> None:
    deliveries, ledger = only(Fault.LATE)
    due = {event.event_id: due for due, event in deliveries}
    assert all(due[each.event_id] == each.event_time + LATE_US for each in ledger)
    assert [each.due for each in deliveries] == sorted(each.due for each in deliveries)


@pytest.mark.parametrize(
    "rates", [FaultRates(late=-0.1), FaultRates(late=0.6, gapped=0.5), FaultRates(halts_an_hour=-1)]
)
def test_rates_that_cannot_be_are_refused(rates: FaultRates) -> None:
    with pytest.raises(BadInput, match="rates of faults"):
        injected(stream(1), rates)


def test_deliveries_come_in_the_order_in_which_they_are_due_to_the_very_end() -> None:
    deliveries, _ = injected(stream(60), FaultRates(**dict.fromkeys(OF_EVENTS, 0.08)))
    assert [each.due for each in deliveries] == sorted(each.due for each in deliveries)


def test_an_event_out_of_order_comes_right_after_the_next_of_its_stream() -> None:
    deliveries, ledger = only(Fault.OUT_OF_ORDER)
    hit, latest, overtaken = {each.event_id for each in ledger}, defaultdict[tuple[type[Event], str], int](int), 0
    for _, event in deliveries[: -len(hit)]:
        if isinstance(event, TruthRevealed):
            continue
        key = type(event), str(getattr(event, BY_EVENT[type(event)].key))
        number: int = getattr(event, "sequence", 0)
        if number < latest[key]:
            assert event.event_id in hit
            overtaken += 1
        latest[key] = max(latest[key], number)
    assert overtaken > 0.5 * len(hit)


def test_a_lost_event_leaves_a_gap() -> None:
    deliveries, ledger = only(Fault.GAPPED)
    assert {each.delivered_id for each in ledger} == {None}
    assert len(deliveries) == len(stream(100)) - len(ledger)
    gaps = sum(count for (_, oddity), count in oddities(deliveries).items() if oddity == "gap")
    assert 0.5 * len(ledger) < gaps <= len(ledger)  # neighbours that are both lost leave one gap


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [(Fault.NOT_A_NUMBER, {"impossible", "disordered_book"}), (Fault.ABSURD, {"absurd_size"})],
)
def test_impossible_events_are_refused_and_no_others(fault: Fault, reasons: set[str]) -> None:
    deliveries, ledger = only(fault)
    found = {event.event_id: refused(event, due) for due, event in deliveries}
    bad = {event_id for event_id, why in found.items() if why}
    assert bad == {each.delivered_id for each in ledger}
    assert {why for why in found.values() if why} == reasons


def test_a_raw_record_with_a_nan_is_no_json_and_readers_refuse_it() -> None:
    deliveries, ledger = only(Fault.NOT_A_NUMBER)
    bad = {each.delivered_id for each in ledger}
    for _, event in deliveries:
        topic, record = BY_EVENT[type(event)].name, raw_record(event)
        if event.event_id in bad:
            assert b"NaN" in record
            with pytest.raises(RejectedRecord, match="malformed"):
                decode(topic, record)
        else:
            assert decode(topic, record) == event


def test_a_spike_is_legal_and_far_off_both_ways() -> None:
    deliveries, ledger = only(Fault.SPIKED)
    hit = {each.delivered_id for each in ledger}
    prices = []
    for due, event in deliveries:
        if event.event_id in hit:
            assert refused(event, due) is None
            if isinstance(event, TradeReceived):
                prices.append(event.price)
            elif isinstance(event, BookUpdated):
                prices.append(event.bid_prices[0])
                assert event.ask_prices[0] - event.bid_prices[0] == pytest.approx(0.02)
    assert all(min(abs(price / 100 - SPIKE), abs(price / 100 - 1 / SPIKE)) < 1e-3 for price in prices)
    assert min(prices) < 90
    assert max(prices) > 110


def test_faults_that_do_not_fit_are_left_out() -> None:
    quote = stream(1)[0]
    assert isinstance(quote, QuoteReceived)
    one_sided = replace(quote, bid=0.0, bid_size=0)
    book = stream(1)[2]
    assert isinstance(book, BookUpdated)
    empty = replace(book, bid_prices=(), bid_sizes=())
    for fault in (Fault.CROSSED, Fault.LOCKED):
        deliveries, ledger = injected([one_sided, empty], FaultRates(**{fault.value: 1.0}))
        assert [event for _, event in deliveries] == [one_sided, empty]
        assert ledger == []


def test_a_halt_silences_a_symbol_and_its_options_for_its_time() -> None:
    events = stream(1_440, 5_000_000)
    deliveries, ledger = injected(events, FaultRates(halts_an_hour=1.0))
    halted = {each.event_id for each in ledger}
    times: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for event in events:
        symbol = event.underlying if isinstance(event, OptionQuoteReceived) else str(getattr(event, "symbol", ""))
        if event.event_id in halted:
            times[symbol, event.event_time // HOUR_US].append(event.event_time)
    assert {symbol for symbol, _ in times} == set(SYMBOLS)
    for span in times.values():
        assert max(span) - min(span) < HALT_US
    assert halted.isdisjoint(event.event_id for _, event in deliveries)
    assert {each.fault for each in ledger} == {Fault.HALTED}
    assert any(
        each in halted for each in (event.event_id for event in events if isinstance(event, OptionQuoteReceived))
    )


def test_an_outage_silences_the_provider_and_not_the_truth() -> None:
    events = stream(1_440, 5_000_000)
    deliveries, ledger = injected(events, FaultRates(outages_an_hour=1.0))
    hours = {each.event_time // HOUR_US for each in ledger}
    assert 1 <= len(hours) <= 3  # two hours, begun within one
    for hour in hours:
        lost = [each.event_time for each in ledger if each.event_time // HOUR_US == hour]
        assert max(lost) - min(lost) < OUTAGE_US
        inside = [e for _, e in deliveries if min(lost) <= e.event_time <= max(lost)]
        assert inside
        assert all(isinstance(event, TruthRevealed) for event in inside)


@given(seed=st.integers(0, 2**63), start=st.integers(0, 20))
def test_faults_are_the_same_wherever_a_stream_begins(seed: int, start: int) -> None:
    events = stream(20)
    rates = FaultRates(**dict.fromkeys(OF_EVENTS, 0.05))._replace(halts_an_hour=0.5, outages_an_hour=0.5)
    whole, again = injected(events, rates, seed), injected(events, rates, seed)
    assert [(due, raw_record(event)) for due, event in whole[0]] == [(due, raw_record(e)) for due, e in again[0]]
    rest = events[8 * start :]
    kept = {event.event_id for event in rest}
    assert injected(rest, rates, seed)[1] == [each for each in whole[1] if each.event_id in kept]


def test_another_seed_hits_others() -> None:
    rates = FaultRates(duplicated=0.2)
    assert injected(stream(50), rates, 1)[1] != injected(stream(50), rates, 2)[1]
