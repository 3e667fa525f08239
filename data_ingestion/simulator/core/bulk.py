"""Many sessions of many names at once: the same market, without the grid.

What minutes say of a session (open, highest, lowest and last minute mark, volume, variance) is made for whole years of
hundreds of names. Factors are made once and shared; each name adds its own part, so a name is the same whatever stands
beside it, and any share of the names may be made in another process.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core.clock import Session
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.minutes import Minutes, minutes
from data_ingestion.simulator.core.moves import of_day

BATCH: Final = 64
"""Sessions made at once: their minutes stay in the caches of the processor."""


class Daily(NamedTuple):
    """Sessions of every name, arrays (sessions, names). Prices are fair ones, in dollars, at minutes' marks."""

    sessions: tuple[Session, ...]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    """Whole shares."""
    variance: Floats
    """Sum of squared log returns over the minutes."""


def daily(latent: Latent, sessions: Sequence[Session]) -> Iterator[Daily]:
    """Some sessions, in their order, batch by batch."""
    for _, alike in groupby(sessions, key=lambda session: session.minutes):
        same = tuple(alike)
        for first in range(0, len(same), BATCH):
            yield _batch(latent, same[first : first + BATCH])


def _batch(latent: Latent, sessions: tuple[Session, ...]) -> Daily:
    shared = [place for place in range(len(latent.courses)) if place not in set(latent.mix.places[:, 2].tolist())]
    factors = {place: _returns(latent, place, sessions) for place in shared}
    rows = np.array([session.number for session in sessions])
    days = [of_day(latent.moves, session.number, session.minutes) for session in sessions]
    moves = np.stack([day.jump + day.drift for day in days])
    figures = [_name(latent, name, sessions, factors, moves[:, :, name]) for name in range(len(latent.symbols))]
    moved, high, low, variance, volume = (np.stack(column, axis=1) for column in zip(*figures, strict=True))
    start = latent.log_opens[rows]
    return Daily(
        sessions, np.exp(start), np.exp(start + high), np.exp(start + low), np.exp(start + moved), volume, variance
    )


def _name(
    latent: Latent, name: int, sessions: tuple[Session, ...], factors: dict[int, Floats], moves: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Log close, highest and lowest mark over the open, realised variance and volume of each session."""
    (market, sector, own), weights = latent.mix.places[name].tolist(), latent.mix.loadings[name].tolist()
    returns = weights[0] * factors[market] + weights[1] * factors[sector] + weights[2] * _returns(latent, own, sessions)
    returns += moves
    path = np.cumsum(returns, axis=1)
    volume = np.stack([latent.volume(session, name) for session in sessions])
    return (
        path[:, -1],
        np.maximum(path.max(axis=1), 0.0),
        np.minimum(path.min(axis=1), 0.0),
        (returns**2).sum(axis=1),
        volume.sum(axis=1),
    )


def _returns(latent: Latent, place: int, sessions: tuple[Session, ...]) -> Floats:
    made: Minutes = minutes(latent.world, latent.mix.components[place], latent.courses[place], sessions)
    return made.returns
