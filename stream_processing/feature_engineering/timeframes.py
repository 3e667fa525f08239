"""What longer bars say beside a shorter one: a few of their features, and how far their trends agree.

A bar is joined with the last final bar of every longer interval, as the order of the bars tells: one that ends at the
same instant as the shorter is final after it, and joins the next.
"""

from collections.abc import Mapping
from typing import Final

from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.indicators.table import INDICATORS
from stream_processing.feature_engineering.momentum import MOMENTUM
from stream_processing.feature_engineering.volatility import VOLATILITY

LONGER: Final = {300: "5m", 900: "15m", 3_600: "1h", 86_400: "1d", 604_800: "1w"}
"""Seconds of the intervals that bars of a minute and longer are joined with, and how they are called."""
JOINED: Final = (
    "rsi_14", "macd_histogram", "adx_14", "linreg_slope_14", "bollinger_percent_b", "z_score_20",
    "realised_volatility_20",
)  # fmt: skip
TREND: Final = "macd_line"
"""Its sign is the trend: whether the faster average of closes is above the slower."""

_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")
_OF_BARS: Final = {feature.name: feature for scan in (*INDICATORS, *VOLATILITY, *MOMENTUM) for feature in scan.features}
_AGREEMENT: Final = (
    Feature(
        "trend_agreement",
        f"Share of the longer intervals whose trend is that of this bar, the trend being the sign of {TREND}",
        "0 to 1", "the last bar of each interval", _OF_BARS[TREND].warm_up, "BarClosed", _ALL,
    ),
    Feature(
        "trend_balance", f"Mean over this and the longer intervals of the sign of {TREND}",
        "−1 to 1", "the last bar of each interval", _OF_BARS[TREND].warm_up, "BarClosed", _ALL,
    ),
)  # fmt: skip


def _joined(name: str, interval: str) -> Feature:
    found = _OF_BARS[name]
    return found._replace(
        name=f"{name}_at_{interval}",
        meaning=f"{name} of the last final bar of {interval}",
        window=f"{found.window} of {interval}",
    )


TIMEFRAMES: Final = (*(_joined(name, interval) for interval in LONGER.values() for name in JOINED), *_AGREEMENT)
"""Warm-ups count bars of the longer interval."""


def timeframes(interval_s: int, said: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """The features of `TIMEFRAMES` that a bar has.

    `said`: by interval in seconds, that of the bar among them, what the last final bar says.
    """
    longer = {name: said[other] for other, name in LONGER.items() if other > interval_s and other in said}
    values = {
        f"{name}_at_{interval}": found[name] for interval, found in longer.items() for name in JOINED if name in found
    }
    ours = said.get(interval_s, {}).get(TREND)
    trends = [_sign(found[TREND]) for found in longer.values() if TREND in found]
    if ours is not None and trends:
        values["trend_agreement"] = sum(trend == _sign(ours) for trend in trends) / len(trends)
        values["trend_balance"] = (_sign(ours) + sum(trends)) / (1 + len(trends))
    return values


def _sign(value: float) -> int:
    return (value > 0.0) - (value < 0.0)
