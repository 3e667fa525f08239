"""Simulated books as a recording, and the short horizon's oracle judged on them against the truth."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core import flow, grid
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US
from data_ingestion.simulator.core.flow import GRID_US, STEPS
from data_ingestion.simulator.core.latent import SECONDS, Latent, Segment
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts import oracle
from data_ingestion.simulator.facts.intervals import Floats, Interval
from data_ingestion.simulator.facts.recording import Books
from data_ingestion.simulator.facts.scores import Ints
from data_ingestion.simulator.facts.skill import Attainable, attainable, share_of_attainable, share_of_log_skill
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.orders.books import books
from data_ingestion.simulator.orders.listing import Listed, listed
from data_ingestion.simulator.orders.touch import Touch, touch
from data_ingestion.simulator.orders.trades import Trades, trades
from data_ingestion.simulator.universe import CENTS, UNIVERSE

EVERY: Final = 10
"""Grid steps between two forecasts: half a second."""
STEP_S: Final = EVERY * GRID_US / MICROS


class Observed(NamedTuple):
    """Forecasting moments of one name, half a second apart."""

    features: Floats
    """(moments, features): what the books have shown so far."""
    book: Floats
    """(moments, levels): the features of the books since the moment before."""
    log_mid: Floats
    """(moments,)."""
    probability: Floats
    """True, of a rise over the horizon."""
    deviation: Floats
    """Of the log return over the horizon."""
    block: Ints
    """The minute of the moment."""


class Verdict(NamedTuple):
    """What the oracle reaches, on sessions it has not learnt from."""

    attainable: Attainable
    brier_share: Interval
    """Of the attainable Brier skill."""
    log_share: Interval
    moments: int


def recording(world: World, symbol: str, number: int, minutes: range, rate_per_s: float) -> Books:
    """Books of one name in some minutes of a session."""
    latent, columns = _market(world, symbol)
    pieces = []
    for minute in minutes:
        segment = latent.segment(number, minute)
        best = touch(segment, columns)
        made = books(segment, columns, best, _traded(latent, segment, columns, best), rate_per_s)
        pieces.append((made.offset / MICROS + SECONDS * minute, made))
    times = np.concatenate([time for time, _ in pieces])
    joined = [
        np.concatenate([getattr(made, field) for _, made in pieces]).astype(np.float64)
        for field in ("bid", "ask", "bid_sizes", "ask_sizes")
    ]
    return Books(times - times[0], joined[0] / CENTS, joined[1] / CENTS, joined[2], joined[3], 1 / CENTS)


def observed(world: World, symbol: str, number: int, minutes: range, rate_per_s: float, horizon_s: float) -> Observed:
    """Moments of one name in some minutes of a session, with the truth over a horizon."""
    latent, columns = _market(world, symbol)
    times, shown, mids, pressure, step = [], [], [], [], []
    rows = np.arange(0, STEPS, EVERY)
    for minute in minutes:
        segment = latent.segment(number, minute)
        best = touch(segment, columns)
        made = books(segment, columns, best, _traded(latent, segment, columns, best), rate_per_s)
        times.append(made.offset + MINUTE_US * minute)
        shown.append(oracle.book_features(made.bid_sizes.astype(np.float64), made.ask_sizes.astype(np.float64)))
        mids.append(np.log(best.bid[rows, 0] + best.ask[rows, 0]))
        pressure.append(segment.path.pressure[rows, 0])
        step.append(np.full(len(rows), segment.path.step_deviation[0]))
    moments = (np.array(minutes)[:, None] * MINUTE_US + rows * GRID_US).ravel()
    truth = grid.truth(np.concatenate(pressure), np.concatenate(step), np.zeros(1), flow.LEAD * world.edge, horizon_s)
    book = oracle.recent(np.concatenate(times), np.concatenate(shown), moments, EVERY * GRID_US)
    block = np.repeat(np.arange(len(minutes)), len(rows)) + 1_000 * number
    return Observed(
        oracle.over_time(book, STEP_S),
        book,
        np.concatenate(mids),
        truth.probability_up,
        truth.standard_deviation,
        block,
    )


def judged(fitting: Sequence[Observed], testing: Sequence[Observed], horizon_s: float) -> Verdict:
    """The oracle fitted on some sessions and judged on others."""
    ahead = round(horizon_s / STEP_S)
    features = np.concatenate([one.features[:-ahead] for one in fitting])
    later = np.concatenate([one.book[ahead // 2 : len(one.book) - ahead + ahead // 2] for one in fitting])
    moves = [(one.log_mid[ahead:] - one.log_mid[:-ahead]) / one.deviation[:-ahead] for one in fitting]
    model = oracle.fit(features, later, np.concatenate(moves))
    probability = np.concatenate([one.probability for one in testing])
    forecast = model.probability_up(np.concatenate([one.features for one in testing]))
    block = np.concatenate([one.block for one in testing])
    return Verdict(
        attainable(probability, block),
        share_of_attainable(forecast, probability, block),
        share_of_log_skill(forecast, probability, block),
        len(probability),
    )


def _traded(latent: Latent, segment: Segment, columns: Listed, best: Touch) -> Trades:
    """The trades of a segment: they take from the books."""
    return trades(segment, columns, best, latent.session_minutes(segment.session.number).volume[segment.minute])


def _market(world: World, symbol: str) -> tuple[Latent, Listed]:
    names = tuple(name for name in UNIVERSE if name.symbol == symbol)
    return latent_of(world, names), listed(names)
