"""The simulated market in the form of a recording, from its latent core: days, minutes, and what options expect."""

from datetime import UTC, date, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_ingestion.simulator.core import grid
from data_ingestion.simulator.core.clock import MICROS, sessions_a_year
from data_ingestion.simulator.core.expectations import Expiry
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts.intervals import Floats
from data_ingestion.simulator.facts.recording import Days, Intraday, Premium, VolatilityPath
from data_ingestion.simulator.generic import generic_names
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.universe import UNIVERSE

INDEX: Final = "SPX"
MONTH: Final = 21
"""Sessions."""


def days(world: World, names: int, years: tuple[int, int]) -> Days:
    """Generic names and the index over calendar years, both included, from close to close."""
    latent = _latent(world, INDEX, names)
    night, day = (_moves(latent, part) for part in ("night", "day"))
    chosen = _chosen(latent, years)
    both = (night + day)[chosen]
    return Days(both[:, 1:], both[:, 0], night[chosen, 0], day[chosen, 0])


def premium(world: World, years: tuple[int, int]) -> Premium:
    """What options on the index expect of the coming month at each open, and the sessions that follow it.

    A recorded index of volatility stands at closes, and returns are from close to close. Here they are from open to
    open, so that what they and the changes of the index span is the same.
    """
    latent = _latent(world, INDEX, 0)
    chosen = np.flatnonzero(_chosen(latent, years))
    expiry = (Expiry(MONTH, 0.0),)
    first = np.zeros(1, dtype=np.int64)
    expected = np.array([latent.total_variance(int(number), first, expiry)[0, 0, 0] for number in chosen])
    span = MONTH - latent.world.gap
    night, day = (_moves(latent, part)[:, 0] for part in ("night", "day"))
    return Premium(expected * sessions_a_year(world.hours) / span, day[chosen - 1] + night[chosen])


def intraday(world: World, symbol: str, years: tuple[int, int]) -> Intraday:
    """Minutes of the full sessions of calendar years."""
    latent = _latent(world, symbol, 0)
    numbers = np.flatnonzero(_chosen(latent, years))
    longest = max(latent.sessions[number].minutes for number in numbers)
    filled = [latent.session_minutes(int(n)) for n in numbers if latent.sessions[n].minutes == longest]
    returns = np.stack([np.diff(one.log_price[:, 0]) for one in filled])
    return Intraday(returns, np.stack([one.volume[:, 0] for one in filled]))


def path(world: World, symbol: str, day: date, ahead: int = MONTH) -> VolatilityPath:
    """Spot and volatility at the money of one expiry, at every minute of the session of a day."""
    latent = _latent(world, symbol, 0)
    noon = int(datetime(day.year, day.month, day.day, 18, tzinfo=UTC).timestamp()) * MICROS
    number = latent.session_at(noon).number
    filled = latent.session_minutes(number)
    minutes = np.arange(filled.session.minutes, dtype=np.int64)
    variance = latent.total_variance(number, minutes, (Expiry(ahead, 1.0),))[:, 0, 0]
    passed = np.concatenate([[0.0], np.cumsum(filled.components[0].share[0])[:-1]])
    left = ahead + (1 - world.gap) * (1 - passed)
    return VolatilityPath(filled.log_price[:-1, 0], np.log(variance / left) / 2)


def _latent(world: World, symbol: str, names: int) -> Latent:
    own = tuple(name for name in UNIVERSE if name.symbol == symbol)
    return latent_of(world, own + generic_names(world.seed, names))


def _moves(latent: Latent, part: str) -> Floats:
    """Log returns of nights or of days, (sessions, names)."""
    gap = latent.world.gap
    moved = [one.before_open(gap) if part == "night" else one.of_day(gap) for one in latent.courses]
    return grid.mixed(np.stack(moved, axis=1), latent.mix.places, latent.mix.loadings)


def _chosen(latent: Latent, years: tuple[int, int]) -> NDArray[np.bool_]:
    return np.array([years[0] <= session.day.year <= years[1] for session in latent.sessions])
