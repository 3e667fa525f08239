"""Order book → `MicrostructureComputed`: the first step of the fast path, stateless, in Real-time Mode."""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from contracts import stages
from contracts.events import BookUpdated, MicrostructureComputed
from stream_processing.feature_engineering.microstructure import LEVELS, MICROSTRUCTURE
from stream_processing.spark_jobs import columns, records, schema

_COPIED: Final = ("event_time", "source", "simulated", "symbol")


def transform(market: DataFrame) -> DataFrame:
    """Records of `market.books` to records of `features.microstructure`; one-sided books have none."""
    books = records.legal_events(market, BookUpdated).withColumns(_inputs())
    two_sided = books.where(f.col("best_bid").isNotNull() & f.col("best_ask").isNotNull())
    computed = columns.with_steps(
        two_sided, MICROSTRUCTURE, ["event_id", *_COPIED, records.HEADERS, records.APPENDED_AT]
    )
    values = {
        "event_id": schema.make_id(MicrostructureComputed.__name__, f.col("event_id")),
        "book_id": f.col("event_id"),
        **{name: f.col(name) for name in (*_COPIED, *MICROSTRUCTURE.outputs)},
    }
    headers = records.stamped(f.col(records.HEADERS), stages.MARKET, f.col(records.APPENDED_AT))
    return records.outgoing(computed, MicrostructureComputed, values, headers)


def _inputs() -> dict[str, Column]:
    prices = {f"best_{side}": f.get(f"{side}_prices", f.lit(0)) for side in ("bid", "ask")}
    sizes = {
        f"{side}_size_{level}": f.coalesce(f.get(f"{side}_sizes", f.lit(level - 1)), f.lit(0))
        for side in ("bid", "ask")
        for level in range(1, LEVELS + 1)
    }
    return prices | sizes
