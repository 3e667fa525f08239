"""Which contracts are exercised in a session, hence assigned to those who have sold them.

| when | who exercises |
| --- | --- |
| at expiry | everyone with at least a cent in the money (exercise by exception) |
| last session before an ex-date | holders of calls whose dividend is worth more than what exercise gives up: the put of the same strike and the interest on the strike; all but a share who forget |
| any session | of puts that are worth no more than exercise pays, a share |

Only American contracts are exercised before expiry; the index settles in cash.
"""  # noqa: E501 - a table

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Bools, Floats, Ints

LEAST: Final = 0.01
"""Dollars a share in the money from which on expiring contracts are exercised."""
ATTENTIVE: Final = 0.75
"""Share of the calls that are exercised where a dividend makes it right."""
WEARY: Final = 0.15
"""Share of the puts exercised in a session where nothing is gained by waiting."""
NOTHING: Final = 0.005
"""Time value in dollars that is none."""


class Holding(NamedTuple):
    """Contracts at the end of a session, arrays (contracts,)."""

    open_interest: Ints
    is_call: Bools
    is_american: Bools
    expires: Bools
    """Whether this is the contract's last session."""
    intrinsic: Floats
    """Dollars a share that exercise pays at the close, not below zero."""
    price: Floats
    """Fair, dollars a share."""
    dividend: Floats
    """Dollars a share for which the next session is the ex-date; zero if it is none."""
    given_up: Floats
    """Dollars a share: fair price of the put of the same strike, and the interest on the strike until expiry."""


def assigned(held: Holding) -> Ints:
    """Contracts exercised and assigned."""
    in_money = held.intrinsic >= LEAST
    before_dividend = held.is_american & held.is_call & (held.dividend > held.given_up)
    idle = held.is_american & ~held.is_call & (held.price - held.intrinsic <= NOTHING)
    early = np.where(before_dividend, ATTENTIVE, np.where(idle, WEARY, 0.0))
    share = np.where(in_money, np.where(held.expires, 1.0, early), 0.0)
    return np.floor(held.open_interest * share).astype(np.int64)
