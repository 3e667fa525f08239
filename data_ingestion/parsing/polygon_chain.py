"""Polygon.io / Massive: pages of the option chain snapshot, as events and as the terms of the contracts listed there.

Theory of operation
-------------------
A page has up to 250 rows, each a contract with its last quote and the price of its underlying, and `next_url` while
more follow. Times are nanoseconds. Three things come out of a page. The terms of each contract go to `AsOf`, because
the multiplier of an adjusted contract and an uncommon exercise style stand nowhere else. Each quoted contract becomes
an option quote stamped with the newest price of the underlying, so that contracts which do not trade are repriced too.
And once a day a contract's open interest becomes a report (`polygon_interest`). The cash part that some adjusted
contracts deliver besides their shares is not in the snapshot, hence not in the event.

Such a repricing is a fact of its own: its time is that of its newer ingredient, quote or price, and its id includes the
price it was stamped with. Seen twice without news it is the same event; with a new price it is another one.

Format: massive.com/docs/rest/options/snapshots/option-chain-snapshot.
"""

from typing import Final, Literal, NamedTuple
from urllib.parse import quote as quote_path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from contracts.errors import RejectedRecord
from contracts.events import Event
from contracts.ids import make_id
from contracts.instruments import ROOTS, parse_occ
from data_ingestion.parsing import records
from data_ingestion.parsing.as_of import AsOf, Terms
from data_ingestion.parsing.polygon import SOURCE, stamped
from data_ingestion.parsing.polygon_interest import DayBar, reported
from data_ingestion.parsing.records import reject

CHAIN: Final = "polygon.chain"
PAGE_ROWS: Final = 250
"""The most that the provider gives on one page."""
INDICES: Final = frozenset(root.underlying for root in ROOTS.values())
"""Underlyings that are no stocks: the provider names them with `I:`, and the stocks feed does not have them."""


class ChainPage(NamedTuple):
    """What a page says. `unquoted`: contracts that have no quote at all, `delayed`: quotes marked as delayed."""

    events: list[Event]
    unquoted: int
    delayed: int


class _Details(Struct):
    ticker: str
    contract_type: str
    exercise_style: str
    expiration_date: str
    strike_price: float
    shares_per_contract: float = 100


class _LastQuote(Struct):
    bid: float = 0.0
    ask: float = 0.0
    bid_size: float = 0
    ask_size: float = 0
    last_updated: int = 0
    timeframe: str = ""


class _UnderlyingAsset(Struct):
    """Stocks have a `price`, indices a `value`; plans without that market get neither."""

    price: float | None = None
    value: float | None = None
    last_updated: int = 0


class _Row(Struct):
    details: _Details
    last_quote: _LastQuote = field(default_factory=_LastQuote)
    underlying_asset: _UnderlyingAsset = field(default_factory=_UnderlyingAsset)
    day: DayBar = field(default_factory=DayBar)
    open_interest: float | None = None


_ROWS: Final = msgspec.json.Decoder(_Row)
_STRINGS: Final = msgspec.json.Decoder(str | None)
NOTHING: Final = b"null"
_RIGHTS: Final = {"C": "call", "P": "put"}
_STYLES: Final[dict[str, Literal["american", "european"]]] = {"american": "american", "european": "european"}


def first_page(symbol: str) -> str:
    """Path and query of the first page of an underlying's chain."""
    ticker = f"I:{symbol}" if symbol in INDICES else symbol
    return f"/v3/snapshot/options/{quote_path(ticker, safe=':')}?limit={PAGE_ROWS}"


def next_page(page: bytes) -> str | None:
    """Path and query of the page after this one.

    The host that the answer names is dropped on purpose: the provider is served under two names, and the key must
    never travel to a host that the settings do not name.
    """
    try:
        parts = urlsplit(_text(records.members(page), "next_url"))
    except (RejectedRecord, ValueError):
        return None
    return f"{parts.path}?{parts.query}" if parts.path.startswith("/") else None


def parse_chain_snapshot(page: bytes, symbol: str, received_at: int, as_of: AsOf) -> ChainPage:
    """Reports, stamped quotes and rejected rows of one page of the chain of `symbol`; what it tells goes to `as_of`."""
    try:
        answer = records.members(page)
        if _text(answer, "status") == "ERROR":
            raise reject("provider_error", _text(answer, "error") or _text(answer, "message") or "no explanation given")
        results = answer.get("results", NOTHING)
        rows = [] if results == NOTHING else records.split(results)
    except RejectedRecord as error:
        return ChainPage([records.rejected(SOURCE, CHAIN, page, 0, received_at, error)], 0, 0)
    events: list[Event] = []
    unquoted = delayed = 0
    for index, record in enumerate(rows):
        try:
            row = records.decode(record, _ROWS)
            terms = _learn(row.details, symbol, as_of)
            _observe(row.underlying_asset, symbol, received_at, as_of)
            if report := reported(row.open_interest, row.day, terms, received_at, as_of):
                events.append(report)
            if row.last_quote.last_updated == 0:
                unquoted += 1
                continue
            events.append(_repriced(row.last_quote, terms, received_at, as_of))
            delayed += row.last_quote.timeframe == "DELAYED"
        except RejectedRecord as error:
            events.append(records.rejected(SOURCE, CHAIN, record, index, received_at, error))
    return ChainPage(events, unquoted, delayed)


def _text(answer: dict[str, bytes], name: str) -> str:
    """A member that is a string; empty if it is not there."""
    return records.decode(answer[name], _STRINGS) or "" if name in answer else ""


def _learn(details: _Details, symbol: str, as_of: AsOf) -> Terms:
    contract = parse_occ(details.ticker)
    described = (_RIGHTS[contract.right], contract.expiry.isoformat(), contract.strike)
    if described != (details.contract_type, details.expiration_date, details.strike_price):
        raise reject("inconsistent", f"{details.ticker} is described as {details}")
    style = _STYLES.get(details.exercise_style)
    if style is None:
        raise reject("unsupported_style", f"{details.ticker} is of style {details.exercise_style!r}")
    multiplier = records.whole("shares_per_contract", details.shares_per_contract)
    if multiplier == 0:
        raise reject("out_of_range", "shares_per_contract is zero")
    if contract.expires_at < 0:
        raise reject("bad_time", f"{details.ticker} expired before 1970")
    terms = Terms(contract, symbol, contract.expires_at, multiplier, style)
    as_of.contracts[contract.symbol] = terms
    return terms


def _observe(asset: _UnderlyingAsset, symbol: str, received_at: int, as_of: AsOf) -> None:
    value = asset.value if asset.price is None else asset.price
    if value is not None:
        time = records.time_us("underlying_asset.last_updated", asset.last_updated // 1000, received_at)
        as_of.observe(symbol, records.price("underlying_asset.price", value), time)


def _repriced(last: _LastQuote, terms: Terms, received_at: int, as_of: AsOf) -> Event:
    underlying = as_of.latest(terms.underlying)
    if underlying is None:
        raise reject("no_underlying_yet", f"no price of {terms.underlying} has been seen so far")
    time = records.time_us("last_quote.last_updated", last.last_updated // 1000, received_at)
    quote = (
        records.quoted("last_quote.bid", last.bid),
        records.quoted("last_quote.ask", last.ask),
        records.whole("last_quote.bid_size", last.bid_size),
        records.whole("last_quote.ask_size", last.ask_size),
    )
    parts = (terms.contract.symbol, time, *quote, underlying.price, underlying.time)
    event_id = make_id("OptionQuoteReceived", CHAIN, *(str(part) for part in parts))
    return stamped(event_id, max(time, underlying.time), terms, quote, underlying, 0, as_of)
