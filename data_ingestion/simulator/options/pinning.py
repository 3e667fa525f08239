"""Pinning: on the day of a monthly expiry a stock drifts towards the strike that holds the most.

Theory of operation
-------------------
Open interest is highest at round strikes, so these attract. The pull follows from the opening price alone: a sine of
its distance from the strike, which is in proportion where that is small and nothing half-way between two strikes. It is
known at the open, spread over the day as activity goes, and zero on average over all distances. It stays in the price,
so later prices depend on it: they are reckoned from the anchor session, forwards step by step, backwards by solving for
the open from which the day's drift leads to what is known of the next.
"""

from typing import Final

import numpy as np

from contracts.sessions import monthly_expiry
from data_ingestion.simulator.core.latent import ANCHOR, Latent
from data_ingestion.simulator.happenings.days import number
from data_ingestion.simulator.happenings.strengths import PINNING
from data_ingestion.simulator.happenings.subjects import Subject
from data_ingestion.simulator.happenings.terms import payouts, shifts
from data_ingestion.simulator.options.arrays import Floats
from data_ingestion.simulator.options.interest import round_step

MOST: Final = 0.5
"""Of the pull, whatever the edge: above one, prices would overshoot."""
_ROUNDS: Final = 60
"""Of solving for an open: each takes at least half of the error."""
_PASSES: Final = 2
"""Of finding what dividends, which are in dollars, make of prices that are pulled: the second moves a pull by 1e-4, a
third would by 1e-6.
"""
_MONTHS: Final = range(1, 13)


def pull(log_price: Floats, strength: float | Floats) -> Floats:
    """Log return towards the next round strike, from log prices as traded."""
    price = np.exp(log_price)
    turns = 2 * np.pi * price / round_step(price)
    return np.asarray(-strength * np.sin(turns) / turns)


def pinned(latent: Latent, subjects: tuple[Subject, ...], years: tuple[int, int]) -> Latent:
    """A latent market, made for this, with its companies pinned in some years, both included and the anchor's among
    them; the subjects are its names in its order.
    """
    strength = min(PINNING * latent.world.edge, MOST)
    days = np.array([number(session.day) for session in latent.sessions])
    anchor = int(np.searchsorted(days, number(ANCHOR)))
    fridays = [number(monthly_expiry(year, month)) for year in range(years[0], years[1] + 1) for month in _MONTHS]
    rows = np.flatnonzero(np.isin(days, fridays)).tolist()
    companies = np.array([subject.is_company for subject in subjects])
    known, plain = payouts(latent.world.seed, subjects), latent.log_opens
    moved, drift = plain, np.zeros(plain.shape)
    for _ in range(_PASSES):
        traded = plain + shifts(known, subjects, days, moved)
        drift = _drift(traded, rows, anchor, strength * companies)
        before = np.cumsum(drift, axis=0) - drift
        moved = plain + before - before[anchor]
    latent.moves = latent.moves._replace(drift=latent.moves.drift + drift)
    latent.log_opens = moved
    return latent


def _drift(traded: Floats, rows: list[int], anchor: int, strength: Floats) -> Floats:
    """The drift of each day, (sessions, names), from log prices as traded without any and the days that have one."""
    drift, moved = np.zeros(traded.shape), np.zeros(traded.shape[1])
    for row in (one for one in rows if one >= anchor):
        drift[row] = pull(traded[row] + moved, strength)
        moved = moved + drift[row]
    moved = np.zeros(traded.shape[1])
    for row in (one for one in reversed(rows) if one < anchor):
        level = after = traded[row] + moved
        for _ in range(_ROUNDS):
            level = after - pull(level, strength)
        drift[row] = after - level
        moved = moved - drift[row]
    return drift
