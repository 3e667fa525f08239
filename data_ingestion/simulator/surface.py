"""Option prices of the simulated market: volatility smile, model price, bid and ask. Pure functions of arrays.

Theory of operation
-------------------
The smile is read in standard deviations, m = ln(K / F) / (σ_atm √T): σ = σ_atm (1 + SKEW m + CURVE m²). σ_atm² is what
variance is expected to average until expiry: it starts at the latent volatility of the moment and reverts to the
long-run level, so short expiries move with it and long ones hardly do. Bid and ask lie around the model price, on the
tick, further apart for dear and for far contracts.

Known simplification: American contracts are priced as European ones and floored at what exercise would pay. No
early-exercise premium beyond that floor is quoted; its size is the gap that American pricing shows on this market.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.instruments import ROOTS
from data_ingestion.simulator.latent import VOLATILITY_HALF_LIFE_S, YEAR_S
from data_ingestion.simulator.universe import CENTS, RATE, UNIVERSE, Floats, Ints, column
from models.quantitative.european import european

SKEW: Final = -0.05 - 0.05 * column("market_loading")
"""Indices have the steeper smile: their falls are shared."""
CURVE: Final = 0.02
FARTHEST: Final = 4.0
"""Standard deviations beyond which the smile stays flat."""
SMOOTHING_YEARS: Final = 7 / 365.25
"""Added to the time in the smile's m, so that it does not explode in the last days."""
LOWEST_RATIO: Final = 0.4
REVERSION: Final = 2 * np.log(2) * YEAR_S / VOLATILITY_HALF_LIFE_S
"""Per year, of the variance."""
WIDTH_SHARE: Final = 0.012
"""Spread as a share of the option's price, at the money."""
WIDTH_GROWTH: Final = 0.5
"""Growth of that share with each standard deviation from the money."""
DEAR_CENTS: Final = 300
"""From three dollars on the larger tick applies."""
_LONG_RUN: Final = column("volatility")
_UNDERLYING_SPREAD: Final = column("spread_ticks")
_TICKS: Final = np.array([name.option_ticks for name in UNIVERSE])
_YIELD: Final = column("dividend_yield")
_IS_AMERICAN: Final = np.array([name.symbol not in {root.underlying for root in ROOTS.values()} for name in UNIVERSE])


class Market(NamedTuple):
    """What an option's price depends on, arrays of one shape (rows,). `years` to expiry; `name` in the universe."""

    name: Ints
    spot: Floats
    strike: Floats
    is_call: NDArray[np.bool_]
    years: Floats
    volatility: Floats


class Quotes(NamedTuple):
    """Bid and ask in cents, (rows,)."""

    bid: Ints
    ask: Ints


def moneyness(market: Market) -> tuple[Floats, Floats]:
    """Volatility at the money, and m: how many standard deviations the strike lies above the forward."""
    long_run = _LONG_RUN[market.name] ** 2
    elapsed = REVERSION * market.years
    variance = long_run + (market.volatility**2 - long_run) * -np.expm1(-elapsed) / elapsed
    at_the_money = np.sqrt(variance)
    forward = market.spot * np.exp((RATE - _YIELD[market.name]) * market.years)
    return at_the_money, np.log(market.strike / forward) / (at_the_money * np.sqrt(market.years + SMOOTHING_YEARS))


def smile(market: Market) -> Floats:
    """Implied volatility per year."""
    at_the_money, m = moneyness(market)
    m = np.clip(m, -FARTHEST, FARTHEST)
    return at_the_money * np.maximum(LOWEST_RATIO, 1 + SKEW[market.name] * m + CURVE * m**2)


def fair_cents(market: Market) -> Floats:
    """Model price in cents: Black-Scholes-Merton, for equity and ETF options at least what exercise would pay."""
    sign = np.where(market.is_call, 1.0, -1.0)
    carry = (RATE, _YIELD[market.name])
    held = european(market.spot, market.strike, market.years, *carry, smile(market), market.is_call).price
    exercised = np.where(_IS_AMERICAN[market.name], sign * (market.spot - market.strike), 0.0)
    return np.maximum(held, exercised) * CENTS


def quotes_around(cents: Floats, market: Market, mood: Floats) -> Quotes:
    """Bid and ask around a fair price, on the tick; `mood` (rows,) scales the spread. A bid of zero is nobody's."""
    _, m = moneyness(market)
    tick = np.where(cents < DEAR_CENTS, *_TICKS[market.name].T)
    width = mood * (tick + WIDTH_SHARE * (1 + WIDTH_GROWTH * np.abs(m)) * cents)
    bid = np.maximum(0, np.floor((cents - width / 2) / tick) * tick)
    ask = np.maximum(bid + tick, np.ceil((cents + width / 2) / tick) * tick)
    return Quotes(bid.astype(np.int64), ask.astype(np.int64))
