"""What stream processing computed."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.events.base import (
    Count,
    Event,
    Id,
    Micros,
    Positive,
    Price,
    Probability,
    Quoted,
    Share,
    Size,
    Symbol,
    Whole,
)

GreeksReason = Literal[
    "ok", "zero_vega", "above_bound", "below_intrinsic", "stale", "crossed", "no_bid", "expired", "bad_input"
]


class GreeksComputed(Event, frozen=True, kw_only=True):
    """Implied volatility and Greeks of one option quote, or the reason why there are none.

    `method` names the pricing formula used; `price` is the middle of bid and ask; `implied_vol` is per year. `units`
    are those of volatility, time and rate in the Greeks: `delta`, `gamma` per 1.00 of the underlying; `vega` per
    volatility point; `theta` per calendar day; `rho` per percentage point; `vanna` is the change of delta and `volga`
    that of vega per volatility point, `charm` that of delta per calendar day. `underlying_age_s`: how much older than
    the quote its underlying's price is. `relative_spread` is (ask − bid) / middle, `size_imbalance` (bid size − ask
    size) / (bid size + ask size).
    """

    quote_id: Id
    contract: Symbol
    underlying: Symbol
    expires_at: Micros
    strike: Price
    right: Literal["C", "P"]
    method: Symbol
    reason: GreeksReason
    bid: Quoted
    ask: Quoted
    underlying_price: Price
    underlying_time: Micros
    price: float | None = None
    implied_vol: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    rho: float | None = None
    vanna: float | None = None
    volga: float | None = None
    charm: float | None = None
    relative_spread: float | None = None
    size_imbalance: Share | None = None
    underlying_age_s: float | None = None
    units: Symbol | None = None


class MicrostructureComputed(Event, frozen=True, kw_only=True):
    """What one order book says. Imbalance over n levels is (bid size − ask size) / (bid size + ask size).

    A side's slope is the growth of its sizes a level, relative to their mean; `pressure` is an imbalance of all levels,
    each weighed by the inverse of its number.
    """

    book_id: Id
    symbol: Symbol
    mid: Price
    microprice: Price
    spread: float
    imbalance_1: Share
    imbalance_3: Share
    imbalance_5: Share
    imbalance_10: Share
    bid_slope: float | None = None
    ask_slope: float | None = None
    pressure: Share | None = None


class _Bar(Event, frozen=True, kw_only=True):
    """Trades of one symbol over [opened_at, opened_at + interval_s).

    `signed_volume` is bought less sold volume by aggressor. `realised_variance` is the sum of squared log returns
    between the closes of the bar's seconds, from its open on: a variance over the bar, not a year.
    """

    symbol: Symbol
    interval_s: Positive
    opened_at: Micros
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size
    vwap: Price
    trade_count: Count
    signed_volume: Whole | None = None
    realised_variance: float | None = None


class BarClosed(_Bar, frozen=True, kw_only=True):
    """The final bar; `event_time` is its end."""


class BarUpdated(_Bar, frozen=True, kw_only=True):
    """A bar that is still open, as of its last trade at `event_time`.

    It has no realised variance: how many of its seconds were over by then is not told by its trades alone.
    """


class BarCorrected(_Bar, frozen=True, kw_only=True):
    """What a final bar would have been with the trades that came too late for it, the last of them at `event_time`.

    `bar_id` names the final bar; `revision` counts its corrections from 1. Realised variance stays as it was.
    """

    bar_id: Id
    revision: Positive


class IndicatorsComputed(Event, frozen=True, kw_only=True):
    """What the final bars of one symbol and interval say, as of the end of the newest.

    `values` holds the features of the catalogue (`docs/features.md`) that have one; before its warm-up none has.
    """

    bar_id: Id
    symbol: Symbol
    interval_s: Positive
    values: dict[str, float]


class FlowComputed(Event, frozen=True, kw_only=True):
    """Who presses on the price of a name, as of the end of a second: features of its quotes, trades and books so far.

    `values` holds the features of the catalogue that have one, each as of the last event that it is made of.
    `trade_id` names the last of those trades.
    """

    symbol: Symbol
    trade_id: Id
    values: dict[str, float]


class OptionFlowComputed(Event, frozen=True, kw_only=True):
    """What one option trade says beside the session so far, the open interest and the sessions before."""

    trade_id: Id
    contract: Symbol
    underlying: Symbol
    values: dict[str, float]


class FittedExpiry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One expiry of a volatility surface.

    Volatilities are per year. `skew` and `curvature` are the first and second derivative of volatility in log
    moneyness ln(K/F) at the forward; `risk_reversal_25` is the volatility of the call less that of the put with a
    |delta| of 0.25. `expected_move` is the price of the straddle at the forward, dollars. `svi` holds a, b, ρ, m, σ of
    total variance, a summary; the fit itself has the form told in `models.quantitative.surface`. `inside` is the share
    of the `quotes` used whose fitted price lies within bid and ask, `rms_error` that of volatilities in points.
    """

    expires_at: Micros
    years: float
    forward: Price
    rate: float
    atm_vol: float
    skew: float
    curvature: float
    variance_swap_vol: float
    risk_reversal_25: float | None = None
    expected_move: float | None = None
    svi: Annotated[tuple[float, ...], Meta(max_length=5)]
    quotes: Count
    inside: Probability
    rms_error: float
    has_arbitrage: bool


class SurfaceFitted(Event, frozen=True, kw_only=True):
    """The option chain of one underlying at an instant: its volatility surface and what the whole chain says.

    Made of the last quote of each contract up to `event_time`; `quotes_id` is the hash of their ids, which
    `ChainRepriced` of the same instant lists. `values` holds the chain's features of the catalogue.
    """

    underlying: Symbol
    underlying_price: Price
    underlying_time: Micros
    quotes_id: Id
    contracts: Count
    expiries: Annotated[tuple[FittedExpiry, ...], Meta(max_length=256)]
    values: dict[str, float]


class RepricedContract(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contract at the chain's underlying price; Greeks in the units of `GreeksComputed`.

    `implied_vol` is that of the quote at the underlying price it was stamped with, or the surface's where `vol_source`
    says so; `quote_age_s` is how old the quote is.
    """

    contract: Symbol
    strike: Price
    right: Literal["C", "P"]
    quote_id: Id
    quote_age_s: float
    reason: GreeksReason
    vol_source: Literal["quote", "surface"] | None = None
    implied_vol: float | None = None
    price: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    rho: float | None = None


class ChainRepriced(Event, frozen=True, kw_only=True):
    """One expiry of a chain, every contract repriced at the underlying price of the instant by the method named."""

    surface_id: Id
    underlying: Symbol
    underlying_price: Price
    expires_at: Micros
    method: Symbol
    contracts: Annotated[tuple[RepricedContract, ...], Meta(max_length=4096)]


class FundamentalsComputed(Event, frozen=True, kw_only=True):
    """What is known of a company at an instant: statements, earnings, its sector's and factors' trends.

    `made_of` names the last event that the values are made of.
    """

    symbol: Symbol
    made_of: Id
    values: dict[str, float]


class NewsComputed(Event, frozen=True, kw_only=True):
    """What the news says about a name at an instant, as of its article `made_of`."""

    symbol: Symbol
    made_of: Id
    values: dict[str, float]


class MacroComputed(Event, frozen=True, kw_only=True):
    """What is known of the economy and the rates at an instant, as of the release or curve `made_of`."""

    made_of: Id
    values: dict[str, float]
