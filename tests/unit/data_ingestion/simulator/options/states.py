"""Random states of the market, calm and wild, with the chains that are quoted in them."""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from data_ingestion.simulator.options.arbitrage import Quoted, Violations, violations
from data_ingestion.simulator.options.arrays import Bools, Floats
from data_ingestion.simulator.options.board import Expiries, State, board, expiries, rows, terms
from data_ingestion.simulator.options.classes import CLASSES, column, generic
from data_ingestion.simulator.options.fair import Rows, Terms
from data_ingestion.simulator.options.ladder import Opens
from data_ingestion.simulator.options.listing import Chain, chain
from models.quantitative.times import years_between

DAY = date(2026, 3, 3)
PRICES = np.array([230.0, 430.0, 175.0, 205.0, 340.0, 140.0, 560.0, 600.0, 510.0, 6000.0, 48.0])
TABLE = (*CLASSES, generic("SMALL", 0.5))
LEVELS = 0.05, 1.5
"""Lowest and highest volatility a year."""


class Scene(NamedTuple):
    """Chains of all names at one moment."""

    chain: Chain
    known: Expiries
    state: State

    @property
    def given(self) -> Terms:
        return terms(TABLE, self.known, self.state)

    @property
    def rows(self) -> Rows:
        return rows(self.chain, self.known, self.state)


def opens(prices: Floats = PRICES, last: date = DAY, sessions: int = 40) -> list[Opens]:
    """Opening prices that waver a little around the given ones."""
    days = np.arange(last.toordinal() - sessions + 1, last.toordinal() + 1)
    waver = 1 + 0.02 * np.sin(np.arange(sessions) / 5)
    return [Opens(days, price * waver) for price in prices]


@lru_cache(maxsize=1)
def listed() -> Chain:
    return chain(TABLE, DAY, opens())


def scene(seed: int, *, expiries_each: int | None = None, strikes_each: int | None = None) -> Scene:
    """A random state, with so many expiries of each name and about so many strikes of each; all, unless told."""
    random = np.random.default_rng(seed)
    full = listed()
    chosen = full.where(_drawn(random, full, expiries_each, strikes_each))
    known = expiries(chosen)
    moment = int(known.expires_at.min()) - int(random.integers(1, 6 * 3600)) * 1_000_000
    years = years_between(moment, known.expires_at)
    theta, dividend_yield = (np.empty(years.size) for _ in range(2))
    for place in range(len(TABLE)):
        own = np.flatnonzero(known.name == place)
        theta[own] = _total_variance(random, years[own])
        dividend_yield[own] = _yield(random, years[own], is_index=TABLE[place].symbol == "SPX")
    state = State(
        moment=moment,
        spot=PRICES * np.exp(random.normal(0, 0.05, len(TABLE))),
        rate=_rate(random, years),
        stress=random.beta(0.6, 2.0, len(TABLE)) * 1.3,
        theta=theta,
        dividend_yield=dividend_yield,
        share=float(random.random()),
        activity=float(random.uniform(0.5, 2.0)),
    )
    return Scene(chosen, known, state)


def quoted(shown: Scene, seed: int) -> Quoted:
    """What a scene's chains are quoted at."""
    noise = np.random.default_rng(seed).standard_normal((4, shown.chain.strike.size))
    found = board(shown.chain, TABLE, shown.known, shown.state, noise).quotes
    own = shown.rows
    return Quoted(own.expiry, own.spot, own.strike, own.is_call, found.bid_cents / 100, found.ask_cents / 100)


def count(
    scenes: int, seed: int, *, expiries_each: int | None = None, strikes_each: int | None = None
) -> tuple[int, Violations]:
    """How many chains (one name at one moment) so many scenes have, and the violations in them."""
    total, chains = np.zeros(len(Violations._fields), np.int64), 0
    for number in range(scenes):
        shown = scene(seed + number, expiries_each=expiries_each, strikes_each=strikes_each)
        total += violations(shown.given, quoted(shown, number))
        chains += np.unique(shown.chain.name).size
    return chains, Violations(*total.tolist())


def _total_variance(random: np.random.Generator, years: Floats) -> Floats:
    """Variance that reverts from a level to another, with a lump at each earnings date, or with none."""
    low, high = np.log(LEVELS)
    now, later = np.exp(2 * random.uniform(low, high, 2))
    pull = random.uniform(1.0, 30.0)
    smooth = later * years + (now - later) * -np.expm1(-pull * years) / pull
    lump = random.choice([0.0, 0.0, 0.03, 0.08]) ** 2
    return np.asarray(smooth + lump * np.floor(years / 0.25 + random.random()))


def _rate(random: np.random.Generator, years: Floats) -> Floats:
    """Rates between two ends, as curves have them; flat in a part of the scenes."""
    short, long = random.choice([0.0, 0.01, 0.04, 0.04, 0.07]), random.choice([0.02, 0.04, 0.05])
    weight = -np.expm1(-years / 1.5) / (years / 1.5)
    return np.asarray(np.full(years.size, short) if random.random() < 0.3 else long + (short - long) * weight)


def _yield(random: np.random.Generator, years: Floats, *, is_index: bool) -> Floats:
    """Equivalent yields: steady for an index, else of quarterly dividends."""
    if is_index:
        return np.full(years.size, random.uniform(0.0, 0.03))
    amount = random.choice([0.0, 0.001, 0.003, 0.008])
    paid = np.floor(years / 0.25 + random.random()) * amount
    return np.asarray(-np.log1p(-paid) / years)


def _drawn(random: np.random.Generator, full: Chain, expiries: int | None, strikes: int | None) -> Bools:
    """Whether each contract is in the draw."""
    kept = np.ones(full.strike.size, np.bool_)
    if expiries is not None:
        name = np.array([one.name for one in full.series])
        rank = random.random(name.size)
        place_in_name = np.array([np.sum((name == one) & (rank < its)) for one, its in zip(name, rank, strict=True)])
        kept &= (place_in_name < expiries)[full.place]
    if strikes is not None:
        middle = np.log(full.strike / PRICES[full.name])
        sigma = column(TABLE, "volatility")[full.name] * 0.5
        near = np.exp(-np.abs(middle) / sigma)
        size = np.bincount(full.place)[full.place]
        mills = np.rint(full.strike * 1000).astype(np.int64)
        key = random.random(1_000_003)[(mills * 7 + full.name * 131) % 1_000_003]  # a strike is in all expiries or none
        kept &= key < np.minimum(4 * strikes * near / size, 1.0)
    return np.asarray(kept)
