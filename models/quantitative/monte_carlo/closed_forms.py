"""Prices that are known, of what serves as a control variate."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes


class Lognormal(NamedTuple):
    """A price at expiry whose logarithm is normal."""

    forward: float
    deviation: float
    """Standard deviation of the logarithm."""


def option_value(price: Lognormal, strike: float, discount: float, *, is_call: bool) -> float:
    """Black's formula, discounted; intrinsic value where nothing is uncertain."""
    side = 1.0 if is_call else -1.0
    if price.deviation <= 0.0:
        return discount * max(side * (price.forward - strike), 0.0)
    d1 = np.log(price.forward / strike) / price.deviation + 0.5 * price.deviation
    d2 = d1 - price.deviation
    return float(discount * side * (price.forward * ndtr(side * d1) - strike * ndtr(side * d2)))


def price_at(model: BlackScholes, years: float) -> Lognormal:
    """The underlying's."""
    forward = model.underlying_price * np.exp((model.rate - model.dividend_yield) * years)
    return Lognormal(float(forward), float(model.vol * np.sqrt(years)))


def geometric_average(model: BlackScholes, observation_years: Floats) -> Lognormal:
    """Of the underlying's geometric average over the observations."""
    count = observation_years.size
    drift = model.rate - model.dividend_yield - 0.5 * model.vol**2
    # Σᵢⱼ min(tᵢ, tⱼ): the k-th time is the smaller one in 2·(count − k) − 1 pairs.
    overlap = float(observation_years @ (2.0 * (count - np.arange(count)) - 1.0))
    variance = model.vol**2 * overlap / count**2
    mean = drift * float(observation_years.mean())
    return Lognormal(float(model.underlying_price * np.exp(mean + 0.5 * variance)), float(np.sqrt(variance)))


def geometric_basket(model: CorrelatedBlackScholes, weights: Floats, years: float) -> Lognormal:
    """Of the product of the underlyings' prices to the power of the weights."""
    vols, yields = np.array(model.vols), np.array(model.dividend_yields)
    variance = float((weights * vols) @ np.array(model.correlations) @ (weights * vols)) * years
    drifts = (model.rate - yields - 0.5 * vols**2) * years
    mean = float(weights @ (np.log(np.array(model.underlying_prices)) + drifts))
    return Lognormal(float(np.exp(mean + 0.5 * variance)), float(np.sqrt(variance)))
