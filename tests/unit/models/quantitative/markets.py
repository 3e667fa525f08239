"""Random and stressed options for tests and benchmarks, all from seeds."""

import itertools
from typing import NamedTuple

import numpy as np

from models.quantitative.blocks import Floats
from tests.unit.models.quantitative import exact

STRESS_YEARS = (1.0 / 365.0, 7.0 / 365.0, 30.0 / 365.0, 0.1, 0.25)
STRESS_VOLS = tuple(np.geomspace(0.01, 1.0, 10))
STRESS_DEPTHS = tuple(np.linspace(4.0, 220.0, 79))
"""Powers of ten by which a price falls short of one at the money; below 1e-230 a quote has no time value."""


class Market(NamedTuple):
    """Options in the order of the inputs of `european.EUROPEAN`."""

    underlying_price: Floats
    strike: Floats
    years: Floats
    rate: Floats
    dividend_yield: Floats
    is_call: Floats
    vol: Floats


def random_market(rows: int, seed: int) -> Market:
    """From an hour to three years, volatilities of 5 % to 150 %, up to three standard deviations from the forward."""
    random = np.random.default_rng(seed)
    spot = random.uniform(20.0, 500.0, rows)
    years = 10.0 ** random.uniform(-4.0, 0.5, rows)
    rate, dividend = random.uniform(-0.01, 0.06, rows), random.uniform(0.0, 0.04, rows)
    vol = 10.0 ** random.uniform(np.log10(0.05), np.log10(1.5), rows)
    strike = spot * np.exp((rate - dividend) * years + random.uniform(-3.0, 3.0, rows) * vol * np.sqrt(years))
    return Market(spot, strike, years, rate, dividend, random.integers(0, 2, rows).astype(float), vol)


def stress_market() -> tuple[Market, Floats]:
    """3,950 options so deep out of the money that they cost down to 1e-226, and what they cost.

    Each price is the fifty-digit one at the row's own terms, rounded once; calls and puts alternate.
    """
    rows = []
    grid = itertools.product(STRESS_YEARS, STRESS_VOLS, STRESS_DEPTHS)
    for is_call, (years, vol, depth) in zip(itertools.cycle((True, False)), grid):
        distance = vol * years**0.5 * (2.0 * np.log(10.0) * depth) ** 0.5
        strike = float(100.0 * np.exp(distance if is_call else -distance))
        price = float(exact.greeks(100.0, strike, years, 0.0, 0.0, vol, is_call=is_call)["price"])
        rows.append((100.0, strike, years, 0.0, 0.0, float(is_call), vol, price))
    *market, prices = np.array(rows).T
    return Market(*market), prices
