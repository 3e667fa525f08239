"""The market of a seed by which AMZN splits three for two on 2026-02-18 and META four for one on 2026-09-22."""

from datetime import date
from functools import lru_cache

import numpy as np

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.terms import as_traded
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.options.arrays import Floats
from data_ingestion.simulator.options.board import State
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.stream import Day, day_of, no_lumps
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SPLITTING

WORLD = World(SPLITTING, Hours.EXCHANGE)
AMZN, META = (CLASSES.index(next(one for one in CLASSES if one.symbol == symbol)) for symbol in ("AMZN", "META"))


@lru_cache(maxsize=1)
def latent() -> Latent:
    return as_traded(latent_of(WORLD, UNIVERSE), DETAILED)


def number_of(day: date) -> int:
    return next(session.number for session in latent().sessions if session.day == day)


@lru_cache(maxsize=8)
def day(one: date) -> Day:
    return day_of(latent(), UNIVERSE, CLASSES, number_of(one))


def state(one: date, spot: Floats | None = None) -> State:
    """At the open of a session, at its opening prices unless told."""
    found, number = day(one), number_of(one)
    by_time = latent().total_variance(number, np.array([0]), found.places)[0]
    moment = found.session.opens_at
    return State(
        moment=moment,
        spot=np.exp(latent().log_opens[number]) if spot is None else spot,
        rate=found.carry.rate,
        stress=latent().stress(number),
        theta=found.theta(0, by_time, no_lumps),
        dividend_yield=found.dividend_yield(moment),
        share=0.0,
        activity=1.0,
    )
