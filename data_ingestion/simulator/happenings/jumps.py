"""Which jumps of the latent market are large enough for an article minutes later."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from data_ingestion.simulator.core.clock import Session, elapsed
from data_ingestion.simulator.core.components import Kind
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.happenings.columns import joined, taken
from data_ingestion.simulator.happenings.news import MARKET, Jumps
from data_ingestion.simulator.happenings.strengths import DAYS_A_YEAR
from data_ingestion.simulator.happenings.subjects import Floats, Ints, Subject, companies

LARGE: Final = 2.0
"""Standard deviations of a usual day of the name, or of the market: from there on somebody writes about it."""


def large_jumps(latent: Latent, subjects: Sequence[Subject], first_year: int, last_year: int) -> Jumps:
    """Large jumps of the market and of companies; the subjects are the latent market's names in its order.

    A jump of a sector is one of each of its companies that it moves that far.
    """
    mine = np.array([session.number for session in latent.sessions if first_year <= session.day.year <= last_year])
    deviation = np.sqrt((latent.mix.loadings**2).sum(axis=1))
    weights = latent.mix.loadings / deviation[:, None]
    reporting = np.isin(np.arange(len(subjects)), companies(subjects))
    found = []
    for place, (component, course) in enumerate(zip(latent.mix.components, latent.courses, strict=True)):
        rows = mine[course.jump[mine] != 0.0]
        size = course.jump[rows] * np.sqrt(DAYS_A_YEAR)
        times = _moments([latent.sessions[row] for row in rows.tolist()], course.jump_share[rows])
        if component.kind is Kind.MARKET:
            found.append(Jumps(times, np.full(len(rows), MARKET), size))
            continue
        column = 1 if component.kind is Kind.SECTOR else 2
        names = np.flatnonzero((latent.mix.places[:, column] == place) & reporting).tolist()
        found += [Jumps(times, np.full(len(rows), name), size * weights[name, column]) for name in names]
    every = joined(found)
    return taken(every, np.abs(every.size) >= LARGE)


def _moments(sessions: Sequence[Session], shares: Floats) -> Ints:
    """When so much of each session's activity has passed, µs."""
    found = np.zeros(len(sessions), np.int64)
    for row, (session, share) in enumerate(zip(sessions, shares.tolist(), strict=True)):
        time = np.arange(session.minutes + 1) / session.minutes
        passed = np.interp(share, elapsed(time), time)
        found[row] = session.opens_at + round(passed * (session.closes_at - session.opens_at))
    return found
