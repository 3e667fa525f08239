"""Every feature there is, as one table: `docs/features.md` is made of it, and who reads features can look them up."""

from typing import Final, NamedTuple

from stream_processing.feature_engineering.calendar_features import CALENDAR, CLOCK
from stream_processing.feature_engineering.chains.values import CHAIN
from stream_processing.feature_engineering.earnings import EARNINGS
from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.flow import FLOW
from stream_processing.feature_engineering.fundamentals import FUNDAMENTALS
from stream_processing.feature_engineering.fused import fuse
from stream_processing.feature_engineering.indicators.table import INDICATORS
from stream_processing.feature_engineering.macro import MACRO
from stream_processing.feature_engineering.microstructure import IMBALANCE_LEVELS
from stream_processing.feature_engineering.momentum import MOMENTUM
from stream_processing.feature_engineering.news import NEWS
from stream_processing.feature_engineering.option_flow import OF_OPTIONS
from stream_processing.feature_engineering.order_flow import PRICE_IMPACT
from stream_processing.feature_engineering.scan import Scan
from stream_processing.feature_engineering.sector_trends import SECTOR_TRENDS
from stream_processing.feature_engineering.slow import company, knowledge
from stream_processing.feature_engineering.timeframes import TIMEFRAMES
from stream_processing.feature_engineering.volatility import VOLATILITY

BAR_SCAN: Final[Scan] = fuse((*INDICATORS, *VOLATILITY, *MOMENTUM, PRICE_IMPACT))
"""What is said of each final bar, by symbol and interval."""
OF_BARS: Final[tuple[Feature, ...]] = BAR_SCAN.features

_SHORT: Final[tuple[Horizon, ...]] = ("short",)
_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")


def _of_book(name: str, meaning: str, unit: str) -> Feature:
    return Feature(name, meaning, unit, "one book", 0, "BookUpdated", _SHORT)


def _of_quote(name: str, meaning: str, unit: str) -> Feature:
    return Feature(name, meaning, unit, "one quote", 0, "OptionQuoteReceived", _ALL)


def _of_calendar(names: tuple[str, ...]) -> tuple[Feature, ...]:
    return tuple(feature for feature in CALENDAR if feature.name in names)


OF_BOOKS: Final = (
    _of_book("mid", "Middle of the best bid and ask", "dollars"),
    _of_book("microprice", "Mid + spread / 2 × imbalance of the best level", "dollars"),
    _of_book("spread", "Best ask less best bid", "dollars"),
    *(
        _of_book(f"imbalance_{levels}", f"(bid − ask size) / (bid + ask size) over {levels} levels", "−1 to 1")
        for levels in IMBALANCE_LEVELS
    ),
    _of_book("bid_slope", "Growth of the bids' sizes a level, relative to their mean", "per level"),
    _of_book("ask_slope", "Growth of the asks' sizes a level, relative to their mean", "per level"),
    _of_book("pressure", "Imbalance of all levels, each weighed by the inverse of its number", "−1 to 1"),
)
OF_QUOTES: Final = (
    _of_quote("price", "Middle of bid and ask", "dollars"),
    _of_quote("implied_vol", "Volatility at which the formula named by `method` gives the price", "per year"),
    _of_quote("delta", "Change of the price with the underlying's", "per dollar"),
    _of_quote("gamma", "Change of delta with the underlying's price", "per dollar"),
    _of_quote("vega", "Change of the price with volatility", "per volatility point"),
    _of_quote("theta", "Change of the price with time", "per calendar day"),
    _of_quote("rho", "Change of the price with the rate", "per percentage point"),
    _of_quote("vanna", "Change of delta with volatility", "per volatility point"),
    _of_quote("volga", "Change of vega with volatility", "per volatility point"),
    _of_quote("charm", "Change of delta with time", "per calendar day"),
    _of_quote("relative_spread", "(ask − bid) / middle", "1"),
    _of_quote("size_imbalance", "(bid size − ask size) / (bid size + ask size)", "−1 to 1"),
    _of_quote("underlying_age_s", "How much older than the quote its underlying's price is", "seconds"),
)


class Group(NamedTuple):
    """Features that are computed together."""

    title: str
    topic: str
    """Where they are published."""
    features: tuple[Feature, ...]


CATALOGUE: Final = (
    Group("Option quotes", "features.greeks", OF_QUOTES),
    Group("Order books", "features.microstructure", OF_BOOKS),
    Group("Bars", "features.indicators", OF_BARS),
    Group("Bars of a minute and longer", "features.indicators", (*CLOCK, *TIMEFRAMES)),
    Group("Flow", "features.flow", FLOW),
    Group("Option trades", "features.option_flow", OF_OPTIONS),
    Group("Option chains", "features.surfaces", CHAIN),
    Group("Fundamentals", "features.fundamentals", FUNDAMENTALS),
    Group("Earnings", "features.fundamentals", (*EARNINGS, *_of_calendar(company.DIARY))),
    Group("Sectors and factors", "features.fundamentals", SECTOR_TRENDS),
    Group("News", "features.news", NEWS),
    Group("Macro", "features.macro", (*MACRO, *_of_calendar(knowledge.DIARY))),
)
