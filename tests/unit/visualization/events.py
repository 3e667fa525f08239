"""Market events for tests, made from a few words. Times are seconds after `BEGAN`."""

from typing import Literal

from contracts.events import BarClosed, GreeksComputed, Lineage, QuoteReceived, SignalIssued, TradeReceived
from contracts.ids import make_id

BEGAN = 1_767_225_600_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
EXPIRY = BEGAN + 7 * 86_400 * SECOND


def quote(number: int, symbol: str = "AAPL", *, bid: float = 189.99, ask: float = 190.01) -> QuoteReceived:
    return QuoteReceived(
        event_id=make_id("quote", symbol, number), event_time=BEGAN + number * SECOND, source="tests", simulated=True,
        symbol=symbol, bid=bid, ask=ask, bid_size=300, ask_size=1_200, sequence=number,
    )  # fmt: skip


def trade(number: int, symbol: str = "AAPL", *, price: float = 190.0) -> TradeReceived:
    return TradeReceived(
        event_id=make_id("trade", symbol, number), event_time=BEGAN + number * SECOND, source="tests", simulated=True,
        symbol=symbol, price=price, size=100, side=1, sequence=number,
    )  # fmt: skip


def bar(minute: int, symbol: str = "AAPL", *, close: float = 190.0, edition: int = 0) -> BarClosed:
    """The bar of a minute; `edition` tells two events about the same minute apart."""
    return BarClosed(
        event_id=make_id("bar", symbol, minute, edition), event_time=BEGAN + (minute + 1) * MINUTE, source="tests",
        simulated=True, symbol=symbol, interval_s=60, opened_at=BEGAN + minute * MINUTE, open=close - 1,
        high=close + 1, low=close - 2, close=close, volume=100, vwap=close, trade_count=3,
    )  # fmt: skip


def greeks(
    number: int,
    strike: float = 190.0,
    right: Literal["C", "P"] = "C",
    *,
    symbol: str = "AAPL",
    expires_at: int = EXPIRY,
    reason: Literal["ok", "no_bid"] = "ok",
) -> GreeksComputed:
    known = reason == "ok"
    return GreeksComputed(
        event_id=make_id("greeks", number, str(strike), right), event_time=BEGAN + number * SECOND, source="tests",
        simulated=True, quote_id=make_id("quote", number), contract=f"{symbol}{expires_at}{right}{strike}",
        underlying=symbol, expires_at=expires_at, strike=strike, right=right, method="european-bsm", reason=reason,
        bid=4.1 if known else 0.0, ask=4.2, underlying_price=190.0, underlying_time=BEGAN + (number - 2) * SECOND,
        price=4.15 if known else None, implied_vol=0.2512 if known else None, delta=0.54321 if known else None,
        gamma=0.0412 if known else None, vega=0.151 if known else None, theta=-0.11 if known else None,
        rho=0.04 if known else None,
    )  # fmt: skip


def signal(
    number: int, action: Literal["Buy", "Sell", "Hold"] = "Buy", symbol: str = "AAPL", *, simulated: bool = True
) -> SignalIssued:
    return SignalIssued(
        event_id=make_id("signal", symbol, number), event_time=BEGAN + number * SECOND, source="tests",
        simulated=simulated, symbol=symbol, action=action, confidence=0.583, horizon_s=10, reference_price=190.25,
        reason="bids outweigh asks",
        lineage=Lineage(
            tick_ids=(make_id("tick", number),), feature_ids=(make_id("feature", number), make_id("bar", number)),
            prediction_ids=(make_id("prediction", number),), model="order_flow", model_version="1a2b3c4d",
            settings_id=make_id("settings"),
        ),
    )  # fmt: skip
