"""Who presses on a price: scans over quotes, books, trades, bars and option trades, in the order of events.

Rows of single events that cannot be (a missing number, a price of nothing, an absurd size) give no value and are passed
over as if they had not come. A bar that cannot be stays in its windows until it has left them.

Sources: Cont, Kukanov and Stoikov (2014) for order flow imbalance, Xu, Gould and Howison (2018) for its further levels;
Lee and Ready (1991) for the side of a trade; Easley, López de Prado and O'Hara (2012) for VPIN, with the side of each
trade in place of their bulk classification; Kyle (1985); Amihud (2002); Roll (1984).
"""

import math
from collections.abc import Sequence
from typing import Final

from stream_processing.feature_engineering import order_flow_impact_kernels as impact
from stream_processing.feature_engineering import order_flow_quote_kernels as quotes
from stream_processing.feature_engineering import order_flow_trade_kernels as trades
from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.scan import Scan

_FAST: Final[tuple[Horizon, ...]] = ("short",)
_MIDDLE: Final[tuple[Horizon, ...]] = ("short", "medium")
_QUOTE: Final = "QuoteReceived"
_BOOK: Final = "BookUpdated"
_TRADE: Final = "TradeReceived"
_BAR: Final = "BarClosed"
_OPTION: Final = "OptionTraded"
_LAST_TRADES: Final = f"{trades.WINDOW} trades"

QUOTE_FLOW: Final = Scan(
    inputs=("event_time", "bid", "bid_size", "ask", "ask_size"),
    features=(
        Feature(
            "ofi",
            "Order flow imbalance: what was added to the best bid or taken from the best ask, less the opposite",
            "shares", "2 quotes", 1, _QUOTE, _FAST,
        ),
        *(
            Feature(
                f"ofi_rate_{half_life_s:.0f}s",
                "Order flow imbalance a second, each event's weight halving in the time named, by event time",
                "shares per second", f"{quotes.WARM_UP_HALF_LIVES * half_life_s:.0f} s of quotes", 1, _QUOTE, _FAST,
            )
            for half_life_s in quotes.HALF_LIVES_S
        ),
    ),
    size=quotes.QUOTE_SIZE,
    kernel=quotes.quote_flow,
)  # fmt: skip
"""Rows: best quotes; `event_time` in microseconds, a side that nobody quotes has a price of 0."""

BOOK_FLOW: Final = Scan(
    inputs=tuple(
        f"{name}_{level}" for level in range(1, quotes.LEVELS + 1) for name in ("bid", "bid_size", "ask", "ask_size")
    ),
    features=(
        *(
            Feature(
                f"ofi_level_{level}", "Order flow imbalance of the quotes at this level of the book",
                "shares", "2 books", 1, _BOOK, _FAST,
            )
            for level in range(1, quotes.LEVELS + 1)
        ),
        Feature(
            f"ofi_depth_{quotes.LEVELS}",
            f"Order flow imbalance of {quotes.LEVELS} levels together / mean size of a level",
            "1", "2 books", 1, _BOOK, _FAST,
        ),
    ),
    size=quotes.BOOK_SIZE,
    kernel=quotes.book_flow,
)  # fmt: skip
"""Rows: books; a level that is not there has a price of 0."""

TRADE_FLOW: Final = Scan(
    inputs=("event_time", "price", "size", "side", "bid", "ask"),
    features=(
        Feature(
            f"trade_imbalance_{trades.WINDOW}", "(bought − sold) / traded shares, by the aggressor's side",
            "1", _LAST_TRADES, trades.WINDOW - 1, _TRADE, _FAST,
        ),
        Feature(
            "effective_spread", "2 × side × (price − mid in force): what the aggressor paid for the round trip",
            "dollars", "1 trade", 0, _TRADE, _FAST,
        ),
        Feature(
            f"effective_spread_{trades.WINDOW}", "Mean of the effective spread / mid over the trades that had quotes",
            "1", _LAST_TRADES, trades.WINDOW - 1, _TRADE, _MIDDLE,
        ),
        Feature(
            f"roll_spread_{trades.WINDOW}",
            "2·√−covariance of successive price changes, 0 where that covariance is positive",
            "dollars", _LAST_TRADES, trades.WINDOW, _TRADE, _MIDDLE,
        ),
        Feature(
            "sweep_shares",
            "Shares, negative if sold, of the sweep that the trade belongs to, 0 if none: three or more prints of one "
            "side within 5 ms at two or more prices, each no better than the one before",
            "shares", "5 ms", 0, _TRADE, _FAST,
        ),
        Feature("sweep_levels", "Prices that the sweep has walked through, 0 if none", "1", "5 ms", 0, _TRADE, _FAST),
    ),
    size=trades.TRADE_SIZE,
    kernel=trades.trade_flow,
)  # fmt: skip
"""Rows: trades; `side` is +1, −1 or 0, unknown; `bid` and `ask` are those in force, anything else if there are none."""

VPIN: Final = Scan(
    inputs=("session_day", "price", "size", "side", "bid", "ask", "bucket_volume"),
    features=(
        Feature(
            f"vpin_{trades.BUCKETS}",
            "Volume-synchronised probability of informed trading: mean |bought − sold| / volume of filled buckets",
            "1", f"{trades.BUCKETS} volume buckets", trades.BUCKETS - 1, _TRADE, _MIDDLE,
        ),
    ),
    size=trades.VPIN_SIZE,
    kernel=trades.vpin,
)  # fmt: skip
"""Rows: trades; `bucket_volume` is that function of the days before; `session_day` is any number > 0 that names the
session. Each session begins a bucket of its own, so that fifty buckets into one it no longer matters where the tape
began. The warm-up is in buckets, not in rows."""

PRICE_IMPACT: Final = Scan(
    inputs=("close", "volume", "signed_volume"),
    features=(
        Feature(
            f"kyle_lambda_{impact.WINDOW}", "Slope of the change of the close on signed volume, by least squares",
            "dollars per share", f"{impact.WINDOW} bars", impact.WINDOW, _BAR, _MIDDLE,
        ),
        Feature(
            f"amihud_{impact.WINDOW}", "Mean of |log return| / dollars traded over the bars that had volume",
            "log return per million dollars", f"{impact.WINDOW} bars", impact.WINDOW, _BAR, _MIDDLE,
        ),
    ),
    size=impact.IMPACT_SIZE,
    kernel=impact.price_impact,
)  # fmt: skip
"""Rows: bars of one second. Where all volumes are equal there is no slope, where there are none no illiquidity."""

OPTION_FLOW: Final = Scan(
    inputs=("session_day", "price", "size", "bid", "ask", "multiplier", "open_interest", "mean_volume_20"),
    features=(
        Feature(
            "option_volume_to_interest", "Contracts of the session so far / open interest, counted as at least 100",
            "1", "1 session", 0, _OPTION, _MIDDLE,
        ),
        Feature(
            "option_volume_to_mean_20",
            "Contracts of the session so far / mean of the sessions before, of as many as were reported up to 20, "
            "counted as at least 100; none before the first report",
            "1", "1 session and up to 20 before", 0, _OPTION, _MIDDLE,
        ),
        Feature("option_premium", "Price × contracts × multiplier", "dollars", "1 trade", 0, _OPTION, _FAST),
        Feature(
            "option_side", "+1 nearer to the ask, −1 nearer to the bid, 0 at the mid or without quotes",
            "1", "1 trade", 0, _OPTION, _FAST,
        ),
        Feature(
            "option_net_premium", "Premium bought less premium sold in the session so far",
            "dollars", "1 session", 0, _OPTION, _MIDDLE,
        ),
        Feature(
            "unusual_flow",
            "(log₂(1 + volume/open interest) + log₂(1 + volume/mean)) × premium / (premium + 100,000 dollars)",
            "1", "1 session and the 20 before", 0, _OPTION, _MIDDLE,
        ),
        Feature(
            "unusual_flow_direction", "Unusual flow × net premium / premium: positive where buyers were the aggressors",
            "1", "1 session and the 20 before", 0, _OPTION, _MIDDLE,
        ),
    ),
    size=impact.OPTION_SIZE,
    kernel=impact.option_flow,
)  # fmt: skip
"""Rows: trades of one option contract; `session_day` is any number > 0 that names the session, the open interest that
of the evening before."""

ORDER_FLOW: Final[tuple[Scan, ...]] = (QUOTE_FLOW, BOOK_FLOW, TRADE_FLOW, VPIN, PRICE_IMPACT, OPTION_FLOW)


def named(features: Sequence[Feature]) -> tuple[str, ...]:
    """Their names, no two of which may be the same.

    >>> len(named(QUOTE_FLOW.features))
    4
    """
    names = tuple(feature.name for feature in features)
    if len(set(names)) != len(names):
        raise ValueError(f"features share a name, and one would hide the other; rename one of {sorted(names)}")
    return names


def bucket_volume(daily_volumes: Sequence[float]) -> float:
    """Shares in a bucket of VPIN for a name: a fiftieth of the median volume of its last 20 sessions, at least 1.

    The sessions are those before the one to be measured; NaN without any that had volume. A session then fills about
    fifty buckets whatever the name, and one extraordinary day does not change the scale.

    >>> bucket_volume([5_000_000, 5_200_000, 90_000_000])
    104000.0
    """
    known = sorted(volume for volume in daily_volumes[-20:] if 0 < volume < math.inf)
    if not known:
        return math.nan
    middle = 0.5 * (known[(len(known) - 1) // 2] + known[len(known) // 2])
    return float(max(round(middle / trades.BUCKETS), 1))
