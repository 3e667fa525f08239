"""What cannot be true of a market event, beyond what the contract's own limits refuse.

A crossed or stale quote is strange but happened, and stays; a book whose levels are out of order never stood at any
exchange. Each rule is a row of a table: what it is about, its reason code, the explanation.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from contracts.errors import RejectedRecord
from contracts.events import BookUpdated, Event, OptionQuoteReceived, OptionTraded, QuoteReceived, TradeReceived

EARLIEST_US: Final = 631_152_000_000_000
"""1990-01-01: no market data of ours is older, so an older time is another unit or a missing value."""
AHEAD_LIMIT_US: Final = 60_000_000
"""Clocks differ by less; a price from the far future would never be superseded and so stamp every later quote."""
SIZE_LIMIT: Final = 10**9
"""More shares than any company's busiest minute: the value is not a size."""

Rule = tuple[str, Callable[[Any], str | None]]


def refuse_impossible(event: Event, now: int) -> None:
    """Raise `RejectedRecord` if the event cannot be what it claims, at our time `now` (µs since the epoch)."""
    if event.event_time < EARLIEST_US:
        raise RejectedRecord("bad_time", f"event_time {event.event_time} µs is before 1990")
    if event.event_time > now + AHEAD_LIMIT_US:
        raise RejectedRecord("bad_time", f"event_time {event.event_time} µs, our clock says {now} µs")
    for reason, problem in RULES.get(type(event), ()):
        if explanation := problem(event):
            raise RejectedRecord(reason, explanation)


def _ragged(book: BookUpdated) -> str | None:
    lengths = len(book.bid_prices), len(book.bid_sizes), len(book.ask_prices), len(book.ask_sizes)
    if lengths[0] == lengths[1] and lengths[2] == lengths[3]:
        return None
    return "bid prices and sizes, ask prices and sizes: {}, {}, {}, {} levels".format(*lengths)


def _disordered(book: BookUpdated) -> str | None:
    if _falls(book.bid_prices) and _falls(book.ask_prices[::-1]):
        return None
    return f"levels do not lead away from the best: bids {book.bid_prices}, asks {book.ask_prices}"


def _falls(prices: Sequence[float]) -> bool:
    return all(before > after for before, after in pairwise(prices))


def _absurd_depth(book: BookUpdated) -> str | None:
    return _absurd(max((*book.bid_sizes, *book.ask_sizes), default=0))


def _absurd_quote(quote: QuoteReceived | OptionQuoteReceived) -> str | None:
    return _absurd(max(quote.bid_size, quote.ask_size))


def _absurd_trade(trade: TradeReceived | OptionTraded) -> str | None:
    return _absurd(trade.size)


def _absurd(size: int) -> str | None:
    return f"size {size}, limit {SIZE_LIMIT}" if size > SIZE_LIMIT else None


def _stamped_ahead(quote: OptionQuoteReceived) -> str | None:
    if quote.underlying_time <= quote.event_time + AHEAD_LIMIT_US:
        return None
    return f"underlying_time {quote.underlying_time} µs lies ahead of event_time {quote.event_time} µs"


RULES: Final[dict[type[Event], tuple[Rule, ...]]] = {
    BookUpdated: (("ragged_book", _ragged), ("disordered_book", _disordered), ("absurd_size", _absurd_depth)),
    QuoteReceived: (("absurd_size", _absurd_quote),),
    TradeReceived: (("absurd_size", _absurd_trade),),
    OptionTraded: (("absurd_size", _absurd_trade),),
    OptionQuoteReceived: (("absurd_size", _absurd_quote), ("bad_time", _stamped_ahead)),
}
