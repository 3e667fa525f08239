"""One legal example of every event, as golden files and other tests use them."""

from typing import Final, TypedDict

from contracts import events
from contracts.events import Event

ID = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


class Base(TypedDict):
    """Fields that every event has."""

    event_id: str
    event_time: int
    source: str
    simulated: bool


BASE: Final[Base] = {
    "event_id": ID,
    "event_time": 1_767_225_600_123_456,
    "source": "simulator-42-1767225600",
    "simulated": True,
}

EXAMPLES: tuple[Event, ...] = (
    events.QuoteReceived(**BASE, symbol="AAPL", bid=189.99, ask=190.01, bid_size=300, ask_size=200, sequence=7),
    events.TradeReceived(**BASE, symbol="AAPL", price=190.01, size=100, side=1, sequence=8),
    events.BookUpdated(
        **BASE,
        symbol="AAPL",
        bid_prices=(189.99, 189.98),
        bid_sizes=(300, 500),
        ask_prices=(190.01, 190.02),
        ask_sizes=(200, 400),
        sequence=9,
    ),
    events.OptionQuoteReceived(
        **BASE,
        contract="AAPL260116C00190000",
        underlying="AAPL",
        expires_at=1_768_597_200_000_000,
        strike=190.0,
        right="C",
        style="american",
        multiplier=100,
        bid=4.1,
        ask=4.2,
        bid_size=10,
        ask_size=12,
        underlying_price=190.0,
        underlying_time=1_767_225_600_100_000,
        rate=0.04,
        dividend_yield=0.005,
        sequence=10,
    ),
    events.NewsPublished(
        **BASE,
        symbol="AAPL",
        category="company",
        headline="AAPL wins a large order",
        publisher="Simulated Wire",
        sentiment=0.6,
    ),
    events.EarningsAnnounced(
        **BASE,
        symbol="AAPL",
        period_ended_at=1_767_225_600_000_000,
        timing="after_close",
        eps_expected=1.5,
        eps_actual=1.62,
        revenue_expected=9.4e10,
        revenue_actual=9.5e10,
        surprise=1.3,
        next_at=1_777_406_700_000_000,
    ),
    events.FundamentalsFiled(
        **BASE,
        symbol="AAPL",
        form="10-K",
        period_ended_at=1_767_225_600_000_000,
        revision=1,
        revenue=9.5e10,
        net_income=2.4e10,
        operating_cash_flow=2.7e10,
        assets=3.6e11,
        liabilities=3.0e11,
        equity=6.0e10,
        shares_outstanding=15_000_000_000,
    ),
    events.DividendDeclared(
        **BASE,
        symbol="AAPL",
        amount=0.26,
        special=False,
        ex_at=1_768_885_200_000_000,
        paid_at=1_769_749_200_000_000,
    ),
    events.SplitAnnounced(**BASE, symbol="AAPL", new_shares=4, old_shares=1, effective_at=1_768_885_200_000_000),
    events.MacroReleased(
        **BASE,
        indicator="CPI",
        unit="percent_yoy",
        period_ended_at=1_767_225_600_000_000,
        revision=0,
        actual=2.7,
        previous=2.6,
        consensus=2.6,
    ),
    events.RateCurvePublished(**BASE, curve="USD", tenors_days=(1, 30, 365), rates=(0.04, 0.04, 0.041)),
    events.RecordRejected(
        **BASE, topic="market.trades", partition=0, offset=12, reason="malformed", explanation="truncated", record="{"
    ),
    events.GreeksComputed(
        **BASE,
        quote_id=OTHER,
        contract="AAPL260116C00190000",
        underlying="AAPL",
        expires_at=1_768_597_200_000_000,
        strike=190.0,
        right="C",
        method="european-bsm",
        reason="ok",
        bid=4.1,
        ask=4.2,
        underlying_price=190.0,
        underlying_time=1_767_225_600_100_000,
        price=4.15,
        implied_vol=0.25,
        delta=0.54,
        gamma=0.04,
        vega=0.15,
        theta=-0.11,
        rho=0.04,
    ),
    events.MicrostructureComputed(
        **BASE,
        book_id=OTHER,
        symbol="AAPL",
        mid=190.0,
        microprice=190.002,
        spread=0.02,
        imbalance_1=0.2,
        imbalance_3=0.1,
        imbalance_5=0.0,
        imbalance_10=-0.1,
    ),
    events.BarClosed(
        **BASE,
        symbol="AAPL",
        interval_s=60,
        opened_at=1_767_225_540_000_000,
        open=189.9,
        high=190.2,
        low=189.8,
        close=190.0,
        volume=12_345,
        vwap=190.01,
        trade_count=321,
    ),
    events.PredictionMade(
        **BASE,
        symbol="AAPL",
        horizon_s=10,
        model="order_flow",
        model_version="1a2b3c4d",
        probability_up=0.57,
        mid=190.0,
        microstructure_id=ID,
        book_id=OTHER,
        bar_ids=(ID, OTHER),
    ),
    events.SignalIssued(
        **BASE,
        symbol="AAPL",
        action="Buy",
        confidence=0.57,
        horizon_s=10,
        reference_price=190.0,
        reason="Bids outweigh asks",
        lineage=events.Lineage(
            tick_ids=(OTHER,),
            feature_ids=(ID,),
            prediction_ids=(ID,),
            model="order_flow",
            model_version="1a2b3c4d",
            settings_id=OTHER,
        ),
    ),
    events.SignalWithheld(
        **BASE, symbol="AAPL", reason="stale_input", explanation="the order book is 6.1 s old", prediction_id=ID
    ),
    events.TruthRevealed(
        **BASE, symbol="AAPL", horizon_s=10, flow=0.3, volatility=0.25, expected_return=1e-5, probability_up=0.53
    ),
    events.IngestionProgressed(**BASE, seed=42, started_at=1_767_225_600_000_000, settings_id=OTHER),
)
