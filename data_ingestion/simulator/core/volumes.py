"""How much is traded: shares of each name by session and minute.

The log of a session's volume wanders for days and rises with the variance of the market and of the name; a minute has
its share of the session by activity, give or take. Trades divide a minute's volume among themselves, so that bars made
of them add up to it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.signal import lfilter

from data_ingestion.simulator.core.clock import Session, minute_shares
from data_ingestion.simulator.core.components import Floats, Mix
from data_ingestion.simulator.core.seeding import Stream, generator, number_of
from data_ingestion.simulator.core.sessions import MOST_SESSIONS_A_YEAR, Course, World

WANDER: Final = 0.25
"""Standard deviation of the part of log volume that has nothing to do with variance."""
WANDER_HALF_LIFE: Final = 4.0
"""Sessions."""
BY_MARKET, BY_OWN = 0.25, 0.35
"""Rise of log volume with the fast log-variance of the market and of the name's own part."""
NOISE: Final = 0.45
"""Standard deviation of the log of a minute's volume around its share."""


def of_sessions(
    world: World, symbols: Sequence[str], mix: Mix, courses: Sequence[Course], sessions: Sequence[Session]
) -> Floats:
    """Log of each session's volume relative to the name's usual, (sessions, names)."""
    years, counts = np.unique([session.day.year for session in sessions], return_counts=True)
    keep = 2.0 ** (-1 / WANDER_HALF_LIFE)
    columns = []
    for place, symbol in enumerate(symbols):
        drawn = np.concatenate(
            [
                generator(world.seed, Stream.VOLUMES, number_of(symbol), year).standard_normal(MOST_SESSIONS_A_YEAR)[
                    :count
                ]
                for year, count in zip(years.tolist(), counts.tolist(), strict=True)
            ]
        )
        wander = lfilter([WANDER * np.sqrt(1 - keep**2)], [1.0, -keep], drawn)
        market, _, own = mix.places[place]
        columns.append(wander + BY_MARKET * courses[market].fast + BY_OWN * courses[own].fast)
    return np.stack(columns, axis=1)


def of_minutes(usual: float, log_factor: float, noise: Floats) -> Floats:
    """Whole shares in each minute of a session that usually has `usual`; `noise`: standard normals (minutes,)."""
    share = minute_shares(len(noise))
    return np.asarray(np.rint(usual * np.exp(log_factor) * share * np.exp(NOISE * noise - NOISE**2 / 2)))
