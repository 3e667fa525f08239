"""How much a price moves: a scan over the bars of one symbol and interval, oldest first.

Every variance is of the logarithm of the price over one bar, whatever the bar's length; `per_year` converts it.
Realised variance is the mean of squared returns, not about their mean. A bar that cannot be (a missing or non-positive
price, a close outside its range) gives no value; windows recover once it has left them, and the exponentially weighted
variance passes over it.

Sources: Parkinson (1980); Garman and Klass (1980); Rogers and Satchell (1991); Yang and Zhang (2000); Barndorff-Nielsen
and Shephard (2004) for bipower variation; Amaya, Christoffersen, Jacobs and Vasquez (2015) for realised moments;
RiskMetrics (1996) for the weighted variance.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.scan import Scan
from stream_processing.feature_engineering.volatility_kernels import EWMA_WARM_UP, LONG, SHORT, SIZE, volatility

_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")
_SLOWER: Final[tuple[Horizon, ...]] = ("medium", "long")
_VARIANCE: Final = "log return², per bar"
_BARS = "BarClosed"

_SCAN: Final = Scan(
    inputs=("open", "high", "low", "close"),
    features=(
        Feature(
            f"realised_variance_{SHORT}", "Mean of the squared log returns from close to close",
            _VARIANCE, f"{SHORT} bars", SHORT, _BARS, _ALL,
        ),
        Feature(
            f"realised_volatility_{SHORT}", "Square root of the mean squared log return from close to close",
            "log return, per √bar", f"{SHORT} bars", SHORT, _BARS, _ALL,
        ),
        Feature(
            f"realised_variance_{LONG}", "Mean of the squared log returns from close to close",
            _VARIANCE, f"{LONG} bars", LONG, _BARS, _ALL,
        ),
        Feature(
            f"realised_volatility_{LONG}", "Square root of the mean squared log return from close to close",
            "log return, per √bar", f"{LONG} bars", LONG, _BARS, _ALL,
        ),
        Feature(
            f"parkinson_variance_{SHORT}", "Mean of ln(high/low)² / (4·ln 2): blind to gaps, assumes no drift",
            _VARIANCE, f"{SHORT} bars", SHORT - 1, _BARS, _ALL,
        ),
        Feature(
            f"garman_klass_variance_{SHORT}", "Mean of ½·ln(high/low)² − (2·ln 2 − 1)·ln(close/open)²: blind to gaps",
            _VARIANCE, f"{SHORT} bars", SHORT - 1, _BARS, _ALL,
        ),
        Feature(
            f"rogers_satchell_variance_{SHORT}",
            "Mean of ln(high/close)·ln(high/open) + ln(low/close)·ln(low/open): right under drift, blind to gaps",
            _VARIANCE, f"{SHORT} bars", SHORT - 1, _BARS, _ALL,
        ),
        Feature(
            f"yang_zhang_variance_{SHORT}",
            "Variance of ln(open/close before) + k × variance of ln(close/open) + (1 − k) × Rogers–Satchell: "
            "sees gaps, right under drift",
            _VARIANCE, f"{SHORT} bars", SHORT, _BARS, _SLOWER,
        ),
        Feature(
            f"bipower_variation_{LONG}", "π/2 × mean of |return|·|return before|: the variance that is not of jumps",
            _VARIANCE, f"{LONG} bars", LONG, _BARS, _ALL,
        ),
        Feature(
            f"jump_share_{LONG}", "1 − bipower variation / realised variance, at least 0: the share that jumps have",
            "1", f"{LONG} bars", LONG, _BARS, _ALL,
        ),
        Feature(
            f"realised_skewness_{LONG}", "√n·Σreturn³ / (Σreturn²)^1.5",
            "1", f"{LONG} bars", LONG, _BARS, _SLOWER,
        ),
        Feature(
            f"realised_kurtosis_{LONG}", "n·Σreturn⁴ / (Σreturn²)²: 3 for normal returns",
            "1", f"{LONG} bars", LONG, _BARS, _SLOWER,
        ),
        Feature(
            f"demeaned_return_{LONG}", f"Log return less the mean of the {LONG} before it: what a GARCH model is fed",
            "log return", f"{LONG + 1} bars", LONG + 1, _BARS, _SLOWER,
        ),
        Feature(
            "ewma_variance", "Mean of squared log returns with weights 0.94ᵏ that add up to one",
            _VARIANCE, "all bars, half of the weight on the last 11", EWMA_WARM_UP, _BARS, _ALL,
        ),
    ),
    size=SIZE,
    kernel=volatility,
)  # fmt: skip

VOLATILITY: Final[tuple[Scan, ...]] = (_SCAN,)
"""Rows: final bars of one symbol and one interval."""


def per_year(variance: ArrayLike, bars_a_year: float) -> NDArray[np.float64]:
    """Volatility per year of a variance per bar: the square root of variance × bars a year.

    Bars a year is the caller's convention, such as 252 for daily bars and 252·390 for those of a minute.

    >>> round(float(per_year(0.0001, 252)), 6)
    0.158745
    """
    return np.sqrt(np.asarray(variance, dtype=np.float64) * bars_a_year)
