import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import wire
from contracts.events import Event, OptionQuoteReceived, RecordRejected
from data_ingestion.parsing.as_of import AsOf, Underlying
from data_ingestion.parsing.polygon_chain import CHAIN, ChainPage, first_page, next_page, parse_chain_snapshot
from tests.servers.polygon_messages import CALL, NOW_MS, NOW_US, PUT, Record, row

RECORDED = "polygon_fixtures/test_rest/mocks/v3/snapshot/options/AAPL.json"


def page(*rows: object, **more: object) -> bytes:
    return json.dumps({"request_id": "x", "status": "OK", "results": rows} | more).encode()


def parsed(*rows: object, as_of: AsOf | None = None, symbol: str = "AAPL") -> ChainPage:
    return parse_chain_snapshot(page(*rows), symbol, NOW_US, as_of or empty())


def empty() -> AsOf:
    return AsOf(["AAPL", "SPX"], 0.04, {"AAPL": 0.005})


def reasons(events: list[Event]) -> list[str]:
    return [event.reason if isinstance(event, RecordRejected) else "" for event in events]


def changed(part: str, **change: object) -> Record:
    return row() | {part: row()[part] | change}


def test_a_row_becomes_a_stamped_quote_and_a_listed_contract() -> None:
    as_of = empty()
    (event,) = parsed(row(bid=20.0, ask=20.4, price=201.5), as_of=as_of).events
    assert isinstance(event, OptionQuoteReceived)
    assert (event.contract, event.bid, event.ask, event.bid_size, event.ask_size) == (CALL[2:], 20.0, 20.4, 7, 11)
    assert (event.underlying_price, event.underlying_time, event.multiplier) == (201.5, NOW_US, 100)
    assert (event.rate, event.dividend_yield, event.simulated) == (0.04, 0.005, False)
    assert set(as_of.contracts) == {CALL[2:]}
    assert as_of.latest("AAPL") == Underlying(201.5, NOW_US)


def test_a_newer_price_reprices_a_contract_that_does_not_quote() -> None:
    as_of = empty()
    (first,) = parsed(row(at=NOW_MS - 60_000), as_of=as_of).events
    (same,) = parsed(row(at=NOW_MS - 60_000), as_of=as_of).events
    as_of.observe("AAPL", 205.0, NOW_US)
    (repriced,) = parsed(row(at=NOW_MS - 60_000), as_of=as_of).events
    assert isinstance(repriced, OptionQuoteReceived)
    assert first == same
    assert repriced.event_id != first.event_id
    assert (repriced.underlying_price, repriced.event_time) == (205.0, NOW_US)


def test_a_snapshot_older_than_the_feed_does_not_turn_time_back() -> None:
    as_of = empty()
    as_of.observe("AAPL", 205.0, NOW_US)
    (event,) = parsed(row(price=190.0, at=NOW_MS - 1_000), as_of=as_of).events
    assert isinstance(event, OptionQuoteReceived)
    assert event.underlying_price == 205.0


def test_adjusted_contracts_and_european_ones_keep_the_terms_that_the_provider_states() -> None:
    as_of = empty()
    parsed(row("O:AAPL1270115C00050000", shares=28), row("O:AAPL270115P00100000", style="european"), as_of=as_of)
    assert as_of.contracts["AAPL1270115C00050000"].multiplier == 28
    assert as_of.contracts["AAPL270115P00100000"].style == "european"


def test_the_underlying_is_the_one_asked_for_whatever_the_root() -> None:
    as_of = empty()
    (event,) = parsed(row("O:SPXW270115P05000000", style="european"), as_of=as_of, symbol="SPX").events
    assert isinstance(event, OptionQuoteReceived)
    assert event.underlying == "SPX"


def test_an_index_has_a_value_instead_of_a_price() -> None:
    index = row("O:SPXW270115P05000000", style="european", price=None)
    index["underlying_asset"] |= {"value": 6000.5, "last_updated": NOW_MS * 1_000_000}
    as_of = empty()
    parsed(index, as_of=as_of, symbol="SPX")
    assert as_of.latest("SPX") == Underlying(6000.5, NOW_US)


def test_a_contract_without_a_quote_is_listed_and_counted() -> None:
    as_of = empty()
    assert parsed(row() | {"last_quote": {}}, as_of=as_of) == ChainPage([], 1, 0)
    assert set(as_of.contracts) == {CALL[2:]}


def test_delayed_quotes_are_counted() -> None:
    assert parsed(changed("last_quote", timeframe="DELAYED"), row(PUT)).delayed == 1


def test_a_plan_without_the_underlying_gives_contracts_but_no_quotes() -> None:
    as_of = empty()
    assert reasons(parsed(row(price=None), as_of=as_of).events) == ["no_underlying_yet"]
    assert set(as_of.contracts) == {CALL[2:]}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (changed("last_quote", bid=float("nan")), "not_finite"),
        (changed("last_quote", ask=float("inf")), "not_finite"),
        (changed("last_quote", bid=-1), "negative"),
        (changed("last_quote", last_updated=(NOW_MS + 61_000) * 1_000_000), "bad_time"),
        (changed("underlying_asset", price=0), "out_of_range"),
        (changed("underlying_asset", last_updated=0), "bad_time"),
        (changed("details", ticker="AAPL"), "bad_symbol"),
        (changed("details", strike_price=201), "inconsistent"),
        (changed("details", contract_type="put"), "inconsistent"),
        (changed("details", expiration_date="2027-01-16"), "inconsistent"),
        (changed("details", exercise_style="bermudan"), "unsupported_style"),
        (changed("details", shares_per_contract=0), "out_of_range"),
        (changed("details", shares_per_contract=-100), "negative"),
        (changed("details", ticker="O:AAPL690115C00200000", expiration_date="1969-01-15"), "bad_time"),
        ({"details": {}}, "malformed"),
        ("junk", "malformed"),
    ],
)
def test_each_bad_row_has_its_reason_and_costs_only_itself(bad: object, reason: str) -> None:
    events = parsed(row(CALL), bad, row(PUT)).events
    assert reasons(events) == ["", reason, ""]
    rejected = events[1]
    assert isinstance(rejected, RecordRejected)
    assert (rejected.topic, rejected.offset) == (CHAIN, 1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>Bad gateway</html>", "malformed"),
        (b"[]", "malformed"),
        (page() + b"}", "malformed"),
        (b'{"status":"OK","results":7}', "malformed"),
        (b'{"status":"ERROR","error":"Unknown API Key"}', "provider_error"),
        (b'{"status":"ERROR"}', "provider_error"),
        (b'{"status":7}', "malformed"),
    ],
)
def test_a_bad_page_is_kept_as_one_rejected_record(body: bytes, reason: str) -> None:
    assert reasons(parse_chain_snapshot(body, "AAPL", NOW_US, empty()).events) == [reason]


@pytest.mark.parametrize("body", [b'{"status":"OK"}', b'{"status":"OK","results":null}', page()])
def test_an_empty_page_is_empty(body: bytes) -> None:
    assert parse_chain_snapshot(body, "AAPL", NOW_US, empty()) == ChainPage([], 0, 0)


def test_the_next_page_is_followed_on_the_configured_host_only() -> None:
    body = page(next_url="https://another.invalid/v3/snapshot/options/AAPL?cursor=YXA9MQ&limit=250")
    assert next_page(body) == "/v3/snapshot/options/AAPL?cursor=YXA9MQ&limit=250"


def test_a_bare_nan_on_a_page_does_not_end_the_chain() -> None:
    assert next_page(page(float("nan"), next_url="https://x.invalid/v3/y?cursor=1")) == "/v3/y?cursor=1"


@pytest.mark.parametrize("body", [page(), page(next_url=None), page(next_url=7), b"junk", page(next_url="https://[x")])
def test_a_last_or_broken_page_has_no_next_one(body: bytes) -> None:
    assert next_page(body) is None


def test_indices_are_asked_for_by_their_prefix() -> None:
    assert first_page("AAPL") == "/v3/snapshot/options/AAPL?limit=250"
    assert first_page("SPX") == "/v3/snapshot/options/I:SPX?limit=250"
    assert first_page("A/B?") == "/v3/snapshot/options/A%2FB%3F?limit=250"


junk = st.none() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8)


@st.composite
def rows(draw: st.DrawFn) -> Record:
    base = row(draw(st.sampled_from([CALL, PUT, "O:AAPL1270115C00050000"])))
    part = draw(st.sampled_from(["details", "last_quote", "underlying_asset"]))
    if draw(st.booleans()):
        base[part] = draw(junk)
    else:
        base[part][draw(st.sampled_from(sorted(base[part])))] = draw(junk)
    return base


@settings(max_examples=300)
@given(st.lists(rows() | junk, max_size=4))
def test_whatever_the_rows_the_events_are_legal_and_none_is_lost(items: list[object]) -> None:
    answer = parsed(*items)
    assert len(answer.events) + answer.unquoted == len(items)
    for event in answer.events:
        wire.encode(event)


@given(st.binary())
def test_whatever_the_bytes_nothing_is_raised(data: bytes) -> None:
    for event in parse_chain_snapshot(data, "AAPL", NOW_US, empty()).events:
        wire.encode(event)
    next_page(data)


def test_a_recorded_response_is_understood() -> None:
    folder = os.environ.get("MARKET_DATA_DIR")
    if folder is None:
        pytest.skip("MARKET_DATA_DIR is not set: the recorded responses are not part of the project")
    as_of = empty()
    answer = parse_chain_snapshot((Path(folder) / RECORDED).read_bytes(), "AAPL", NOW_US, as_of)
    (event,) = answer.events
    assert isinstance(event, OptionQuoteReceived)
    assert (event.contract, event.bid, event.ask) == ("AAPL230616C00150000", 28.9, 29.25)
    assert (event.underlying_price, event.underlying_time) == (159.9606, 1651254263172073)
    assert event.expires_at == as_of.contracts[event.contract].expires_at
