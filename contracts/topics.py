"""The topic table: what flows where, how it is keyed, split and kept. Adding a stream is adding a row."""

from typing import NamedTuple

from contracts import events
from contracts.events import Event

SLOW_HOURS = 24 * 400
"""What is published a few times a year is kept for longer than one."""


class Topic(NamedTuple):
    """One Kafka topic. Retention is the default of an embedded broker; a cluster may keep more.

    Size is what bounds the disk. Time is generous, because a system that rested over a weekend must find the records
    that its readers had not finished, or they stop at a gap.
    """

    name: str
    events: tuple[type[Event], ...]
    key: str
    """Field of the event that keys the record: records of one key keep their order."""
    partitions: int = 1
    retention_hours: int = 168
    retention_mib: int = 512
    """Per partition; whichever of the two limits is reached first applies."""
    compacted: bool = False
    stored: bool = True
    """Whether the database keeps its events; compacted topics are state, not history, and never stored."""
    largest_bytes: int = 65_536
    """Of a record. Most events are under 1 kB; what comes near this is none of ours."""


OPTION_QUOTES = Topic(
    "market.option_quotes", (events.OptionQuoteReceived,), "contract", partitions=2, retention_mib=1536
)
QUOTES = Topic("market.quotes", (events.QuoteReceived,), "symbol")
TRADES = Topic("market.trades", (events.TradeReceived,), "symbol")
OPTION_TRADES = Topic("market.option_trades", (events.OptionTraded,), "contract")
OPEN_INTEREST = Topic("market.open_interest", (events.OpenInterestReported,), "contract", retention_hours=SLOW_HOURS)
CLOCK = Topic("market.clock", (events.TimePassed,), "symbol", retention_mib=64, stored=False)
BOOKS = Topic("market.books", (events.BookUpdated,), "symbol")
NEWS = Topic("market.news", (events.NewsPublished,), "symbol", retention_hours=SLOW_HOURS)
FUNDAMENTALS = Topic(
    "market.fundamentals", (events.EarningsAnnounced, events.FundamentalsFiled), "symbol", retention_hours=SLOW_HOURS
)
CORPORATE_ACTIONS = Topic(
    "market.corporate_actions", (events.DividendDeclared, events.SplitAnnounced), "symbol", retention_hours=SLOW_HOURS
)
MACRO = Topic("market.macro", (events.MacroReleased,), "indicator", retention_hours=SLOW_HOURS)
RATES = Topic("market.rates", (events.RateCurvePublished,), "curve", retention_hours=SLOW_HOURS)
REJECTED = Topic("market.rejected", (events.RecordRejected,), "topic")
GREEKS = Topic("features.greeks", (events.GreeksComputed,), "contract", partitions=2, retention_mib=1536)
MICROSTRUCTURE = Topic("features.microstructure", (events.MicrostructureComputed,), "symbol")
BARS = Topic("features.bars", (events.BarClosed, events.BarCorrected), "symbol")
OPEN_BARS = Topic("features.open_bars", (events.BarUpdated,), "symbol", retention_mib=64, stored=False)
INDICATORS = Topic("features.indicators", (events.IndicatorsComputed,), "symbol")
FLOW = Topic("features.flow", (events.FlowComputed,), "symbol")
OPTION_FLOW = Topic("features.option_flow", (events.OptionFlowComputed,), "underlying")
SURFACES = Topic("features.surfaces", (events.SurfaceFitted,), "underlying", largest_bytes=262_144)
CHAINS = Topic("features.chains", (events.ChainRepriced,), "underlying", stored=False, largest_bytes=786_432)
COMPANIES = Topic("features.fundamentals", (events.FundamentalsComputed,), "symbol", retention_hours=SLOW_HOURS)
NEWS_FEATURES = Topic("features.news", (events.NewsComputed,), "symbol", retention_hours=SLOW_HOURS)
MACRO_FEATURES = Topic("features.macro", (events.MacroComputed,), "source", retention_hours=SLOW_HOURS)
PREDICTIONS = Topic("models.predictions", (events.PredictionMade,), "symbol")
SIGNALS = Topic("engine.signals", (events.SignalIssued, events.SignalWithheld), "symbol")
TRUTH = Topic("simulator.truth", (events.TruthRevealed,), "symbol")
PROGRESS = Topic("ingestion.progress", (events.IngestionProgressed,), "source", compacted=True)

TOPICS = (
    OPTION_QUOTES, OPTION_TRADES, OPEN_INTEREST, QUOTES, TRADES, BOOKS, CLOCK, NEWS, FUNDAMENTALS, CORPORATE_ACTIONS,
    MACRO, RATES, REJECTED,
    GREEKS, MICROSTRUCTURE, BARS, OPEN_BARS, INDICATORS, FLOW, OPTION_FLOW, SURFACES, CHAINS, COMPANIES, NEWS_FEATURES,
    MACRO_FEATURES, PREDICTIONS, SIGNALS, TRUTH, PROGRESS,
)  # fmt: skip
BY_NAME = {topic.name: topic for topic in TOPICS}
BY_EVENT = {event: topic for topic in TOPICS for event in topic.events}
