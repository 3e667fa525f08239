"""Random parameters and noise-free chains of a hundred quotes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.quantitative.heston.parameters import NO_JUMPS, HestonParams, Jumps
from models.quantitative.heston.pricing import heston_price

Floats = NDArray[np.float64]
SPOT, RATE = 100.0, 0.03
DAYS = np.repeat([18, 36, 91, 182, 273, 365, 547, 730, 1095, 1825], 10)
"""Ten expiries of ten strikes."""


class Quotes(NamedTuple):
    strike: Floats
    days: NDArray[np.int64]
    is_call: Floats
    price: Floats

    @property
    def years(self) -> Floats:
        return self.days / 365.0

    @property
    def arguments(self) -> tuple[Floats, float, Floats, Floats, float, float, Floats]:
        """As `calibrate` takes them."""
        return self.price, SPOT, self.strike, self.years, RATE, 0.0, self.is_call


def draw_params(rng: np.random.Generator) -> HestonParams:
    return HestonParams(
        v0=rng.uniform(0.01, 0.25),
        kappa=np.exp(rng.uniform(np.log(0.3), np.log(8.0))),
        theta=rng.uniform(0.01, 0.25),
        sigma=np.exp(rng.uniform(np.log(0.1), np.log(1.5))),
        rho=rng.uniform(-0.9, 0.3),
    )


def quotes(params: HestonParams, jumps: Jumps = NO_JUMPS) -> Quotes:
    """Out of the money, up to one and a half standard deviations from the forward."""
    years = DAYS / 365.0
    decay = params.kappa * years
    deviation = np.sqrt(years * (params.theta + (params.v0 - params.theta) * -np.expm1(-decay) / decay))
    forward = SPOT * np.exp(RATE * years)
    strike = forward * np.exp(np.tile(np.linspace(-1.5, 1.5, 10), 10) * deviation)
    is_call = (strike > forward).astype(np.float64)
    price = heston_price(SPOT, strike, years, RATE, 0.0, params, is_call, jumps=jumps)
    return Quotes(strike, DAYS, is_call, price)
