"""Option quote → `GreeksComputed`: implied volatility and Greeks of every quote, stateless, in Real-time Mode.

The quote carries the underlying price, rate and yield of its moment, so nothing has to be looked up and the same quote
always has the same Greeks. American contracts are priced as European ones for now; `method` says so on every row.
"""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from contracts import stages
from contracts.events import GreeksComputed, OptionQuoteReceived
from models.quantitative.quotes import GREEKS_FROM_QUOTE
from models.quantitative.reasons import REASONS
from models.quantitative.times import MICROS_PER_YEAR
from stream_processing.spark_jobs import columns, records, schema

METHOD: Final = "european-bsm"
"""Black–Scholes–Merton with continuous yield, early exercise left out."""
_COPIED: Final = (
    "event_time", "source", "simulated", "contract", "underlying", "expires_at", "strike", "right", "bid", "ask",
    "underlying_price", "underlying_time",
)  # fmt: skip


def transform(market: DataFrame) -> DataFrame:
    """Records of `market.option_quotes` to records of `features.greeks`."""
    quotes = records.legal_events(market, OptionQuoteReceived).withColumns(
        {
            "years": (f.col("expires_at") - f.col("event_time")) / f.lit(float(MICROS_PER_YEAR)),
            "is_call": f.col("right") == "C",
            "underlying_age_s": (f.col("event_time") - f.col("underlying_time")) / f.lit(1e6),
        }
    )
    computed = columns.with_steps(
        quotes, GREEKS_FROM_QUOTE, ["event_id", *_COPIED, records.HEADERS, records.APPENDED_AT]
    )
    results = [name for name in GREEKS_FROM_QUOTE.outputs if name != "reason_code"]
    values = {
        "event_id": schema.make_id(GreeksComputed.__name__, f.col("event_id"), METHOD),
        "quote_id": f.col("event_id"),
        "method": f.lit(METHOD),
        "reason": columns.named(f.col("reason_code"), REASONS),
        **{name: f.col(name) for name in (*_COPIED, *results)},
    }
    headers = records.stamped(f.col(records.HEADERS), stages.MARKET, f.col(records.APPENDED_AT))
    return records.outgoing(computed, GreeksComputed, values, headers)
