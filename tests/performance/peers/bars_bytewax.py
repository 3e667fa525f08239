"""One-minute bars by Bytewax: `fold_window` on an event clock, between its Kafka source and sink.

Its clock's own moment stands still, so that a window ends by event time alone, as ours do: by default time also passes
with the system's clock, and trades that were recorded before a pause would come too late after it. Values are folded as
they come, without the queue that sorts them: the fold finds the first and the last trade by itself. Nothing is
snapshotted, which is its default and its fastest.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window
from bytewax.run import cli_main

from tests.performance.peers import bar_fold

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STARTED = datetime.now(UTC)


def main(bootstrap: str, _folder: str) -> None:
    """Read, fold and write until killed."""
    flow = Dataflow("bars")
    records = op.input("trades", flow, KafkaSource([bootstrap], [bar_fold.SOURCE]))
    windows = fold_window(
        "minutes",
        op.map("decode", records, _decoded),
        EventClock(
            _event_time,
            wait_for_system_duration=timedelta(milliseconds=bar_fold.LATENESS_MS),
            now_getter=lambda: STARTED,
            to_system_utc=lambda _: None,
        ),
        TumblingWindower(align_to=EPOCH, length=timedelta(microseconds=bar_fold.MINUTE_US)),
        builder=list,
        folder=_folded,
        merger=_merged,
        ordered=False,
    )
    op.output("bars", op.map("encode", windows.down, _encoded), KafkaSink([bootstrap], bar_fold.SINK))
    cli_main(flow)


def _decoded(record: KafkaSourceMessage[bytes, bytes]) -> tuple[str, dict[str, Any]]:
    return record.key.decode(), orjson.loads(record.value)


def _event_time(trade: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(trade["event_time"] / 1e6, UTC)


def _folded(bar: bar_fold.Bar, trade: dict[str, Any]) -> bar_fold.Bar:
    return bar_fold.add(bar, trade) if bar else bar_fold.begun(trade)


def _merged(_one: bar_fold.Bar, _other: bar_fold.Bar) -> bar_fold.Bar:
    raise AssertionError("tumbling windows do not merge")


def _encoded(window: tuple[str, tuple[int, bar_fold.Bar]]) -> KafkaSinkMessage[bytes, bytes]:
    symbol, (number, bar) = window
    row = bar_fold.row(symbol, number * bar_fold.MINUTE_US, bar)
    return KafkaSinkMessage(symbol.encode(), orjson.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
