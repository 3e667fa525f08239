"""Events for the writer's tests, made from a number."""

from typing import Literal

from contracts.events import (
    DividendDeclared,
    Lineage,
    OptionQuoteReceived,
    QuoteReceived,
    SignalIssued,
    TradeReceived,
)
from contracts.ids import make_id
from storage.timescaledb_client.store import Retention

BEGAN = 1_767_261_600_000_000
"""2026-01-01 10:00 UTC, the first moment of an hour."""
SECOND = 1_000_000
KEPT = Retention(ticks_hours=24, facts_days=7_300, minutes_days=90)


def trade(number: int, *, at: int | None = None, symbol: str = "AAPL") -> TradeReceived:
    """One trade a second."""
    when = BEGAN + number * SECOND if at is None else at
    return TradeReceived(
        event_id=make_id("trade", number), event_time=when, source="simulator", simulated=True,
        symbol=symbol, price=100.0 + number, size=10, side=1, sequence=number,
    )  # fmt: skip


def quote(number: int, *, at: int | None = None, symbol: str = "AAPL", bid: float = 1.0) -> QuoteReceived:
    """One quote a second."""
    when = BEGAN + number * SECOND if at is None else at
    return QuoteReceived(
        event_id=make_id("underlying", number), event_time=when, source="simulator", simulated=True,
        symbol=symbol, bid=bid, ask=bid + 0.25, bid_size=1, ask_size=2, sequence=number,
    )  # fmt: skip


def option_quote(number: int, *, sequence: int | None = None, underlying: str = "AAPL") -> OptionQuoteReceived:
    """One option quote a second."""
    return OptionQuoteReceived(
        event_id=make_id("quote", number), event_time=BEGAN + number * SECOND, source="simulator", simulated=True,
        contract="AAPL260116C00190000", underlying=underlying, expires_at=BEGAN + 10**12, strike=190.0, right="C",
        style="american", multiplier=100, bid=4.1, ask=4.2, bid_size=1, ask_size=2, underlying_price=190.0,
        underlying_time=BEGAN, rate=0.04, dividend_yield=0.0, sequence=number if sequence is None else sequence,
    )  # fmt: skip


def dividend(number: int, *, at: int = BEGAN) -> DividendDeclared:
    """One of the facts that are kept for years."""
    return DividendDeclared(
        event_id=make_id("dividend", number), event_time=at, source="simulator", simulated=True, symbol="AAPL",
        amount=0.26, special=False, ex_at=at + 10**12, paid_at=at + 2 * 10**12,
    )  # fmt: skip


def signal(
    number: int, *, symbol: str = "AAPL", action: Literal["Buy", "Sell", "Hold"] = "Buy", lineage: Lineage | None = None
) -> SignalIssued:
    """One signal a second."""
    return SignalIssued(
        event_id=make_id("signal", number), event_time=BEGAN + number * SECOND, source="engine", simulated=True,
        symbol=symbol, action=action, confidence=0.6, horizon_s=60, reference_price=100.0, reason="flow",
        lineage=lineage
        or Lineage(
            tick_ids=(make_id("book", number),), feature_ids=(), prediction_ids=(), model="m", model_version="1",
            settings_id=make_id("settings"),
        ),
    )  # fmt: skip
