"""Every event of the system: frozen, in the past tense, versioned.

Theory of operation
-------------------
An event states facts and nothing else. When our own stages touched it travels in Kafka headers (`contracts.stages`),
so that a replay of the same tape gives the same bytes. `event_id` is derived from what determines the fact
(`contracts.ids`), so a repeated event is recognised anywhere. `event_time` is microseconds since 1970-01-01 UTC at the
exchange. `simulated` is true for everything that descends from the simulator, and nothing downstream may drop it.

The constraints in the annotations are the contract: `contracts.wire` enforces them both ways, so an event that breaks
one neither enters a topic through our code nor leaves one.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
Symbol = Annotated[str, Meta(min_length=1, max_length=32)]
Micros = Annotated[int, Meta(ge=0, le=253_402_300_799_999_999)]
"""Microseconds since the epoch, UTC, up to the year 9999."""
Price = Annotated[float, Meta(gt=0.0, le=1e9)]
Quoted = Annotated[float, Meta(ge=0.0, le=1e9)]
"""A quoted side of a market: zero means that nobody quotes it."""
Size = Annotated[int, Meta(ge=0, le=10**15)]
LARGEST = 2**63 - 1
"""Whole numbers fit 64 bits, in Spark and in the database."""
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Positive = Annotated[int, Meta(gt=0, le=LARGEST)]
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Text = Annotated[str, Meta(max_length=4096)]
Levels = Annotated[tuple[Price, ...], Meta(max_length=10)]
Depths = Annotated[tuple[Size, ...], Meta(max_length=10)]
Share = Annotated[float, Meta(ge=-1.0, le=1.0)]
"""A signed share, such as an imbalance: −1 all on the ask, +1 all on the bid."""


class Event(Struct, frozen=True, kw_only=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """What every event carries."""

    event_id: Id
    event_time: Micros
    source: Symbol
    simulated: bool
    schema_version: Literal[1] = 1


# --- market: what providers told us ----------------------------------------------------------------------------------


class QuoteReceived(Event, frozen=True, kw_only=True):
    """Best bid and ask of an underlying."""

    symbol: Symbol
    bid: Quoted
    ask: Quoted
    bid_size: Size
    ask_size: Size
    sequence: Count


class TradeReceived(Event, frozen=True, kw_only=True):
    """A trade of an underlying. `side`: +1 the buyer was the aggressor, −1 the seller, 0 unknown."""

    symbol: Symbol
    price: Price
    size: Size
    side: Literal[-1, 0, 1]
    sequence: Count


class BookUpdated(Event, frozen=True, kw_only=True):
    """The order book of an underlying down to ten levels, best level first."""

    symbol: Symbol
    bid_prices: Levels
    bid_sizes: Depths
    ask_prices: Levels
    ask_sizes: Depths
    sequence: Count


class OptionQuoteReceived(Event, frozen=True, kw_only=True):
    """Best bid and ask of an option, stamped with the underlying price, rate and yield known at that moment.

    Stamping makes the event self-contained: its Greeks need no state, and a replay computes the same ones.
    `contract` is the OCC symbol without padding; `rate` and `dividend_yield` are continuous, per year.
    """

    contract: Symbol
    underlying: Symbol
    expires_at: Micros
    strike: Price
    right: Literal["C", "P"]
    style: Literal["american", "european"]
    multiplier: Positive
    bid: Quoted
    ask: Quoted
    bid_size: Size
    ask_size: Size
    underlying_price: Price
    underlying_time: Micros
    rate: Share
    dividend_yield: Share
    sequence: Count


class NewsPublished(Event, frozen=True, kw_only=True):
    """A headline, as of its publication. `symbol` is the name it is about, `MARKET` if it is about none in particular.

    `sentiment` is the publisher's own rating from −1, bad for the price, to +1; absent if it gives none.
    """

    symbol: Symbol
    category: Literal["company", "earnings", "market"]
    headline: Text
    publisher: Symbol
    sentiment: Share | None = None


class EarningsAnnounced(Event, frozen=True, kw_only=True):
    """A company's result of a quarter, as of its announcement.

    Earnings are dollars a share, revenue dollars. `surprise` is actual less expected earnings in standard deviations
    of past surprises. `next_at` is when the company says it will announce the next quarter.
    """

    symbol: Symbol
    period_ended_at: Micros
    timing: Literal["before_open", "after_close"]
    eps_expected: float
    eps_actual: float
    revenue_expected: float
    revenue_actual: float
    surprise: float
    next_at: Micros


class FundamentalsFiled(Event, frozen=True, kw_only=True):
    """A quarter's statements, as of their acceptance. Flows are of the quarter, levels of its end; dollars.

    `revision` counts the filings on one period: 0 is the first, a restatement is one more and a later event.
    """

    symbol: Symbol
    form: Literal["10-Q", "10-K"]
    period_ended_at: Micros
    revision: Count
    revenue: float
    net_income: float
    operating_cash_flow: float
    assets: float
    liabilities: float
    equity: float
    shares_outstanding: Positive


class DividendDeclared(Event, frozen=True, kw_only=True):
    """A cash dividend in dollars a share, as of its declaration. Who buys from `ex_at` on does not get it."""

    symbol: Symbol
    amount: Price
    special: bool
    ex_at: Micros
    paid_at: Micros


class SplitAnnounced(Event, frozen=True, kw_only=True):
    """A split, as of its announcement: `new_shares` for every `old_shares`, in prices from `effective_at` on."""

    symbol: Symbol
    new_shares: Positive
    old_shares: Positive
    effective_at: Micros


class MacroReleased(Event, frozen=True, kw_only=True):
    """A number about the economy, as of its release.

    `revision` counts the vintages of one period's number; a revision has no consensus. `previous` is the number of the
    period before, or of the vintage before if this is a revision, as known until now.
    """

    indicator: Symbol
    unit: Symbol
    period_ended_at: Micros
    revision: Count
    actual: float
    previous: float
    consensus: float | None = None


class RateCurvePublished(Event, frozen=True, kw_only=True):
    """Risk-free rates by tenor in days: continuous, per year of 365 days."""

    curve: Symbol
    tenors_days: Annotated[tuple[Positive, ...], Meta(max_length=32)]
    rates: Annotated[tuple[Share, ...], Meta(max_length=32)]


class RecordRejected(Event, frozen=True, kw_only=True):
    """A record that could not be used, and why. `topic` is where it stood (a provider's channel before Kafka)."""

    topic: Symbol
    partition: Whole
    offset: Whole
    reason: Symbol
    explanation: Text
    record: Text


# --- features: what stream processing computed -----------------------------------------------------------------------

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
    """A bar that is still open, as of its last trade at `event_time`."""


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


# --- models and engine -----------------------------------------------------------------------------------------------


class PredictionMade(Event, frozen=True, kw_only=True):
    """A model's calibrated probability that the mid price is higher, not lower, `horizon_s` seconds later.

    Moments at which it is unchanged are left out of training and of the probability.
    """

    symbol: Symbol
    horizon_s: Positive
    model: Symbol
    model_version: Symbol
    probability_up: Probability
    mid: Price
    microstructure_id: Id
    book_id: Id
    bar_ids: tuple[Id, ...]


class Lineage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What made a signal, back to the ticks."""

    tick_ids: tuple[Id, ...]
    feature_ids: tuple[Id, ...]
    prediction_ids: tuple[Id, ...]
    model: Symbol
    model_version: Symbol
    settings_id: Id


class SignalIssued(Event, frozen=True, kw_only=True):
    """A recommendation. `confidence` is the calibrated probability that the stated direction is right."""

    symbol: Symbol
    action: Literal["Buy", "Sell", "Hold"]
    confidence: Probability
    horizon_s: Positive
    reference_price: Price
    reason: Text
    lineage: Lineage


class SignalWithheld(Event, frozen=True, kw_only=True):
    """A prediction that the engine declined to turn into a signal, and why."""

    symbol: Symbol
    reason: Literal["stale_input", "incomplete_lineage"]
    explanation: Text
    prediction_id: Id


# --- the simulator's own ---------------------------------------------------------------------------------------------


class TruthRevealed(Event, frozen=True, kw_only=True):
    """The simulator's latent state and what follows from it. Evaluation may read it, models never.

    `flow` is the latent order-flow pressure, `volatility` per year, `expected_return` the log return expected over
    `horizon_s`, `probability_up` the exact probability that it is positive.
    """

    symbol: Symbol
    horizon_s: Positive
    flow: float
    volatility: float
    expected_return: float
    probability_up: Probability


class IngestionProgressed(Event, frozen=True, kw_only=True):
    """Everything of this source up to `event_time` has been acknowledged by Kafka; a restart resumes there."""

    seed: Whole
    started_at: Micros
    settings_id: Id
