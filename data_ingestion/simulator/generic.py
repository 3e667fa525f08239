"""Names without a face: hundreds of generic shares beside the ten in detail, so that samples are independent.

Each is drawn from its own number and the seed, so the first hundred are the same whether a hundred or a thousand are
made. Their levels are spread as those of large US companies are; they are nobody's.
"""

from typing import Final

import numpy as np

from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.universe import Name

SECTORS: Final = (
    "communication", "consumer", "energy", "financials", "health", "industrials", "materials", "real estate", "staples",
    "technology", "utilities",
)  # fmt: skip
MEDIAN_PRICE, PRICE_SPREAD = 70.0, 0.8
"""Dollars, and the spread of its log."""
VOLATILITY: Final = (0.20, 0.60)
MARKET_LOADING: Final = (0.35, 0.75)
SECTOR_LOADING: Final = (0.15, 0.50)
PAYERS: Final = 0.6
"""Share of the names that pay dividends, of up to HIGHEST_YIELD a year."""
HIGHEST_YIELD: Final = 0.05
MEDIAN_DEPTH, DEPTH_SPREAD = 150.0, 0.7
STEPS: Final = ((25.0, 1.0), (100.0, 2.5), (200.0, 5.0), (np.inf, 10.0))
"""Up to this price the strikes of its options stand so far apart."""


def generic_names(seed: int, count: int) -> tuple[Name, ...]:
    """The first `count` generic names of a world."""
    return tuple(_name(seed, number) for number in range(count))


def _name(seed: int, number: int) -> Name:
    random = generator(seed, Stream.GENERIC, number)
    price_level, depth_level = random.standard_normal(2).tolist()
    volatility, market, sector, pays, dividend = random.random(5).tolist()
    price = round(MEDIAN_PRICE * float(np.exp(PRICE_SPREAD * price_level)), 2)
    return Name(
        symbol=f"GEN{number:04d}",
        price=price,
        volatility=_between(VOLATILITY, volatility),
        market_loading=_between(MARKET_LOADING, market),
        sector=SECTORS[int(random.integers(len(SECTORS)))],
        sector_loading=_between(SECTOR_LOADING, sector),
        spread_ticks=max(1, round(price / 60)),
        level_ticks=max(1, round(price / 100)),
        depth=max(20, round(MEDIAN_DEPTH * float(np.exp(DEPTH_SPREAD * depth_level)))),
        dividend_yield=HIGHEST_YIELD * dividend if pays < PAYERS else 0.0,
        strike_step=next(step for highest, step in STEPS if price <= highest),
        option_ticks=(5, 10),
        option_share=0.0,
    )


def _between(limits: tuple[float, float], share: float) -> float:
    return limits[0] + (limits[1] - limits[0]) * share
