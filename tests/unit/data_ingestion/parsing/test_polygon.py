import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import wire
from contracts.events import Event, OptionQuoteReceived, OptionTraded, QuoteReceived, RecordRejected, TradeReceived
from contracts.instruments import parse_occ
from data_ingestion.parsing.as_of import AsOf, Terms, Underlying
from data_ingestion.parsing.polygon import OPTIONS, STOCKS, Status, parse_options, parse_stocks, statuses, time_passed
from tests.servers.polygon_messages import CALL, NOW_MS, NOW_US, Record, quote, status, trade

GOLDEN = Path(__file__).parent / "golden"
ADJUSTED = "O:AAPL1270115C00050000"


def known(*, price: float | None = 200.0) -> AsOf:
    as_of = AsOf(["AAPL", "MSFT"], 0.04, {"AAPL": 0.005})
    for ticker, multiplier in ((CALL, 100), (ADJUSTED, 28)):
        contract = parse_occ(ticker)
        as_of.contracts[contract.symbol] = Terms(contract, "AAPL", contract.expires_at, multiplier, "american")
    if price is not None:
        as_of.observe("AAPL", price, NOW_US - 5)
    return as_of


def frame(*items: Record) -> bytes:
    return json.dumps(items).encode()


def stock_events(*items: Record) -> list[Event]:
    return parse_stocks(frame(*items), NOW_US, known())


def option_events(*items: Record, as_of: AsOf | None = None) -> list[Event]:
    return parse_options(frame(*items), NOW_US, as_of or known())


def reasons(events: list[Event]) -> list[str]:
    return [event.reason if isinstance(event, RecordRejected) else "" for event in events]


def test_frames_give_the_golden_events() -> None:
    as_of = known(price=None)
    events = parse_stocks((GOLDEN / "polygon_stocks.json").read_bytes(), NOW_US, as_of)
    events += parse_options((GOLDEN / "polygon_options.json").read_bytes(), NOW_US, as_of)
    lines = (GOLDEN / "polygon_events.jsonl").read_bytes().splitlines()
    assert [wire.encode(event) for event in events] == lines


def test_a_quote_says_what_the_provider_said() -> None:
    (event,) = stock_events(quote(bid=199.5, ask=199.75, q=7))
    assert isinstance(event, QuoteReceived)
    assert (event.symbol, event.bid, event.ask, event.bid_size, event.ask_size) == ("AAPL", 199.5, 199.75, 3, 5)
    assert (event.event_time, event.sequence, event.source, event.simulated) == (NOW_US, 7, "polygon", False)


def test_a_trade_has_no_guessed_side() -> None:
    (event,) = stock_events(trade(price=200.125, size=40, q=9))
    assert isinstance(event, TradeReceived)
    assert (event.price, event.size, event.side, event.sequence) == (200.125, 40, 0, 9)


def test_an_option_quote_is_stamped_with_the_latest_price_of_its_underlying() -> None:
    as_of = known()
    parse_stocks(frame(quote(bid=209.0, ask=211.0)), NOW_US, as_of)
    (event,) = option_events(quote(CALL, 20.0, 20.5), as_of=as_of)
    assert isinstance(event, OptionQuoteReceived)
    assert (event.underlying, event.underlying_price, event.underlying_time) == ("AAPL", 210.0, NOW_US)
    assert (event.rate, event.dividend_yield) == (0.04, 0.005)
    assert (event.contract, event.strike, event.right, event.style) == ("AAPL270115C00200000", 200.0, "C", "american")


def test_an_adjusted_contract_keeps_its_own_multiplier_and_underlying() -> None:
    (event,) = option_events(quote(ADJUSTED, 1.0, 1.1))
    assert isinstance(event, OptionQuoteReceived)
    assert (event.contract, event.underlying, event.multiplier) == ("AAPL1270115C00050000", "AAPL", 28)


def test_without_a_price_of_the_underlying_an_option_quote_is_rejected() -> None:
    assert reasons(option_events(quote(CALL), as_of=known(price=None))) == ["no_underlying_yet"]


@pytest.mark.parametrize(
    ("bid", "ask"), [(0.0, 200.0), (201.0, 200.0), (1.0, 1000.0)], ids=["one side", "crossed", "overnight"]
)
def test_a_quote_without_a_meaningful_middle_is_published_but_stamps_nothing(bid: float, ask: float) -> None:
    as_of = known()
    (event,) = parse_stocks(frame(quote(bid=bid, ask=ask)), NOW_US, as_of)
    assert isinstance(event, QuoteReceived)
    assert as_of.latest("AAPL") == Underlying(200.0, NOW_US - 5)


def without(record: Record, *names: str) -> Record:
    return {name: value for name, value in record.items() if name not in names}


def test_a_side_that_is_left_out_is_a_side_that_nobody_quotes() -> None:
    (event,) = stock_events(without(quote(), "bp", "bs", "bx"))
    assert isinstance(event, QuoteReceived)
    assert (event.bid, event.bid_size, event.ask) == (0.0, 0, 200.01)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bp": float("nan")}, "not_finite"),
        ({"ap": float("inf")}, "not_finite"),
        ({"bp": -0.01}, "negative"),
        ({"as": -1}, "negative"),
        ({"ap": 2e9}, "out_of_range"),
        ({"bs": 0.5}, "fractional_size"),
        ({"bp": "199.99"}, "malformed"),
        ({"bp": None, "ap": None}, "no_quote"),
        ({"t": 0}, "bad_time"),
        ({"t": NOW_MS + 61_000}, "bad_time"),
        ({"t": NOW_MS * 1_000_000}, "bad_time"),
        ({"q": -1}, "negative"),
        ({"sym": "ZZZZ"}, "unknown_symbol"),
        ({"sym": ""}, "unknown_symbol"),
        ({"sym": 7}, "malformed"),
        ({"ev": "AM"}, "unknown_kind"),
    ],
)
def test_each_impossible_stock_quote_has_its_reason_and_costs_only_itself(change: Record, reason: str) -> None:
    events = stock_events(quote(q=1), quote(q=2) | change, quote(q=3))
    assert reasons(events) == ["", reason, ""]
    bad = events[1]
    assert isinstance(bad, RecordRejected)
    assert (bad.topic, bad.offset, bad.event_time, bad.simulated) == (STOCKS, 1, NOW_US, False)
    assert json.loads(bad.record)["q"] == (quote(q=2) | change)["q"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"p": 0}, "out_of_range"), ({"p": -1}, "negative"), ({"s": 0.25}, "fractional_size"), ({"p": None}, "malformed")],
)
def test_each_impossible_trade_has_its_reason(change: Record, reason: str) -> None:
    assert reasons(stock_events(trade() | change)) == [reason]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (quote("AAPL"), "bad_symbol"),
        (quote("O:AAPL271315C00200000"), "bad_symbol"),
        (quote("O:AAPL270115C00999000"), "unknown_symbol"),
        (trade(CALL), "no_quote_yet"),
        (trade("O:AAPL270115C00999000"), "unknown_symbol"),
        (quote(CALL) | {"bp": float("-inf")}, "not_finite"),
    ],
)
def test_each_impossible_option_message_has_its_reason(message: Record, reason: str) -> None:
    events = option_events(message)
    assert reasons(events) == [reason]
    assert isinstance(events[0], RecordRejected)
    assert events[0].topic == OPTIONS


def test_that_time_has_passed_is_a_fact_of_its_own() -> None:
    first, again, later = time_passed("AAPL", NOW_US), time_passed("AAPL", NOW_US), time_passed("AAPL", NOW_US + 1)
    assert first == again != later
    assert first.event_id not in {later.event_id, time_passed("MSFT", NOW_US).event_id}
    assert wire.decode("market.clock", wire.encode(first)) == first


def test_an_option_trade_stands_beside_the_quote_that_came_last() -> None:
    said = [quote(CALL, 20.0, 20.5, q=1), quote(CALL, 20.1, 20.5, q=2), trade(CALL, 20.45, 12, q=3)]
    _, _, event = option_events(*said)
    assert isinstance(event, OptionTraded)
    assert (event.bid, event.ask, event.price, event.size, event.sequence) == (20.1, 20.5, 20.45, 12, 3)
    assert (event.contract, event.underlying, event.strike, event.multiplier) == (CALL[2:], "AAPL", 200.0, 100)
    as_of = known()
    option_events(quote(CALL, 1.0, 1.1), as_of=as_of)
    (other,) = option_events(said[2], as_of=as_of)
    assert other.event_id == event.event_id


@pytest.mark.parametrize(
    ("change", "reason"), [({"p": 0}, "out_of_range"), ({"s": 0.5}, "fractional_size"), ({"t": 0}, "bad_time")]
)
def test_each_impossible_option_trade_has_its_reason(change: Record, reason: str) -> None:
    assert reasons(option_events(quote(CALL), trade(CALL) | change)) == ["", reason]


@pytest.mark.parametrize("data", [b"", b"hello", b'[{"ev":"Q"', b"{}", b"\xff\xfe", b"[[[["])
def test_a_frame_that_is_not_json_is_kept_as_one_rejected_record(data: bytes) -> None:
    assert reasons(parse_stocks(data, NOW_US, known())) == ["malformed"]


@given(
    st.fixed_dictionaries(
        {
            "bp": st.floats(0.01, 1e6),
            "ap": st.floats(0.01, 1e6),
            "bs": st.integers(0, 10**6),
            "q": st.integers(0, 10**9),
        }
    ),
    st.integers(1, NOW_MS),
)
def test_an_id_depends_on_what_was_said_and_on_nothing_else(said: dict[str, Any], at: int) -> None:
    message = quote(CALL, at=at) | said
    (first,) = option_events(message)
    (again,) = parse_options(frame(message), NOW_US + 3_000_000, known(price=123.0))
    (other,) = option_events(message | {"q": said["q"] + 1})
    assert first.event_id == again.event_id != other.event_id


def test_trades_of_one_instant_are_told_apart() -> None:
    events = stock_events(trade(q=1), trade(q=2), trade(q=2) | {"i": "other"}, trade(q=2) | {"x": 11})
    assert len({event.event_id for event in events}) == 4


def test_the_servers_own_words_are_no_events() -> None:
    said = frame(status("auth_success", "authenticated"), status("success", "subscribed to: Q.AAPL"))
    assert statuses(said) == [Status("auth_success", "authenticated"), Status("success", "subscribed to: Q.AAPL")]
    assert parse_stocks(said, NOW_US, known()) == []


def test_data_and_junk_have_no_words_of_the_server() -> None:
    assert statuses(frame(quote())) == []
    assert statuses(b'"status"') == []
    assert statuses(b'[{"ev":"status"}]') == []


numbers = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8)
messages = st.fixed_dictionaries(
    {
        "ev": st.sampled_from(["Q", "T", "status", "AM", "", 1]),
        "sym": st.sampled_from(["AAPL", CALL, ADJUSTED, "O:", 1]),
    },
    optional={
        name: numbers | st.sampled_from([NOW_MS, 1, 200.0]) for name in ("bp", "ap", "bs", "as", "t", "q", "p", "s")
    },
)


@settings(max_examples=300)
@given(st.lists(messages | numbers, max_size=4) | numbers)
def test_whatever_the_records_the_events_are_legal_and_none_is_lost(items: object) -> None:
    data = json.dumps(items).encode()
    words = sum(isinstance(item, dict) and item["ev"] == "status" for item in items) if isinstance(items, list) else 0
    expected = len(items) if isinstance(items, list) else 1
    for parse in (parse_stocks, parse_options):
        events = parse(data, NOW_US, known())
        assert expected - words <= len(events) <= expected
        for event in events:
            wire.encode(event)
    statuses(data)


@given(st.binary())
def test_whatever_the_bytes_nothing_is_raised(data: bytes) -> None:
    for parse in (parse_stocks, parse_options):
        for event in parse(data, NOW_US, known()):
            wire.encode(event)
    statuses(data)
