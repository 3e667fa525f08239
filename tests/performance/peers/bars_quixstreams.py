"""One-minute bars by Quix Streams: a tumbling window with a reducer, emitted once it is final.

Its state is in RocksDB with a changelog topic, and offsets are committed every five seconds, as it does by default.
"""

import sys
from typing import Any

from quixstreams import Application

from tests.performance.peers import bar_fold


def main(bootstrap: str, folder: str) -> None:
    """Read, fold and write until killed."""
    app = Application(
        broker_address=bootstrap,
        consumer_group="bars",
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel="WARNING",
    )
    trades = app.topic(bar_fold.SOURCE, timestamp_extractor=_event_time_ms)
    bars = app.topic(bar_fold.SINK)
    windows = app.dataframe(trades).tumbling_window(bar_fold.MINUTE_US // 1_000, grace_ms=bar_fold.LATENESS_MS)
    final = windows.reduce(bar_fold.add, bar_fold.begun).final()
    final.apply(_row, metadata=True).to_topic(bars)
    app.run()


def _event_time_ms(value: Any, *_: object) -> int:  # noqa: ANN401 - what the JSON holds
    return int(value["event_time"]) // 1_000


def _row(window: dict[str, Any], key: bytes, *_: object) -> dict[str, Any]:
    return bar_fold.row(key.decode(), window["start"] * 1_000, window["value"])


if __name__ == "__main__":
    main(*sys.argv[1:])
