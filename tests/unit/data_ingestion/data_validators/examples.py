"""One good event of each kind that the judges look at; tests spoil a copy."""

from typing import Final

from contracts.events import BookUpdated, OptionQuoteReceived, QuoteReceived, TradeReceived
from contracts.ids import make_id

NOW: Final = 1_767_225_600_000_000
ID: Final = make_id("example")

QUOTE: Final = QuoteReceived(
    event_id=ID, event_time=NOW, source="feed", simulated=False, symbol="AAPL", bid=10.0, ask=10.1, bid_size=1,
    ask_size=2, sequence=5,
)  # fmt: skip
TRADE: Final = TradeReceived(
    event_id=ID, event_time=NOW, source="feed", simulated=False, symbol="AAPL", price=10.0, size=100, side=0, sequence=5
)
BOOK: Final = BookUpdated(
    event_id=ID, event_time=NOW, source="feed", simulated=False, symbol="AAPL", bid_prices=(10.0, 9.9),
    bid_sizes=(1, 2), ask_prices=(10.1, 10.2), ask_sizes=(3, 4), sequence=5,
)  # fmt: skip
OPTION: Final = OptionQuoteReceived(
    event_id=ID, event_time=NOW, source="feed", simulated=False, contract="AAPL260116C00010000", underlying="AAPL",
    expires_at=NOW + 10**12, strike=10.0, right="C", style="american", multiplier=100, bid=1.0, ask=1.1, bid_size=1,
    ask_size=1, underlying_price=10.0, underlying_time=NOW - 1_000, rate=0.04, dividend_yield=0.0, sequence=5,
)  # fmt: skip
