"""Tapes of bars to test with, and TA-Lib's word on them."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import talib

from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.scan import Floats, Scan

Tape = Mapping[str, Floats]
COLUMNS: Final = ("open", "high", "low", "close", "volume", "vwap")


def walk(rows: int, seed: int, volatility: float = 0.01, tick: float = 0.0) -> Tape:
    """A geometric random walk; with a tick, prices are rounded to it: ties, and bars without range."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(volatility * rng.standard_normal(rows)))
    start = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(start, close) * np.exp(0.5 * volatility * rng.exponential(size=rows))
    low = np.minimum(start, close) * np.exp(-0.5 * volatility * rng.exponential(size=rows))
    if tick:
        start, high, low, close = (np.round(x / tick) * tick for x in (start, high, low, close))
    volume = np.floor(rng.exponential(1e4, rows))
    return {"open": start, "high": high, "low": low, "close": close, "volume": volume, "vwap": (high + low + close) / 3}


def flat(rows: int, price: float, volume: float = 1e4) -> Tape:
    """Nothing moves."""
    return {name: np.full(rows, volume if name == "volume" else price) for name in COLUMNS}


def cut(tape: Tape, begin: int, end: int | None = None) -> Tape:
    """Rows from `begin` to before `end`."""
    return {name: values[begin:end] for name, values in tape.items()}


def joined(first: Tape, second: Tape) -> Tape:
    """One tape after the other."""
    return {name: np.concatenate((first[name], second[name])) for name in COLUMNS}


def told(scan: Scan, tape: Tape) -> dict[str, Floats]:
    """Features by name over a whole tape."""
    return dict(zip((f.name for f in scan.features), scan.advance(scan.start(), tape).T, strict=True))


def assert_like(ours: Floats, theirs: Floats, feature: Feature) -> None:
    """Equal to 1e-9 of the value once warm, or to 1e-10 of its usual size where it passes through 0.

    TA-Lib's running sums round to about 1e-12 dollars at prices of 100, which a slope of nearly 0 can feel.
    """
    want = theirs[feature.warm_up :]
    least = max(1e-10 * np.sqrt(np.mean(want**2)), 1e-11)
    np.testing.assert_allclose(ours[feature.warm_up :], want, rtol=1e-9, atol=least, err_msg=feature.name)


def reference(tape: Tape) -> dict[str, Floats]:
    """TA-Lib's values of the features that it has."""
    h, l, c, v = (tape[name] for name in ("high", "low", "close", "volume"))  # noqa: E741 - as TA-Lib's arguments
    rows: dict[tuple[str, ...], tuple[Floats, ...]] = {
        ("macd_line", "macd_signal", "macd_histogram"): talib.MACD(c, 12, 26, 9),
        ("stoch_rsi_k", "stoch_rsi_d"): talib.STOCHRSI(c, 14, 14, 3),
        ("stochastic_k", "stochastic_d"): talib.STOCH(h, l, c, 14, 3, slowd_period=3),
        ("aroon_down_14", "aroon_up_14"): talib.AROON(h, l, 14),
        ("bollinger_upper", "bollinger_middle", "bollinger_lower"): talib.BBANDS(c, 20, 2.0, 2.0),
        ("keltner_upper", "keltner_middle", "keltner_lower"): talib.KC(h, l, c, 20, 10, 2.0),
        ("donchian_upper", "donchian_middle", "donchian_lower"): talib.DONCHIAN(h, l, 20),
    }
    return {name: x for names, values in rows.items() for name, x in zip(names, values, strict=True)} | {
        "sma_20": talib.SMA(c, 20),
        "sma_50": talib.SMA(c, 50),
        "ema_12": talib.EMA(c, 12),
        "ema_26": talib.EMA(c, 26),
        "ema_50": talib.EMA(c, 50),
        "trix_15": talib.TRIX(c, 15),
        "hull_16": talib.HMA(c, 16),
        "linreg_slope_14": talib.LINEARREG_SLOPE(c, 14),
        "momentum_10": talib.MOM(c, 10),
        "roc_10": talib.ROC(c, 10),
        "rsi_14": talib.RSI(c, 14),
        "williams_r_14": talib.WILLR(h, l, c, 14),
        "cci_20": talib.CCI(h, l, c, 20),
        "atr_14": talib.ATR(h, l, c, 14),
        "natr_14": talib.NATR(h, l, c, 14),
        "adx_14": talib.ADX(h, l, c, 14),
        "plus_di_14": talib.PLUS_DI(h, l, c, 14),
        "minus_di_14": talib.MINUS_DI(h, l, c, 14),
        "parabolic_sar": talib.SAR(h, l, 0.02, 0.2),
        "obv": talib.OBV(c, v),
        "ad_line": talib.AD(h, l, c, v),
        "chaikin_oscillator": talib.ADOSC(h, l, c, v, 3, 10),
        "mfi_14": talib.MFI(h, l, c, v, 14),
    }
