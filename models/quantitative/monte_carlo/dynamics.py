"""What underlyings do: the parameters of the models, checked.

Rates and yields are continuous, volatilities per year, all as decimals.
"""

from dataclasses import dataclass

import numpy as np

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.terms import MAX_PRICE, MAX_RATE, MIN_PRICE

MAX_VOL = 20.0
"""Volatility, per year."""
MAX_UNDERLYINGS = 100
_MAX_REVERSION = 1000.0
_LEAST_VOL_OF_VARIANCE = 1e-3
"""Below it the variance is a function of time: Black-Scholes does it."""
_SMALLEST_EIGENVALUE = 1e-10


@dataclass(frozen=True, slots=True)
class BlackScholes:
    """Constant volatility."""

    underlying_price: float
    rate: float
    dividend_yield: float
    vol: float

    def __post_init__(self) -> None:
        _check_common(self.underlying_price, self.rate, self.dividend_yield)
        checks.within("vol", self.vol, 0.0, MAX_VOL)


@dataclass(frozen=True, slots=True)
class Heston:
    """Variance that reverts to its mean: dv = κ(θ − v)dt + ξ√v dW, correlated with the underlying."""

    underlying_price: float
    rate: float
    dividend_yield: float
    variance: float
    """v₀: now, the square of a volatility."""
    mean_reversion: float
    """κ, per year."""
    long_variance: float
    """θ."""
    vol_of_variance: float
    """ξ."""
    correlation: float
    """ρ, of the variance's changes with those of the underlying."""

    def __post_init__(self) -> None:
        _check_common(self.underlying_price, self.rate, self.dividend_yield)
        checks.within("variance", self.variance, 0.0, MAX_VOL**2)
        checks.positive("mean_reversion", self.mean_reversion)
        checks.within("mean_reversion", self.mean_reversion, 0.0, _MAX_REVERSION)
        checks.positive("long_variance", self.long_variance)
        checks.within("long_variance", self.long_variance, 0.0, MAX_VOL**2)
        checks.within("vol_of_variance", self.vol_of_variance, _LEAST_VOL_OF_VARIANCE, MAX_VOL)
        checks.within("correlation", self.correlation, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class CorrelatedBlackScholes:
    """Several underlyings of constant volatility in one currency."""

    underlying_prices: tuple[float, ...]
    rate: float
    dividend_yields: tuple[float, ...]
    vols: tuple[float, ...]
    correlations: tuple[tuple[float, ...], ...]
    """A row for each underlying; symmetric, 1 on the diagonal, positive definite."""

    def __post_init__(self) -> None:
        count = len(self.underlying_prices)
        if not 1 <= count <= MAX_UNDERLYINGS:
            raise BadInput(f"underlying_prices has {count} places: must have from 1 to {MAX_UNDERLYINGS}")
        checks.within("underlying_prices", self.underlying_prices, MIN_PRICE, MAX_PRICE)
        checks.within("rate", self.rate, -MAX_RATE, MAX_RATE)
        checks.within("dividend_yields", self.dividend_yields, -MAX_RATE, MAX_RATE)
        checks.within("vols", self.vols, 0.0, MAX_VOL)
        for name, values in (("dividend_yields", self.dividend_yields), ("vols", self.vols)):
            if len(values) != count:
                raise BadInput(f"{name} has {len(values)} places: must have {count}, one for each underlying")
        _check_correlations(self.correlations, count)


def _check_common(underlying_price: float, rate: float, dividend_yield: float) -> None:
    checks.within("underlying_price", underlying_price, MIN_PRICE, MAX_PRICE)
    checks.within("rate", rate, -MAX_RATE, MAX_RATE)
    checks.within("dividend_yield", dividend_yield, -MAX_RATE, MAX_RATE)


def _check_correlations(rows: tuple[tuple[float, ...], ...], count: int) -> None:
    lengths = [len(row) for row in rows]
    if lengths != [count] * count:
        raise BadInput(f"correlations has rows of {lengths}: must have {count} rows of {count}")
    matrix: Floats = checks.within("correlations", rows, -1.0, 1.0)
    wrong = np.argwhere((matrix != matrix.T) | (np.eye(count, dtype=bool) & (matrix != 1.0)))
    if wrong.size:
        row, column = wrong[0]
        raise BadInput(
            f"correlations[{row}, {column}] is {matrix[row, column]}: must be symmetric with 1 on the diagonal"
        )
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < _SMALLEST_EIGENVALUE:
        raise BadInput(f"correlations has the eigenvalue {smallest:g}: must be positive definite")
