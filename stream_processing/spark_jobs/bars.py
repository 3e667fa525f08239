"""Trades → bars of every interval and what they say: micro-batches with state.

Each symbol of a source has one row of state, the bytes of `feature_engineering.bars.Symbol`, and its trades are read in
the order of their Kafka partition. So results do not depend on how trades are cut into batches, nor on how many
partitions there are. A batch that is computed again has the same results, with the same ids.
"""

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.streaming.stateful_processor import StatefulProcessor, StatefulProcessorHandle

from contracts import stages, wire
from contracts.events import TradeReceived
from contracts.topics import BY_EVENT
from stream_processing.feature_engineering.bar_sums import Trade
from stream_processing.feature_engineering.bars import Bars, Rules, Stream, Symbol, keep, restore
from stream_processing.spark_jobs import records

STREAM: Final = ("source", "symbol", "simulated")
TRADE: Final = Trade._fields
PLACE: Final = ("partition", "offset")
FUTURE_US: Final = 60_000_000
"""A trade dated so far after Kafka had it is passed over: everything after it would be too late for its bars."""
STATE: Final = "kept binary"
MADE: Final = "topic string, key binary, value binary, due long"


class OfSymbol(StatefulProcessor):
    """What Spark calls with the trades of one symbol."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Take hold of the state."""
        self._state = handle.getValueState("symbol", STATE)

    def handleInputRows(  # noqa: N802 - Spark's name
        self,
        key: Any,  # noqa: ANN401 - a tuple of what was grouped by
        rows: Iterator[Any],
        timerValues: Any,  # noqa: ANN401, ARG002, N803 - no timers are set
    ) -> Iterator[pd.DataFrame]:
        """The records that the trades bring about."""
        kept = self._state.get()
        state = Symbol() if kept is None else restore(kept[0])
        yield brought_about(key, pd.concat(list(rows)), self._rules, state)
        self._state.update((keep(state),))

    def close(self) -> None:
        """Nothing is held open."""


def transform(market: DataFrame, rules: Rules) -> DataFrame:
    """Records of `market.trades` to records of `features.bars`, `features.open_bars` and `features.indicators`.

    Of a frame that is no stream, each symbol is read as a whole and must fit the memory of a Python process.
    """
    legal = records.legal_events(market, TradeReceived, also=PLACE)
    possible = legal.where(f.col("event_time") <= f.unix_micros(records.APPENDED_AT) + f.lit(FUTURE_US))
    trades = possible.select(*STREAM, *TRADE, *PLACE).groupBy(*STREAM)
    if market.isStreaming:
        made = trades.transformWithStateInPandas(OfSymbol(rules), MADE, "Update", "None")
    else:
        made = trades.applyInPandas(lambda key, rows: brought_about(key, rows, rules, Symbol()), MADE)
    headers = records.stamp(stages.DUE, f.timestamp_micros("due"))
    return made.select("topic", "key", "value", headers.alias(records.HEADERS))


def brought_about(key: tuple[Any, ...], rows: pd.DataFrame, rules: Rules, state: Symbol) -> pd.DataFrame:
    """Records that some trades of one symbol bring about; the state moves on."""
    source, symbol, simulated = key
    trades = rows.sort_values(list(PLACE))
    columns = [trades[name].tolist() for name in TRADE]
    read = Bars(Stream(source, symbol, bool(simulated)), rules, state).read(map(Trade, *columns))
    made = [(BY_EVENT[type(event)].name, symbol.encode(), wire.encode(event), event.event_time) for event in read]
    return pd.DataFrame(made, columns=["topic", "key", "value", "due"])
