"""A small market for the tests: two shares of one sector, and an index that is the market alone."""

import numpy as np

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.components import mix
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World

SYMBOLS = ("ONE", "TWO", "INDEX")
VOLATILITY = np.array([0.3, 0.5, 0.16])
PRICES = np.array([100.0, 250.0, 6000.0])
USUAL = np.array([300.0, 200.0, 50.0])


def latent(seed: int = 7, hours: Hours = Hours.EXCHANGE, edge: float = 1.0) -> Latent:
    """The market."""
    made = mix(
        VOLATILITY, np.array([0.6, 0.5, 1.0]), np.array([0.4, 0.5, 0.0]), ("technology",) * len(SYMBOLS), SYMBOLS
    )
    return Latent(World(seed, hours, edge), SYMBOLS, made, PRICES, USUAL)
