"""Names to a latent market: the ten in detail, and as many generic ones as wanted, with what happens to them."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from data_ingestion.simulator.core.clock import sessions
from data_ingestion.simulator.core.components import Mix, mix
from data_ingestion.simulator.core.latent import ANCHOR, LAST_YEAR, Latent
from data_ingestion.simulator.core.moves import Impulses, Moves
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings import effects as happening
from data_ingestion.simulator.happenings.effects import effects, market_effects
from data_ingestion.simulator.happenings.strengths import MARKET_VOLATILITY
from data_ingestion.simulator.happenings.subjects import subject_of
from data_ingestion.simulator.happenings.tables import happenings
from data_ingestion.simulator.options.pinning import pinned
from data_ingestion.simulator.universe import Floats, Name

USUAL_SHARE: Final = 0.75
"""Shares traded a second, in depths of the best level."""
MARKET_SHARE, OWN_SHARE = 0.105, 0.193
"""Share of the variance of the market, and of a company's own part, that comes from what happens."""


def latent_of(world: World, names: Sequence[Name], years: tuple[int, int] | None = None) -> Latent:
    """The latent market of some names, with what happens in these years; without years nothing happens at all.

    Each name is the same whatever other names there are, and whatever the years beside those asked for.
    """
    symbols = tuple(name.symbol for name in names)
    usual, prices = USUAL_SHARE * _column(names, "depth"), _column(names, "price")
    made = mix_of(names)
    if years is None:
        return Latent(world, symbols, made, prices, usual)
    quieter = made._replace(loadings=made.loadings * np.sqrt(_left(names)))
    wide = min(years[0], ANCHOR.year), max(years[1], ANCHOR.year)
    latent = Latent(world, symbols, quieter, prices, usual, moves_of(world, names, made, wide))
    return pinned(latent, tuple(subject_of(name) for name in names), wide)


def moves_of(world: World, names: Sequence[Name], made: Mix, years: tuple[int, int]) -> Moves:
    """What happens to the names in these years, by itself and through the market; nothing in others."""
    known = sessions(world.hours, LAST_YEAR)
    begun = years[0] - 1  # what was announced then goes on
    within = [session for session in known if begun <= session.day.year <= years[1]]
    happened = happenings(world.seed, tuple(subject_of(name) for name in names), begun, years[1])
    alone, market = effects(happened, within, world.edge), market_effects(happened, within, world.edge)
    weights = market_weights(made)
    night, drift = np.zeros((2, len(known), len(names)))
    rows = slice(within[0].number, within[-1].number + 1)
    night[rows] = alone.night + market.night * weights
    drift[rows] = alone.drift + market.drift * weights
    return Moves(night, drift, _impulses(alone.impulses, market.impulses, weights, within[0].number))


def market_weights(whole: Mix) -> Floats:
    """How much of what happens to the market reaches each name, (names,): by loadings before any part is set aside."""
    return np.asarray(whole.loadings[:, 0] / MARKET_VOLATILITY)


def _impulses(alone: happening.Impulses, market: happening.Impulses, weights: Floats, first: int) -> Impulses:
    """Those of the names and, weighted, those of the market for each of them; in order of session and time."""
    count, names = len(market.session), len(weights)
    size = np.concatenate([np.ones(len(alone.session)), np.tile(weights, count)])
    of_all = [np.concatenate([own, np.repeat(shared, names)]) for own, shared in zip(alone, market, strict=True)]
    time, _, session, is_night, share, jump, drift = of_all
    name = np.concatenate([alone.name, np.tile(np.arange(names), count)])
    order = np.lexsort((name, time, session))
    sized = np.where(is_night, 0.0, jump * size), drift * size
    return Impulses(session[order] + first, name[order], share[order], sized[0][order], sized[1][order])


def mix_of(names: Sequence[Name]) -> Mix:
    """What the names are made of, nothing set aside for what happens."""
    symbols, sectors = tuple(name.symbol for name in names), tuple(name.sector for name in names)
    market, sector = _column(names, "market_loading"), _column(names, "sector_loading")
    return mix(_column(names, "volatility"), market, sector, sectors, symbols)


def _left(names: Sequence[Name]) -> Floats:
    """Share of the variance of each name's three components that does not come from what happens."""
    own = np.where([subject_of(name).is_company for name in names], 1 - OWN_SHARE, 1.0)
    return np.stack([np.full(len(names), 1 - MARKET_SHARE), np.ones(len(names)), own], axis=1)


def _column(names: Sequence[Name], field: str) -> Floats:
    return np.array([getattr(name, field) for name in names], dtype=np.float64)
