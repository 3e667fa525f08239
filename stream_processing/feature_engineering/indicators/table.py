"""The technical indicators of bars, a row each: TA-Lib's where it has one, to 1e-9.

Theory of operation
-------------------
An indicator reads the closed bars of one symbol and interval, in order. One over a window warms up when the window is
full, and from then on it does not matter where the tape began. One that remembers for ever is seeded as TA-Lib seeds
it, and equals TA-Lib from its first value on over the same tape; but its first values depend on where the tape began.
So it warms up until what came before the tape would weigh less than `FORGOTTEN`: then a cold start, a restored
state and the whole history say the same (`drift.warm_up_drift` measures it). All values of a row start together.

Bars without movement, range or volume divide nothing by nothing; as in TA-Lib the answer is then 0 (of RSI, ADX, DI,
stochastic, Williams %R, CCI, MFI), %b is 0.5 and a VWAP without volume weighs its bars alike. No value is infinite:
bars with values that are no numbers or absurd are passed over.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Final

from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.fused import fuse
from stream_processing.feature_engineering.indicators import average_kernels as average
from stream_processing.feature_engineering.indicators import oscillator_kernels as oscillator
from stream_processing.feature_engineering.indicators import range_kernels as ranges
from stream_processing.feature_engineering.indicators import volume_kernels as volumes
from stream_processing.feature_engineering.scan import Scan

FORGOTTEN: Final = 1e-7
"""Weight of the past before the tape at which a recursive indicator speaks. The drift is then below 1e-6, and below
1e-5 for tapes that begin in a storm ten times wilder than what follows."""
CUMULATIVE: Final = ("obv", "ad_line")
"""Totals since the tape began: only their changes mean something, and no warm-up makes two starts agree."""
PATH_DEPENDENT: Final = ("parabolic_sar",)
"""Agrees with another start once both turned at the same bar: soon, but at no fixed time."""

_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")
_SLOW: Final[tuple[Horizon, ...]] = ("medium", "long")
_SAR_WARM_UP: Final = 250
"""Twice the longest wait for agreement in 4,620 starts on random walks (118 bars; half of them took 18)."""


def settled(weight: float, stages: int = 1) -> int:
    """Values after which a cascade of exponential means, each of this weight, has forgotten what came before.

    The first stage forgets geometrically; a later one also what the earlier ones still knew: the share left after n
    values is the chance of fewer than `stages` heads in n tosses that show heads with probability `weight`.
    """
    n = 1
    while sum(math.comb(n, k) * weight**k * (1.0 - weight) ** (n - k) for k in range(stages)) > FORGOTTEN:
        n += 1
    return n


def _ema(period: int) -> float:
    return 2.0 / (period + 1)


def _scan(
    kernel: Callable[..., None],
    inputs: str,
    size: int,
    warm_up: int,
    window: str,
    features: tuple[tuple[str, str, str], ...],
    horizons: tuple[Horizon, ...] = _ALL,
) -> Scan:
    """A row of the table. `kernel` has its periods already; features are (name, unit, meaning)."""
    return Scan(
        tuple(inputs.split()),
        tuple(Feature(name, meaning, unit, window, warm_up, "BarClosed", horizons) for name, unit, meaning in features),
        size,
        partial(kernel, warm_up),
    )


def _sma(period: int, horizons: tuple[Horizon, ...]) -> Scan:
    features = ((f"sma_{period}", "dollars", f"Mean of the last {period} closes."),)
    return _scan(average.simple, "close", 1 + period, period - 1, f"{period} bars", features, horizons)


def _ema_of(period: int, horizons: tuple[Horizon, ...]) -> Scan:
    features = ((f"ema_{period}", "dollars", f"Exponential mean of closes, weight 2 / {period + 1}."),)
    warm_up = period - 1 + settled(_ema(period))
    return _scan(partial(average.exponential, period), "close", 3, warm_up, "all bars", features, horizons)


INDICATORS: Final[tuple[Scan, ...]] = (
    _sma(20, _ALL),
    _sma(50, _SLOW),
    _ema_of(12, _ALL),
    _ema_of(26, _ALL),
    _ema_of(50, _SLOW),
    _scan(
        partial(average.convergence, 12, 26, 9),
        "close",
        7,
        33 + settled(_ema(26), 2),
        "all bars",
        (
            ("macd_line", "dollars", "EMA of 12 bars less EMA of 26 bars, both of closes."),
            ("macd_signal", "dollars", "EMA of 9 bars of macd_line."),
            ("macd_histogram", "dollars", "macd_line − macd_signal."),
        ),
    ),
    _scan(
        partial(average.triple, 15),
        "close",
        8,
        43 + settled(_ema(15), 3),
        "all bars",
        (
            (
                "trix_15",
                "percent",
                "Change of the EMA of the EMA of the EMA of closes, 15 bars each, since the last bar.",
            ),
        ),
    ),
    _scan(
        partial(average.hull, 16),
        "close",
        21,
        18,
        "19 bars",
        (
            (
                "hull_16",
                "dollars",
                "Hull's average: WMA over 4 bars of 2 × WMA over 8 bars − WMA over 16 bars of closes.",
            ),
        ),
    ),
    _scan(
        average.slope,
        "close",
        15,
        13,
        "14 bars",
        (("linreg_slope_14", "dollars per bar", "Slope of the least-squares line through the last 14 closes."),),
    ),
    _scan(
        average.change,
        "close",
        12,
        10,
        "11 bars",
        (
            ("momentum_10", "dollars", "Close less the close 10 bars ago."),
            ("roc_10", "percent", "Change of the close in 10 bars, relative to the old one."),
        ),
    ),
    _scan(
        partial(oscillator.relative_strength, 14),
        "close",
        6,
        14 + settled(1 / 14),
        "all bars",
        (
            (
                "rsi_14",
                "0 to 100",
                "Share of gains in gains and losses of the close, means with Wilder's weight 1 / 14.",
            ),
        ),
    ),
    _scan(
        partial(oscillator.stochastic_strength, 14, 3),
        "close",
        23,
        29 + settled(1 / 14),
        "all bars",
        (
            ("stoch_rsi_k", "0 to 100", "Place of rsi_14 in its range over 14 bars."),
            ("stoch_rsi_d", "0 to 100", "Mean of stoch_rsi_k over 3 bars."),
        ),
    ),
    _scan(
        partial(oscillator.stochastic, 14, 3),
        "high low close",
        35,
        17,
        "18 bars",
        (
            ("stochastic_k", "0 to 100", "Mean over 3 bars of the place of the close in the range of 14 bars."),
            ("stochastic_d", "0 to 100", "Mean of stochastic_k over 3 bars."),
        ),
    ),
    _scan(
        partial(oscillator.williams, 14),
        "high low close",
        29,
        13,
        "14 bars",
        (
            (
                "williams_r_14",
                "−100 to 0",
                "How far the close is below the highest high, in percent of the 14-bar range.",
            ),
        ),
    ),
    _scan(
        oscillator.commodity_channel,
        "high low close",
        21,
        19,
        "20 bars",
        (("cci_20", "1", "Typical price less its mean, over 0.015 mean absolute deviations, 20 bars."),),
    ),
    _scan(
        partial(oscillator.aroon, 14),
        "high low",
        31,
        14,
        "15 bars",
        (
            (
                "aroon_up_14",
                "0 to 100",
                "How recent the highest high of 15 bars is: 100 for this bar, 0 for 14 bars ago.",
            ),
            ("aroon_down_14", "0 to 100", "How recent the lowest low of 15 bars is."),
        ),
    ),
    _scan(
        partial(ranges.average_range, 14),
        "high low close",
        4,
        14 + settled(1 / 14),
        "all bars",
        (
            ("atr_14", "dollars", "Mean true range (with the gap from the close before), Wilder's weight 1 / 14."),
            ("natr_14", "percent", "atr_14 over the close."),
        ),
    ),
    _scan(
        partial(ranges.directional, 14),
        "high low close",
        9,
        27 + settled(1 / 14, 2),
        "all bars",
        (
            ("adx_14", "0 to 100", "Mean of |+DI − −DI| / (+DI + −DI), Wilder's weight 1 / 14: strength of a trend."),
            ("plus_di_14", "0 to 100", "Smoothed rises of the high over the smoothed true range."),
            ("minus_di_14", "0 to 100", "Smoothed falls of the low over the smoothed true range."),
        ),
    ),
    _scan(
        partial(ranges.bollinger, 2.0),
        "close",
        21,
        19,
        "20 bars",
        (
            ("bollinger_upper", "dollars", "Mean of 20 closes plus 2 of their standard deviations (population)."),
            ("bollinger_middle", "dollars", "Mean of 20 closes."),
            ("bollinger_lower", "dollars", "Mean of 20 closes less 2 of their standard deviations."),
            ("bollinger_percent_b", "1", "Place of the close between the bands: 0 on the lower, 1 on the upper."),
            ("bollinger_bandwidth", "1", "Distance of the bands over the middle."),
        ),
    ),
    _scan(
        partial(ranges.keltner, 20, 10, 2.0),
        "high low close",
        6,
        19 + settled(_ema(20)),
        "all bars",
        (
            ("keltner_upper", "dollars", "keltner_middle plus 2 ATR of 10 bars."),
            ("keltner_middle", "dollars", "EMA of 20 bars of typical prices, (high + low + close) / 3."),
            ("keltner_lower", "dollars", "keltner_middle less 2 ATR of 10 bars."),
        ),
    ),
    _scan(
        partial(ranges.donchian, 20),
        "high low",
        41,
        19,
        "20 bars",
        (
            ("donchian_upper", "dollars", "Highest high of 20 bars."),
            ("donchian_middle", "dollars", "Middle of the range of 20 bars."),
            ("donchian_lower", "dollars", "Lowest low of 20 bars."),
        ),
    ),
    _scan(
        partial(ranges.ichimoku, 9, 26, 52),
        "high low",
        105,
        51,
        "52 bars",
        (
            ("ichimoku_conversion", "dollars", "Middle of the range of 9 bars."),
            ("ichimoku_base", "dollars", "Middle of the range of 26 bars."),
            ("ichimoku_span_a", "dollars", "Mean of conversion and base as known now, not drawn ahead."),
            ("ichimoku_span_b", "dollars", "Middle of the range of 52 bars as known now, not drawn ahead."),
        ),
        _SLOW,
    ),
    _scan(
        partial(ranges.parabolic, 0.02, 0.2),
        "high low",
        7,
        _SAR_WARM_UP,
        "all bars",
        (("parabolic_sar", "dollars", "Wilder's stop and reverse: acceleration 0.02 a new extreme, at most 0.2."),),
    ),
    _scan(
        volumes.on_balance,
        "close volume",
        3,
        0,
        "all bars",
        (("obv", "shares", "Volume of bars that closed higher less that of lower ones, since the tape began."),),
    ),
    _scan(
        volumes.accumulation,
        "high low close volume",
        2,
        0,
        "all bars",
        (("ad_line", "shares", "Volume times the place of the close in its bar, from −1 to 1, since the tape began."),),
    ),
    _scan(
        partial(volumes.chaikin, 3, 10),
        "high low close volume",
        4,
        9 + settled(_ema(10)),
        "all bars",
        (("chaikin_oscillator", "shares", "EMA of 3 bars less EMA of 10 bars of ad_line."),),
    ),
    _scan(
        volumes.money_flow,
        "high low close volume",
        16,
        14,
        "15 bars",
        (("mfi_14", "0 to 100", "Share of rising bars in typical price × volume, 14 bars."),),
    ),
    _scan(
        partial(volumes.vwap_bands, 20, 2.0),
        "vwap volume",
        41,
        19,
        "20 bars",
        (
            ("vwap_upper", "dollars", "vwap_middle plus 2 volume-weighted standard deviations of the bars' VWAPs."),
            ("vwap_middle", "dollars", "VWAP of the last 20 bars, whatever the session."),
            ("vwap_lower", "dollars", "vwap_middle less 2 volume-weighted standard deviations of the bars' VWAPs."),
        ),
    ),
)
"""Every indicator; names of features are unique."""

TECHNICAL: Final = fuse(INDICATORS)
"""All of them as one scan: one state and one row of values per bar."""
