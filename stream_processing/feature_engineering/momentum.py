"""Where a price has been going: a scan over the bars of one symbol and interval, oldest first.

A bar that cannot be (a missing or non-positive price, a close outside its range) gives no value; windows recover once
it has left them. Where all prices of a window are equal there is no deviation and no range, and so no value.
"""

from typing import Final

from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.momentum_kernels import LAGS, LONG, SHORT, SIZE, STEP, momentum
from stream_processing.feature_engineering.scan import Scan

_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")
_SOURCE: Final = "BarClosed"


def _return(bars: int) -> Feature:
    meaning = f"Log return from the close {bars} bars ago to the last close"
    return Feature(f"log_return_{bars}", meaning, "log return", f"{bars} bars", bars, _SOURCE, _ALL)


def _place(bars: int) -> Feature:
    meaning = "(close − lowest low) / (highest high − lowest low): 1 at the top of the range"
    return Feature(f"range_position_{bars}", meaning, "1", f"{bars} bars", bars - 1, _SOURCE, _ALL)


_SCAN: Final = Scan(
    inputs=("high", "low", "close"),
    features=(
        *map(_return, LAGS),
        Feature(
            f"z_score_{SHORT}", "(close − mean close) / standard deviation of the closes, with n as its denominator",
            "1", f"{SHORT} bars", SHORT - 1, _SOURCE, _ALL,
        ),
        _place(SHORT),
        _place(LONG),
        Feature(
            f"acceleration_{STEP}", f"Log return of the last {STEP} bars less that of the {STEP} before them",
            "log return", f"{2 * STEP} bars", 2 * STEP, _SOURCE, _ALL,
        ),
        Feature(
            f"up_share_{SHORT}", "Share of the bars that closed above the close before them",
            "1", f"{SHORT} bars", SHORT, _SOURCE, _ALL,
        ),
    ),
    size=SIZE,
    kernel=momentum,
)  # fmt: skip

MOMENTUM: Final[tuple[Scan, ...]] = (_SCAN,)
"""Rows: final bars of one symbol and one interval."""
