"""Open interest and volume of every contract, session by session, each made alone from its address.

Theory of operation
-------------------
Open interest is a level times a ramp: contracts begin with none and gather it over weeks. The level is the name's, more
in monthly expiries than in weekly ones, more at round strikes, and falls off on both sides of where the underlying has
stood, later for puts on what people insure. What is left is the contract's own: a lasting number and one that drifts.
Volume follows the money and the calendar instead: most of it is near the spot and in the expiries that are next. Every
contract that is opened or closed is traded, so a session's volume is at least the change of open interest.

What somebody bought out of the ordinary (see `unusual`) is in the volume of its session and, as far as it opened
positions, in the open interest from the next session on, until it is closed or the contract expires.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.classes import Kind, OptionClass, column
from data_ingestion.simulator.options.hashing import combined, normals
from data_ingestion.simulator.options.listing import Chain

BY_KIND: Final = {
    Kind.DAILY: (0.5, 1.0),
    Kind.WEEKLY: (1.0, 1.0),
    Kind.MONTH_END: (2.0, 1.0),
    Kind.QUARTERLY: (5.0, 1.5),
    Kind.MONTHLY: (8.0, 2.5),
    Kind.LEAPS: (10.0, 2.0),
}
"""Open interest and volume in an expiry of each kind, relative to a weekly."""
RAMP: Final = 4.0
"""Times over which open interest gathers, in a life."""
ROUND, HALF_ROUND = 4.0, 1.8
"""Open interest at strikes that are multiples of the round step, and of half of it."""
PUT_CENTRE, CALL_CENTRE, REACH = -0.8, 0.5, 1.3
"""Where open interest is highest, and how far it falls by a factor e, in standard deviations over the life."""
PUT_LEAN, EVEN = -2.0, -0.4
"""Change of the log of what is held and traded in puts with the smile's ρ, and the ρ at which there is none."""
SHORTEST_DAYS: Final = 10.0
LASTING, DRIFTING, KNOT_SESSIONS = 1.5, 0.12, 10
"""Standard deviations of the contract's own log numbers, and the sessions between independent values of the second."""
TURNOVER: Final = 300.0
"""Volume at the money on the last day, relative to the class's open interest."""
HASTE: Final = 1.6
"""Power of the days left by which volume falls."""
NEAR, FAR_SHARE = 1.0, 0.01
"""Standard deviations to expiry over which volume falls, and what is left of it far away."""
DAILY: Final = 1.0
"""Standard deviation of the log of a session's volume."""
_DAYS_PER_YEAR: Final = 365.0
OPENED: Final = 0.8
"""Share of what is bought out of the ordinary that opens positions."""
KEPT: Final = 0.97
"""Share of these that is left a session later."""
_LASTING, _DRIFTING, _DAILY = 1, 2, 3


class Activity(NamedTuple):
    """Of each contract, (contracts,)."""

    open_interest: Ints
    """Contracts held when the session begins."""
    volume: Ints
    """Contracts traded in the session."""


class Bought(NamedTuple):
    """What was bought out of the ordinary, arrays (purchases,)."""

    key: Ints
    """Of the contract, see `keys`."""
    contracts: Ints
    session: Ints
    """Number of the session."""

    def of(self, session: int) -> "Bought":
        """What was bought in one session."""
        return Bought(*(column[self.session == session] for column in self))


NOTHING: Final = Bought(*(np.zeros(0, np.int64) for _ in Bought._fields))


class Setting(NamedTuple):
    """What a session is, for those who hold and trade."""

    seed: int
    session: int
    """Number of the session."""
    day: date
    spot: Floats
    """Prices at the session's open, dollars, (names,)."""
    usual: Floats
    """Prices of the last months, dollars, (names,): where positions were opened. It should move slowly, as they do."""


def keys(chain: Chain) -> Ints:
    """A number for each contract that stays with it: root, expiry, strike and right."""
    roots = np.array([int.from_bytes(one.root.encode(), "big") for one in chain.series], dtype=np.int64)
    days = np.array([one.day.toordinal() for one in chain.series], dtype=np.int64)
    mills = np.rint(chain.strike * 1000).astype(np.int64)
    return combined(roots[chain.place], days[chain.place], mills * 2 + chain.is_call)


def activity(
    chain: Chain, classes: Sequence[OptionClass], now: Setting, then: Setting, bought: Bought = NOTHING
) -> Activity:
    """Open interest at the session's open and volume in it; `then` is the next session, whose open interest follows.

    `bought` in this session and in those before it. The prices of `then` are in the terms of this session.
    """
    own = keys(chain)
    held = open_interest(chain, classes, now) + _opened(own, now.session, bought)
    change = np.abs(open_interest(chain, classes, then) + _opened(own, then.session, bought) - held)
    still_listed = np.array([one.day > now.day for one in chain.series], np.bool_)[chain.place]
    traded = _volume(chain, classes, now) + _found(own, bought, np.where(bought.session == now.session, 1.0, 0.0))
    return Activity(held, np.maximum(traded, np.where(still_listed, change, 0)))


def open_interest(chain: Chain, classes: Sequence[OptionClass], setting: Setting) -> Ints:
    """Contracts held at a session's open, without what was bought out of the ordinary."""
    life, left, age = _days(chain, setting.day)
    volatility = column(tuple(classes), "volatility")[chain.name]
    deviation = volatility * np.sqrt(np.maximum(life, SHORTEST_DAYS) / _DAYS_PER_YEAR)
    away = np.log(chain.strike / (setting.usual[chain.name] * chain.shares)) / deviation
    centre = np.where(chain.is_call, CALL_CENTRE, PUT_CENTRE)
    level = _level(chain, classes) * _by_kind(chain, 0) * _roundness(chain, setting.usual)
    own = _own(keys(chain), setting)
    gathered = np.where(left < 0, 0.0, -np.expm1(-RAMP * age / np.maximum(life, 1.0)))
    held = level * gathered * np.exp(own - np.abs(away - centre) / REACH)
    return np.asarray(np.floor(held).astype(np.int64))


def _opened(own: Ints, session: int, bought: Bought) -> Ints:
    """Positions that are left, at a session's open, of what was bought before it."""
    ago = session - bought.session
    return _found(own, bought, np.where(ago > 0, OPENED * KEPT ** np.maximum(ago - 1, 0), 0.0))


def _found(own: Ints, bought: Bought, share: Floats) -> Ints:
    """A share of each purchase, by contract."""
    found = np.zeros(own.size, np.int64)
    order = np.argsort(own, kind="stable")
    place = np.minimum(np.searchsorted(own[order], bought.key), max(own.size - 1, 0))
    known = np.flatnonzero(own[order][place] == bought.key) if own.size else np.zeros(0, np.int64)
    np.add.at(found, order[place[known]], np.floor(bought.contracts[known] * share[known]).astype(np.int64))
    return found


def _volume(chain: Chain, classes: Sequence[OptionClass], setting: Setting) -> Ints:
    left = np.maximum(_days(chain, setting.day)[1], 0.0)
    volatility = column(tuple(classes), "volatility")[chain.name]
    deviation = volatility * np.sqrt((left + 0.5) / _DAYS_PER_YEAR)
    away = np.abs(np.log(chain.strike / (setting.spot[chain.name] * chain.shares))) / deviation
    near = np.exp(-away / NEAR) + FAR_SHARE * np.exp(-away / REACH / 4)
    level = _level(chain, classes) * TURNOVER * _by_kind(chain, 1)
    haste = (1 + left) ** -HASTE
    noise = normals(setting.seed, _DAILY, keys(chain), setting.session)
    traded = level * haste * near * np.exp(DAILY * noise - DAILY**2 / 2)
    return np.asarray(np.floor(traded).astype(np.int64))


def _level(chain: Chain, classes: Sequence[OptionClass]) -> Floats:
    """What is usual for the name and the right."""
    rho = column(tuple(classes), "rho")[chain.name]
    lean = np.where(chain.is_call, 1.0, np.exp(PUT_LEAN * (rho - EVEN)))
    return np.asarray(column(tuple(classes), "interest")[chain.name] * lean)


def _own(key: Ints, setting: Setting) -> Floats:
    """The contract's own log number: one part for life, one that moves between knots."""
    knot, part = divmod(setting.session, KNOT_SESSIONS)
    weight = part / KNOT_SESSIONS
    first, second = (normals(setting.seed, _DRIFTING, key, knot + ahead) for ahead in (0, 1))
    lasting = LASTING * normals(setting.seed, _LASTING, key)
    return np.asarray(lasting + DRIFTING * ((1 - weight) * first + weight * second))


def round_step(price: Floats) -> Floats:
    """Distance of the strikes that hold the most.

    >>> round_step(np.array([48.0, 230.0])).tolist()
    [1.0, 10.0]
    """
    return np.asarray(10.0 ** (np.floor(np.log10(price)) - 1))


def _roundness(chain: Chain, usual: Floats) -> Floats:
    """Factor of open interest: people choose round numbers."""
    step = round_step(usual)[chain.name]
    is_round, is_half = (np.isclose(chain.strike / part, np.rint(chain.strike / part)) for part in (step, step / 2))
    return np.asarray(np.where(is_round, ROUND, np.where(is_half, HALF_ROUND, 1.0)))


def _by_kind(chain: Chain, which: int) -> Floats:
    return np.array([BY_KIND[one.kind][which] for one in chain.series], dtype=np.float64)[chain.place]


def _days(chain: Chain, day: date) -> tuple[Floats, Floats, Floats]:
    """Of each contract: days of life from listing to expiry, days left, days since it was listed."""
    listed = np.array([one.listed_on.toordinal() for one in chain.series], dtype=np.float64)
    expires = np.array([one.day.toordinal() for one in chain.series], dtype=np.float64)
    today = day.toordinal()
    return (expires - listed)[chain.place], (expires - today)[chain.place], (today - listed)[chain.place]
