"""A whole chain at one moment: from what the market says about each name to prices and quotes of every contract."""

from typing import NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.classes import OptionClass
from data_ingestion.simulator.options.fair import Fair, Rows, Terms, fair
from data_ingestion.simulator.options.listing import Chain
from data_ingestion.simulator.options.quotes import Moment, Option, Quotes, habits, quote
from data_ingestion.simulator.options.smile import smiles
from models.quantitative.times import years_between

LEAST_YEARS = 1e-9
"""A thirtieth of a second: what is about to expire is priced as if it had so much time left."""
ALL = slice(None)


class Expiries(NamedTuple):
    """The expiries of a chain, by name and time; adjusted contracts share those of the others."""

    name: Ints
    """Place of the class in the table, (expiries,)."""
    expires_at: Ints
    """Microseconds since the epoch, (expiries,)."""
    of_contract: Ints
    """Place of each contract's expiry, (contracts,)."""


class State(NamedTuple):
    """What the market says at a moment."""

    moment: int
    """Microseconds since the epoch, before the first expiry."""
    spot: Floats
    """Dollars, (names,)."""
    rate: Floats
    """Continuous, per year, (expiries,)."""
    stress: Floats
    """Between 0 (calm) and about 1, (names,)."""
    theta: Floats
    """Total variance at the money, rising with time, (expiries,)."""
    dividend_yield: Floats
    """Continuous, per year, equivalent to the dividends until the expiry, (expiries,)."""
    share: float
    """Of the session that has passed."""
    activity: float
    """Relative to the session's mean."""


class Board(NamedTuple):
    """Prices and quotes of the contracts asked for."""

    fair: Fair
    quotes: Quotes


def expiries(chain: Chain) -> Expiries:
    """The expiries that a state has to speak about."""
    present, series = np.unique(chain.place, return_inverse=True)
    name = np.array([chain.series[place].name for place in present.tolist()], dtype=np.int64)
    expires_at = np.array([chain.series[place].expires_at for place in present.tolist()], dtype=np.int64)
    both, place = np.unique(np.stack([name, expires_at]), axis=1, return_inverse=True)
    return Expiries(both[0], both[1], place.reshape(-1)[series])


def terms(classes: tuple[OptionClass, ...], known: Expiries, state: State) -> Terms:
    """What the options of each expiry have in common."""
    smile, name = smiles(classes, state.stress), known.name
    is_american = np.array([one.style == "american" for one in classes], np.bool_)
    return Terms(
        name=name,
        years=np.maximum(years_between(state.moment, known.expires_at), LEAST_YEARS),
        rate=state.rate,
        dividend_yield=state.dividend_yield,
        theta=state.theta,
        rho=smile.rho[name],
        eta=smile.eta[name],
        is_american=is_american[name],
    )


def rows(chain: Chain, known: Expiries, state: State, place: Ints | slice = ALL, spots: Floats | None = None) -> Rows:
    """The contracts at some places of the chain, all unless told, at the state's spots unless told."""
    spot = state.spot[chain.name[place]] if spots is None else spots
    return Rows(known.of_contract[place], spot, chain.strike[place], chain.is_call[place], chain.shares[place])


def board(
    chain: Chain,
    classes: tuple[OptionClass, ...],
    known: Expiries,
    state: State,
    noise: Floats,
    place: Ints | slice = ALL,
    spots: Floats | None = None,
) -> Board:
    """Prices and quotes of contracts at some places of the chain, all unless told, at the state's spots unless told.

    `noise` is (4, contracts), standard normal: what makes each quote's spread, middle and sizes its own.
    """
    given, asked, name = terms(classes, known, state), rows(chain, known, state, place, spots), chain.name[place]
    found = fair(given, asked)
    sign = np.where(asked.is_call, 1.0, -1.0)
    pays = np.maximum(sign * (asked.spot * asked.shares - asked.strike), 0.0)
    option = Option(found.price, pays, asked.strike, given.years[asked.expiry])
    full = np.ones(name.size)
    moment = Moment(state.share * full, state.activity * full, state.stress[name])
    return Board(found, quote(habits(classes, name), option, moment, noise))
