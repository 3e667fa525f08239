import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import stages
from contracts.events import Event, IngestionProgressed
from contracts.ids import make_id
from tests.unit.visualization.events import BEGAN, EXPIRY, MINUTE, SECOND, bar, greeks, quote, signal, trade
from visualization.dash_app import live_view as module
from visualization.dash_app.live_view import LiveView, ShownSignal, Strike

SYMBOLS = st.sampled_from(["AAPL", "MSFT"])
NUMBERS = st.integers(0, 30)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(quote, NUMBERS, SYMBOLS),
    st.builds(trade, NUMBERS, SYMBOLS),
    st.builds(bar, NUMBERS, SYMBOLS, edition=st.integers(0, 1)),
    st.builds(greeks, NUMBERS, st.sampled_from([185.0, 190.0]), st.sampled_from(["C", "P"])),
    st.builds(signal, NUMBERS, st.sampled_from(["Buy", "Sell", "Hold"]), SYMBOLS),
)


def unique(events: list[Event]) -> list[Event]:
    return list({event.event_id: event for event in events}.values())


def folded(*events: Event) -> LiveView:
    view = LiveView()
    for event in events:
        view.apply(event, {})
    return view


def everything(view: LiveView) -> list[object]:
    return [
        (symbol, view.quote(symbol), view.last_price(symbol), list(view.bars(symbol)), view.hour_change(symbol),
         view.expiries(symbol), [view.chain(symbol, expiry) for expiry in view.expiries(symbol)],
         view.latest_signal(symbol))
        for symbol in view.symbols
    ] + [view.signals(100), view.signals(100, changes_only=True), view.simulated]  # fmt: skip


@given(data=st.data(), events=st.lists(EVENTS, max_size=40).map(unique))
def test_order_and_repetition_do_not_matter(data: st.DataObject, events: list[Event]) -> None:
    again = (
        data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=10))]))
        if events
        else []
    )
    assert everything(folded(*again)) == everything(folded(*events))


@given(events=st.lists(EVENTS, max_size=60).map(unique))
def test_what_is_shown_is_the_newest_there_is(events: list[Event]) -> None:
    view = folded(*events)
    shown = view.signals(1_000)
    assert [each.signal.event_time for each in shown] == sorted((e.signal.event_time for e in shown), reverse=True)
    assert {each.signal for each in view.signals(1_000, changes_only=True)} <= {each.signal for each in shown}
    for symbol in view.symbols:
        opened = [each.opened_at for each in view.bars(symbol)]
        assert opened == sorted(set(opened))
        for expiry in view.expiries(symbol):
            strikes = [row.strike for row in view.chain(symbol, expiry)]
            assert strikes == sorted(set(strikes))


def test_the_last_price_is_the_newest_trade_or_else_the_middle_of_the_quote() -> None:
    view = folded(quote(1, bid=10.0, ask=11.0))
    assert view.last_price("AAPL") == 10.5
    view.apply(trade(0, price=10.7), {})
    assert view.last_price("AAPL") == 10.7
    assert folded(quote(1, bid=0.0)).last_price("AAPL") is None
    assert view.last_price("MSFT") is None


def test_the_hours_change_starts_at_the_bar_of_an_hour_ago() -> None:
    view = folded(*(bar(minute, close=100.0 + minute) for minute in range(90)), trade(90 * 60, price=200.0))
    opened_an_hour_ago = view.bars("AAPL")[30].open
    assert view.hour_change("AAPL") == pytest.approx(200.0 / opened_an_hour_ago - 1)
    assert folded(bar(5, close=101.0), trade(400, price=110.0)).hour_change("AAPL") == pytest.approx(0.1)
    assert folded(trade(1)).hour_change("AAPL") is None


def test_a_chain_has_calls_and_puts_by_strike_and_forgets_what_has_expired() -> None:
    call, put, far = greeks(1, 190.0, "C"), greeks(2, 185.0, "P"), greeks(3, expires_at=EXPIRY + MINUTE)
    view = folded(call, put, far)
    assert view.chain("AAPL", EXPIRY) == [Strike(185.0, None, put), Strike(190.0, call, None)]
    assert view.expiries("AAPL") == [EXPIRY, EXPIRY + MINUTE]
    view.apply(quote((EXPIRY - BEGAN) // SECOND), {})
    assert view.expiries("AAPL") == [EXPIRY + MINUTE]


def test_a_signal_is_a_change_when_it_says_something_else_than_the_one_before() -> None:
    said = [signal(0, "Buy"), signal(1, "Buy"), signal(2, "Hold", "MSFT"), signal(3, "Sell"), signal(4, "Sell")]
    view = folded(*said)
    assert [each.signal for each in view.signals(10, changes_only=True)] == [said[3], said[2], said[0]]
    assert [each.signal for each in view.signals(2)] == [said[4], said[3]]
    assert view.latest_signal("MSFT") == said[2]
    assert view.latest_signal("SPY") is None


def test_a_signal_is_found_with_its_stamps_and_its_latency() -> None:
    view, stamps = LiveView(), {stages.DUE: 1_000, stages.SIGNALLED: 43_000}
    view.apply(signal(0), stamps)
    found = view.find_signal(signal(0).event_id)
    assert found == ShownSignal(signal(0), stamps, is_change=True)
    assert found.latency_us == 42_000
    assert ShownSignal(signal(0), {}, is_change=True).latency_us is None
    assert view.find_signal("nothing") is None


def test_everything_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in (("MAX_SYMBOLS", 2), ("MAX_CONTRACTS", 3), ("MAX_BARS", 4), ("MAX_SIGNALS", 5)):
        monkeypatch.setattr(module, name, limit)
    view = LiveView()
    for number in range(20):
        for event in (quote(number, f"S{number}"), bar(number, f"S{number}"), bar(number, "S0"), signal(number)):
            view.apply(event, {})
        view.apply(greeks(number, 100.0 + number), {})
    assert view.symbols == ["AAPL", "S0", "S1"]
    assert [each.opened_at for each in view.bars("S0")] == [BEGAN + minute * MINUTE for minute in range(16, 20)]
    assert [row.strike for row in view.chain("AAPL", EXPIRY)] == [117.0, 118.0, 119.0]
    assert len(view.signals(100)) == 5
    view.apply(greeks(30, 200.0, expires_at=EXPIRY + MINUTE), {})
    for strike in (201.0, 202.0, 203.0):
        view.apply(greeks(31, strike), {})
    assert view.expiries("AAPL") == [EXPIRY]


def test_simulated_is_never_forgotten_and_other_kinds_are_passed_over() -> None:
    view = folded(signal(0, simulated=False))
    assert folded(signal(0, simulated=False)).simulated is False
    view.apply(signal(1), {})
    view.apply(signal(2, simulated=False), {})
    assert view.simulated
    before = view.revision
    progress = IngestionProgressed(
        event_id=make_id("progress"), event_time=BEGAN, source="tests", simulated=True, seed=1, started_at=BEGAN,
        settings_id=make_id("settings"),
    )  # fmt: skip
    view.apply(progress, {})
    assert view.revision == before
