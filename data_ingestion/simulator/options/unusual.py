"""Unusual flow: rarely, somebody buys many times the open interest of one contract that few hold.

On a share of the sessions of each name, one contract between one and nine weeks from expiry and a little out of the
money trades several times its open interest. Where something is known to some about the name (`informed`, the side to
which it will move), it is a call before a rise and a put before a fall with the probability `DIRECTED`; else the side
is a coin. That is all it says: a weak hint in a rare event.
"""

from datetime import date
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Bools, Floats, Ints
from data_ingestion.simulator.options.hashing import uniforms
from data_ingestion.simulator.options.interest import Bought, keys
from data_ingestion.simulator.options.listing import Chain

FREQUENCY: Final = 1 / 60
"""Share of a name's sessions that have such flow."""
INFORMED_FREQUENCY: Final = 1 / 20
"""The same where something is known."""
DIRECTED: Final = 0.65
"""Probability that the side is the informed one where there is one."""
COIN: Final = 0.5
SOONEST_DAYS, LATEST_DAYS = 7, 63
NEAREST, FARTHEST = 0.01, 0.10
"""Distance of the strike from the spot, as a log, out of the money."""
LEAST, MOST = 5.0, 20.0
"""Volume over open interest."""
MOST_HELD: Final = 2_000
"""Open interest of the contract at most: where many hold it, nobody buys a multiple of that."""
LEAST_HELD: Final = 100
"""Open interest that is taken at least."""
_HAPPENS, _SIDE, _WHICH, _SIZE = 11, 12, 13, 14


class Unusual(NamedTuple):
    """Flow of one session, each array (events,)."""

    row: Ints
    """Place of the contract in the chain."""
    contracts: Ints
    """Bought on top of the contract's other volume."""
    side: Ints
    """+1 for a call, −1 for a put."""

    def bought(self, chain: Chain, session: int) -> Bought:
        """The same for those who count positions; `session` is its number."""
        return Bought(keys(chain.where(self.row)), self.contracts, np.full(self.row.size, session))


def happens(seed: int, session: int | Ints, who: Ints, informed: Ints) -> Bools:
    """Whether somebody buys that much; `who` are numbers of the names, `informed` as below."""
    return np.asarray(uniforms(seed, _HAPPENS, who, session) < np.where(informed != 0, INFORMED_FREQUENCY, FREQUENCY))


def unusual(
    seed: int,
    session: int,
    day: date,
    chain: Chain,
    spot: Floats,
    open_interest: Ints,
    who: Ints,
    informed: Ints,
    directed: float = DIRECTED,
) -> Unusual:
    """The session's unusual flow; `spot`, `who` (a number for each name) and `informed` (+1 rise, −1 fall, 0 nothing)
    are (names,).
    """
    draw = uniforms(seed, _SIDE, who, session)
    side = np.where(informed != 0, np.where(draw < directed, informed, -informed), np.where(draw < COIN, 1, -1))
    left = np.array([(one.day - day).days for one in chain.series], dtype=np.int64)[chain.place]
    right = np.where(chain.is_call, 1, -1)
    away = right * np.log(chain.strike / (spot[chain.name] * chain.shares))
    fits = happens(seed, session, who, informed)[chain.name] & (right == side[chain.name]) & (chain.shares == 1.0)
    fits &= open_interest <= MOST_HELD
    fits &= (left >= SOONEST_DAYS) & (left <= LATEST_DAYS) & (away >= NEAREST) & (away <= FARTHEST)
    likely_rows = np.flatnonzero(fits)
    order = likely_rows[np.lexsort((uniforms(seed, _WHICH, keys(chain.where(fits)), session), chain.name[fits]))]
    row = order[np.flatnonzero(np.diff(chain.name[order], append=-1))]
    factor = LEAST + (MOST - LEAST) * uniforms(seed, _SIZE, chain.name[row], session)
    contracts = np.rint(np.maximum(open_interest[row], LEAST_HELD) * factor).astype(np.int64)
    return Unusual(row, contracts, right[row])
