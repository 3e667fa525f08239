"""Polygon.io / Massive: WebSocket frames of the stocks and options feeds, as events.

Theory of operation
-------------------
A frame is a JSON array of messages, told apart by `ev`: `Q` a quote, `T` a trade, `status` a word from the server.
Times are milliseconds, prices dollars, sizes as the provider states them. A side that nobody quotes is left out or
zero. The sequence number `q` grows per symbol but skips, so a jump in it is no gap. What the provider says again, after
a reconnect or otherwise, has the same id, because an id is made from what it said, not from when that came or from what
it was stamped with.

An option quote is stamped from `AsOf`. Without a price of its underlying it is rejected as `no_underlying_yet` rather
than held back: the next chain snapshot brings that contract again, and nothing has to be kept without limit. A contract
that no chain snapshot has listed is rejected as `unknown_symbol`: an adjusted one has terms that its symbol hides.

Both feeds put messages of both kinds into one frame, so each function here takes a whole frame and returns the events
in the order in which they stood there.

An option trade stands beside the quote of its contract that came last. Without one it is rejected as `no_quote_yet`:
whether it was bought or sold, which is what it is read for, could not be told.

Formats: massive.com/docs/websocket/stocks/quotes, …/stocks/trades, …/options/quotes and …/options/trades.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from contracts.errors import RejectedRecord
from contracts.events import Event, OptionQuoteReceived, OptionTraded, QuoteReceived, TimePassed, TradeReceived
from contracts.ids import make_id
from contracts.instruments import parse_occ
from data_ingestion.parsing import records
from data_ingestion.parsing.as_of import AsOf, Terms, Underlying
from data_ingestion.parsing.records import reject

SOURCE: Final = "polygon"
STOCKS: Final = "polygon.stocks"
OPTIONS: Final = "polygon.options"
MAX_RELATIVE_SPREAD: Final = 0.05
"""A wider quote of an underlying is published but gives no price to stamp with: overnight, makers quote a dollar
against a thousand, and the middle of that means nothing."""


class Status(NamedTuple):
    """What the server says about the connection, such as `auth_success`."""

    status: str
    message: str


class _Quote(
    Struct,
    tag_field="ev",
    tag="Q",
    rename={
        "symbol": "sym", "bid": "bp", "ask": "ap", "bid_size": "bs", "ask_size": "as", "time_ms": "t", "sequence": "q",
    },
):  # fmt: skip
    symbol: str
    time_ms: int
    bid: float | None = None
    ask: float | None = None
    bid_size: float = 0
    ask_size: float = 0
    sequence: int = 0


class _Trade(
    Struct,
    tag_field="ev",
    tag="T",
    rename={
        "symbol": "sym", "price": "p", "size": "s", "time_ms": "t", "sequence": "q", "trade_id": "i", "exchange": "x",
    },
):  # fmt: skip
    symbol: str
    time_ms: int
    price: float
    size: float
    sequence: int = 0
    trade_id: str = ""
    exchange: int = 0


class _StatusMessage(Struct, tag_field="ev", tag="status"):
    status: str
    message: str = ""


_Message = _Quote | _Trade | _StatusMessage
_MESSAGES: Final = msgspec.json.Decoder(_Message)
_Reader = Callable[[_Quote | _Trade, int, AsOf], Event]


def parse_stocks(frame: bytes, received_at: int, as_of: AsOf) -> list[Event]:
    """Quotes, trades and rejected records of a frame of the stocks feed; quotes also move `as_of`."""
    return _parse(STOCKS, _stock, frame, received_at, as_of)


def parse_options(frame: bytes, received_at: int, as_of: AsOf) -> list[Event]:
    """Stamped option quotes, option trades and rejected records of a frame of the options feed."""
    return _parse(OPTIONS, _option, frame, received_at, as_of)


def statuses(frame: bytes) -> list[Status]:
    """The server's own words in a frame; a frame that cannot be read has none."""
    if b'"status"' not in frame:
        return []
    found: list[Status] = []
    try:
        for record in records.split(frame):
            message = records.decode(record, _MESSAGES)
            if isinstance(message, _StatusMessage):
                found.append(Status(message.status, message.message))
    except RejectedRecord:
        return found
    return found


def time_passed(symbol: str, moment: int) -> TimePassed:
    """That all events of a symbol up to a moment (µs) that came in time are published."""
    return TimePassed(
        event_id=_id("TimePassed", symbol, moment), event_time=moment, source=SOURCE, simulated=False, symbol=symbol
    )


def stamped(
    event_id: str,
    event_time: int,
    terms: Terms,
    quote: tuple[float, float, int, int],
    underlying: Underlying,
    sequence: int,
    as_of: AsOf,
) -> OptionQuoteReceived:
    """An option quote with what was known when it came. `quote`: bid, ask, bid size, ask size; `as_of` remembers it."""
    bid, ask, bid_size, ask_size = quote
    as_of.quotes[terms.contract.symbol] = bid, ask
    return OptionQuoteReceived(
        event_id=event_id,
        event_time=event_time,
        source=SOURCE,
        simulated=False,
        contract=terms.contract.symbol,
        underlying=terms.underlying,
        expires_at=terms.expires_at,
        strike=terms.contract.strike,
        right=terms.contract.right,
        style=terms.style,
        multiplier=terms.multiplier,
        bid=bid,
        ask=ask,
        bid_size=bid_size,
        ask_size=ask_size,
        underlying_price=underlying.price,
        underlying_time=underlying.time,
        rate=as_of.rate,
        dividend_yield=as_of.dividend_yield(terms.underlying),
        sequence=sequence,
    )


def _parse(channel: str, reader: _Reader, frame: bytes, received_at: int, as_of: AsOf) -> list[Event]:
    try:
        raw = records.split(frame)
    except RejectedRecord as error:
        return [records.rejected(SOURCE, channel, frame, 0, received_at, error)]
    events: list[Event] = []
    for index, record in enumerate(raw):
        try:
            message = records.decode(record, _MESSAGES)
            if not isinstance(message, _StatusMessage):
                events.append(reader(message, received_at, as_of))
        except RejectedRecord as error:
            events.append(records.rejected(SOURCE, channel, record, index, received_at, error))
    return events


def _stock(message: _Quote | _Trade, received_at: int, as_of: AsOf) -> Event:
    if message.symbol not in as_of.symbols:
        raise reject("unknown_symbol", f"{message.symbol!r} is not among the symbols of the settings")
    if isinstance(message, _Trade):
        return _trade(message, received_at)
    time = records.time_us("t", message.time_ms * 1000, received_at)
    bid, ask, bid_size, ask_size = _sides(message)
    if 0 < bid <= ask and ask - bid <= MAX_RELATIVE_SPREAD * bid:
        as_of.observe(message.symbol, (bid + ask) / 2, time)
    sequence = records.whole("q", message.sequence)
    return QuoteReceived(
        event_id=_id("QuoteReceived", message.symbol, time, sequence, bid, ask, bid_size, ask_size),
        event_time=time,
        source=SOURCE,
        simulated=False,
        symbol=message.symbol,
        bid=bid,
        ask=ask,
        bid_size=bid_size,
        ask_size=ask_size,
        sequence=sequence,
    )


def _trade(message: _Trade, received_at: int) -> Event:
    time = records.time_us("t", message.time_ms * 1000, received_at)
    price = records.price("p", message.price)
    size = records.whole("s", message.size)
    sequence = records.whole("q", message.sequence)
    parts = (message.symbol, time, sequence, message.exchange, message.trade_id, price, size)
    return TradeReceived(
        event_id=_id("TradeReceived", *parts),
        event_time=time,
        source=SOURCE,
        simulated=False,
        symbol=message.symbol,
        price=price,
        size=size,
        side=0,  # the provider does not say who was the aggressor, and a guess is not a fact
        sequence=sequence,
    )


def _option(message: _Quote | _Trade, received_at: int, as_of: AsOf) -> Event:
    symbol = message.symbol.removeprefix("O:")
    terms = as_of.contracts.get(symbol)
    if terms is None:
        parse_occ(message.symbol)
        raise reject("unknown_symbol", f"{symbol!r} is in no chain snapshot so far")
    if isinstance(message, _Trade):
        return _option_trade(message, terms, received_at, as_of)
    time = records.time_us("t", message.time_ms * 1000, received_at)
    quote = _sides(message)
    sequence = records.whole("q", message.sequence)
    underlying = as_of.latest(terms.underlying)
    if underlying is None:
        raise reject("no_underlying_yet", f"no price of {terms.underlying} has been seen so far")
    event_id = _id("OptionQuoteReceived", symbol, time, sequence, *quote)
    return stamped(event_id, time, terms, quote, underlying, sequence, as_of)


def _option_trade(message: _Trade, terms: Terms, received_at: int, as_of: AsOf) -> Event:
    symbol = terms.contract.symbol
    if symbol not in as_of.quotes:
        raise reject("no_quote_yet", f"no quote of {symbol} has been seen so far")
    bid, ask = as_of.quotes[symbol]
    time = records.time_us("t", message.time_ms * 1000, received_at)
    price = records.price("p", message.price)
    size = records.whole("s", message.size)
    sequence = records.whole("q", message.sequence)
    return OptionTraded(
        event_id=_id("OptionTraded", symbol, time, sequence, message.exchange, price, size),
        event_time=time,
        source=SOURCE,
        simulated=False,
        contract=symbol,
        underlying=terms.underlying,
        expires_at=terms.expires_at,
        strike=terms.contract.strike,
        right=terms.contract.right,
        multiplier=terms.multiplier,
        price=price,
        size=size,
        bid=bid,
        ask=ask,
        sequence=sequence,
    )


def _sides(message: _Quote) -> tuple[float, float, int, int]:
    if message.bid is None and message.ask is None:
        raise reject("no_quote", "neither a bid nor an ask")
    return (
        records.quoted("bp", message.bid or 0.0),
        records.quoted("ap", message.ask or 0.0),
        records.whole("bs", message.bid_size),
        records.whole("as", message.ask_size),
    )


def _id(kind: str, *parts: str | float) -> str:
    return make_id(kind, SOURCE, *(str(part) for part in parts))
