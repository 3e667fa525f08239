"""Trade → `BarClosed`: one final bar for each symbol and interval, in micro-batches.

Theory of operation
-------------------
A bar is published once, when the watermark (the latest event time seen, less the allowed lateness) has passed its end;
so it needs later trades of any symbol to close, and nothing that comes afterwards can change it. A trade that arrives
twice has one `event_id` and counts once: the copy either finds its original in the state, or is too late itself.

The fields do not depend on the order of arrival. Open and close are taken by event time and sequence, and the volume-
weighted price from an exact decimal sum, because a sum of doubles would differ in its last bit from run to run. Prices
count to a millionth of a dollar in it; no venue quotes finer.
"""

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from contracts import stages
from contracts.events import BarClosed, TradeReceived
from stream_processing.spark_jobs import records, schema

MICROS_PER_S: Final = 1_000_000
EXACT_PRICE: Final = "decimal(16,6)"
EXACT_SIZE: Final = "decimal(16,0)"
_GROUP: Final = ("source", "simulated", "symbol")
_COMPUTED: Final = ("opened_at", "event_time", "open", "high", "low", "close", "volume", "vwap", "trade_count")


def transform(market: DataFrame, interval_s: int, lateness_ms: int) -> DataFrame:
    """Records of `market.trades` to records of `features.bars`."""
    trades = (
        records.legal_events(market, TradeReceived)
        .withColumn("traded_at", f.timestamp_micros("event_time"))
        .withWatermark("traded_at", f"{lateness_ms} milliseconds")
        .dropDuplicatesWithinWatermark(["event_id"])
    )
    window = f.window("traded_at", f"{interval_s} seconds")
    order = f.struct("event_time", "sequence", "event_id")
    turnover = f.sum(f.col("price").cast(EXACT_PRICE) * f.col("size").cast(EXACT_SIZE))
    bars = (
        trades.groupBy(*_GROUP, window)
        .agg(
            f.min_by("price", order).alias("open"),
            f.max("price").alias("high"),
            f.min("price").alias("low"),
            f.max_by("price", order).alias("close"),
            f.sum("size").alias("volume"),
            turnover.alias("turnover"),
            f.count("*").alias("trade_count"),
        )
        .withColumns(
            {
                "opened_at": f.unix_micros("window.start"),
                "event_time": f.unix_micros("window.end"),
                "interval_s": f.lit(interval_s),
                "vwap": f.coalesce(f.col("turnover").cast("double") / f.col("volume"), f.col("close")),
            }
        )
    )
    identity = ("source", "symbol", "interval_s", "opened_at")
    values = {
        "event_id": schema.make_id(BarClosed.__name__, *(f.col(name) for name in identity)),
        **{name: f.col(name) for name in (*_GROUP, "interval_s", *_COMPUTED)},
    }
    legal = bars.where(schema.is_legal(BarClosed, _COMPUTED))
    return records.outgoing(legal, BarClosed, values, records.stamp(stages.DUE, f.col("window.end")))
