"""Names to a latent market: the ten in detail, and as many generic ones as wanted."""

from collections.abc import Sequence

import numpy as np

from data_ingestion.simulator.core.components import mix
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.universe import Floats, Name

USUAL_SHARE = 0.75
"""Shares traded a second, in depths of the best level."""


def latent_of(world: World, names: Sequence[Name]) -> Latent:
    """The latent market of some names. Each is the same whatever other names there are."""

    def column(field: str) -> Floats:
        return np.array([getattr(name, field) for name in names], dtype=np.float64)

    symbols = tuple(name.symbol for name in names)
    sectors = tuple(name.sector for name in names)
    made = mix(column("volatility"), column("market_loading"), column("sector_loading"), sectors, symbols)
    return Latent(world, symbols, made, column("price"), USUAL_SHARE * column("depth"))
