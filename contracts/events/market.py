"""What providers told us."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.events.base import (
    Count,
    Depths,
    Event,
    Levels,
    Micros,
    Positive,
    Price,
    Quoted,
    Share,
    Size,
    Symbol,
    Text,
    Whole,
)


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


class OptionTraded(Event, frozen=True, kw_only=True):
    """A trade of an option: dollars a share and contracts, beside the best bid and ask in force at that moment."""

    contract: Symbol
    underlying: Symbol
    expires_at: Micros
    strike: Price
    right: Literal["C", "P"]
    multiplier: Positive
    price: Price
    size: Size
    bid: Quoted
    ask: Quoted
    sequence: Count


class OpenInterestReported(Event, frozen=True, kw_only=True):
    """Contracts open after the session before, and traded in it, as of the report in the morning."""

    contract: Symbol
    underlying: Symbol
    open_interest: Count
    volume: Count


class TimePassed(Event, frozen=True, kw_only=True):
    """All events about this name that are dated up to `event_time`, and came in time, are in Kafka.

    It lets results that wait for more events end where none comes, such as the last bar of a session. What is made of
    events must not depend on when these say so.
    """

    symbol: Symbol


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
