"""The simulated side of option chains: what all contracts of a name are quoted at in one moment."""

from datetime import date

import numpy as np
from scipy.special import ndtr

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts.smiles import Chain
from data_ingestion.simulator.options.board import board
from data_ingestion.simulator.options.stream import state_of
from data_ingestion.simulator.tape import Rates, Tape
from data_ingestion.simulator.universe import CENTS, SYMBOLS
from models.quantitative.times import years_between


def chain(seed: int, symbol: str, day: date, minute: int) -> Chain:
    """Out-of-the-money options with a bid, in exchange hours, at the start of a minute; the last if it is negative."""
    tape = Tape(World(seed, Hours.EXCHANGE), Rates(0.0, 0.0), day.year)
    session = next(session for session in tape.latent.sessions if session.day == day)
    listed = tape.day_of(session)
    segment = tape.latent.segment(session.number, minute % session.minutes)
    state = state_of(segment, tape.latent, listed, tape.scheduled_variance)
    noise = generator(seed, Stream.SNAPSHOTS, session.number, segment.minute).standard_normal(
        (4, len(listed.chain.name))
    )
    made = board(listed.chain, listed.classes, listed.known, state, noise)
    expiry, contracts = listed.known.of_contract, listed.chain
    years = years_between(segment.started_at, contracts.expires_at)
    carry = state.rate[expiry] - state.dividend_yield[expiry]
    moneyness = np.log(contracts.strike / state.spot[contracts.name]) - carry * years
    sign = np.where(contracts.is_call, 1.0, -1.0)
    plain = (contracts.shares == 1.0) & (contracts.name == SYMBOLS.index(symbol))
    chosen = plain & (sign * moneyness >= 0) & (made.quotes.bid_cents > 0) & (contracts.expires_at > session.closes_at)
    root = made.fair.vol * np.sqrt(years)
    delta = np.exp(-state.dividend_yield[expiry] * years) * ndtr(sign * (-moneyness / root + root / 2))
    columns = (
        moneyness,
        years,
        made.fair.vol,
        made.quotes.bid_cents / CENTS,
        made.quotes.ask_cents / CENTS,
        delta,
        (made.quotes.bid_size + made.quotes.ask_size) / 2,
    )
    return Chain(*(column[chosen] for column in columns))
