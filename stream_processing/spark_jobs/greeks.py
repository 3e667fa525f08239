"""Option quote → `GreeksComputed`: implied volatility, Greeks and liquidity of every quote, in Real-time Mode.

The quote carries the underlying price, rate and yield of its moment, so nothing has to be looked up or remembered and
the same quote always has the same Greeks. Both exercise styles go through one formula; `method` says on every row what
it does there.
"""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from contracts import stages
from contracts.events import GreeksComputed, OptionQuoteReceived
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE
from models.quantitative.reasons import REASONS
from models.quantitative.times import MICROS_PER_YEAR
from stream_processing.spark_jobs import columns, records, schema

METHODS: Final = {"european": "european-bsm", "american": "american-quadratic"}
"""By exercise style: Black–Scholes–Merton with a continuous yield; the quadratic approximation, with one too."""
UNITS: Final = "vol-point,day-365,rate-point"
"""What the Greeks by volatility, time and rate are per: 0.01, 1/365 year and 0.01."""
_COPIED: Final = (
    "event_time", "source", "simulated", "contract", "underlying", "expires_at", "strike", "right", "bid", "ask",
    "underlying_price", "underlying_time", "underlying_age_s",
)  # fmt: skip
_USED: Final = ("event_id", "style", "bid_size", "ask_size", records.HEADERS, records.APPENDED_AT)


def transform(market: DataFrame) -> DataFrame:
    """Records of `market.option_quotes` to records of `features.greeks`."""
    quotes = records.legal_events(market, OptionQuoteReceived).withColumns(
        {
            "years": (f.col("expires_at") - f.col("event_time")) / f.lit(float(MICROS_PER_YEAR)),
            "is_call": f.col("right") == "C",
            "is_american": f.col("style") == "american",
            "underlying_age_s": (f.col("event_time") - f.col("underlying_time")) / f.lit(1e6),
        }
    )
    computed = columns.with_steps(quotes, GREEKS_BY_STYLE, [*_USED, *_COPIED])
    results = [name for name in GREEKS_BY_STYLE.outputs if name != "reason_code"]
    method = f.when(f.col("style") == "american", METHODS["american"]).otherwise(METHODS["european"])
    bid_size, ask_size = f.col("bid_size"), f.col("ask_size")
    values = {
        "event_id": schema.make_id(GreeksComputed.__name__, f.col("event_id"), method),
        "quote_id": f.col("event_id"),
        "method": method,
        "reason": columns.named(f.col("reason_code"), REASONS),
        "relative_spread": f.try_divide(f.col("ask") - f.col("bid"), f.col("price")),
        "size_imbalance": f.try_divide(bid_size - ask_size, bid_size + ask_size),
        "units": f.lit(UNITS),
        **{name: f.col(name) for name in (*_COPIED, *results)},
    }
    headers = records.stamped(f.col(records.HEADERS), stages.MARKET, f.col(records.APPENDED_AT))
    return records.outgoing(computed, GreeksComputed, values, headers)
