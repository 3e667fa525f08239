"""Moves of names that come from what happens, beside those of their components: at once, or foretold over minutes."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_ingestion.simulator.core.clock import elapsed, minute_shares
from data_ingestion.simulator.core.components import Floats

Ints = NDArray[np.int64]
DRIFT_MINUTES: Final = 30
"""A single move goes on for so long, where it has a drift."""


class Impulses(NamedTuple):
    """Single moves within days, in order of session; arrays (impulses,)."""

    session: Ints
    name: Ints
    share: Floats
    """Share of the day's activity that lies before it."""
    jump: Floats
    """Log return at once; zero for what came before the open."""
    drift: Floats
    """Log return, evenly over the next DRIFT_MINUTES, or what is left of the day."""


class Moves(NamedTuple):
    """All moves of all names, log returns; arrays (sessions, names)."""

    night: Floats
    """Before the open."""
    drift: Floats
    """Foretold at the open, over the day as activity goes."""
    impulses: Impulses

    def of_day(self) -> Floats:
        """Sum of what moves each name within each day."""
        total = self.drift.copy()
        np.add.at(total, (self.impulses.session, self.impulses.name), self.impulses.jump + self.impulses.drift)
        return total


class DayMoves(NamedTuple):
    """One day's moves, minute by minute; arrays (minutes, names)."""

    jump: Floats
    jump_share: Floats
    """Share of the minute that lies before its jump."""
    drift: Floats


def no_moves(sessions: int, names: int) -> Moves:
    """A world in which nothing happens."""
    nothing, nobody = np.zeros(0), np.zeros(0, np.int64)
    quiet = np.zeros((sessions, names))
    return Moves(quiet, quiet, Impulses(nobody, nobody, nothing, nothing, nothing))


def of_day(moves: Moves, number: int, minutes: int) -> DayMoves:
    """The moves of session `number`, which has so many minutes."""
    drift = minute_shares(minutes)[:, None] * moves.drift[number]
    jump, share = np.zeros_like(drift), np.zeros_like(drift)
    first, last = np.searchsorted(moves.impulses.session, [number, number + 1])
    ends = elapsed(np.arange(minutes + 1) / minutes)
    for row in range(first, last):
        _, name, passed, size, rest = (column[row] for column in moves.impulses)
        minute = min(int(np.searchsorted(ends, passed, side="right")) - 1, minutes - 1)
        jump[minute, name] += size
        share[minute, name] = (passed - ends[minute]) / (ends[minute + 1] - ends[minute])
        end = min(minute + DRIFT_MINUTES, minutes)
        drift[minute:end, name] += rest / (end - minute)
    return DayMoves(jump, share, drift)
