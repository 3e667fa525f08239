"""Simulated books as a recording, and the short horizon's oracle and a search for an edge judged on them.

The mid foretells itself in any market whose prices are whole ticks: it is where the fair price was when it last moved,
and a book shows in which direction the fair price has gone from there. That is no edge: at any moment the fair price
can be read from the book, and what it does next cannot. So both are judged against the fair price. Judged against the
mid, a search would find where the fair price stands even in a market without an edge: at a horizon h as a correlation
of at most 0.41 ticks over the deviation of the fair price over h, which fades as h grows.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from data_ingestion.simulator.core import flow, grid
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US
from data_ingestion.simulator.core.flow import GRID_US, STEPS
from data_ingestion.simulator.core.latent import SECONDS, Latent, Segment
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts import oracle
from data_ingestion.simulator.facts.battery import Sample, past_returns
from data_ingestion.simulator.facts.intervals import Floats, Interval
from data_ingestion.simulator.facts.recording import Books
from data_ingestion.simulator.facts.scores import Ints
from data_ingestion.simulator.facts.skill import Attainable, attainable, share_of_attainable, share_of_log_skill
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.orders import depth
from data_ingestion.simulator.orders.books import books
from data_ingestion.simulator.orders.listing import Listed, listed
from data_ingestion.simulator.orders.touch import Touch, touch
from data_ingestion.simulator.orders.trades import Trades, trades
from data_ingestion.simulator.universe import CENTS, UNIVERSE, Name

EVERY: Final = 10
"""Grid steps between two forecasts: half a second."""
STEP_S: Final = EVERY * GRID_US / MICROS

RECORDED_TICKS: Final = 0.37
"""Deviation of the recorded future's price over a second, in ticks: small beside that of most shares."""
_SHARE: Final = Name("SHARE", 100.0, 0.30, 0.80, "consumer", 0.30, 1, 1, 1_000, 0.0, 1.0, (1, 1), 1.0)
PAST: Final = (1, 6)
"""Horizons over which past moves are features of a search."""


class Observed(NamedTuple):
    """Forecasting moments of one name, half a second apart."""

    features: Floats
    """(moments, features): what the books have shown so far."""
    book: Floats
    """(moments, levels): the features of the books since the moment before."""
    log_mid: Floats
    """(moments,)."""
    log_fair: Floats
    """Of the fair price, which nobody sees, (moments,)."""
    probability: Floats
    """True, of a rise over the horizon."""
    deviation: Floats
    """Of the log return over the horizon."""
    filtered: Floats
    """The pressure as the Kalman filter has it, (moments,)."""
    block: Ints
    """The minute of the moment."""


class Verdict(NamedTuple):
    """What the oracles reach, on sessions it has not learnt from."""

    attainable: Attainable
    brier_share: Interval
    """Of the attainable Brier skill."""
    log_share: Interval
    filter_share: Interval
    """The share of the Brier skill that the Kalman filter reaches, which knows the law and has nothing to learn."""
    moments: int


def share_of(world: World, number: int, minutes: range, ticks: float = RECORDED_TICKS) -> Name:
    """A share that is on no tape, so cheap that in some minutes of a session its price moves by so many ticks a second.

    How queues and prices go together depends on that more than on anything else, so only books of like ticks compare.
    """
    latent, _ = _market(world, _SHARE)
    paths = [latent.segment(number, minute).path for minute in minutes]
    cents = [path.step_deviation[0] * np.exp(path.log_price[0, 0]) * CENTS for path in paths]
    return _SHARE._replace(price=_SHARE.price * ticks / float(np.median(cents) * np.sqrt(flow.STEPS_PER_S)))


def recording(world: World, name: str | Name, number: int, minutes: range, rate_per_s: float) -> Books:
    """Books of one name, given by its symbol or itself, in some minutes of a session."""
    latent, columns = _market(world, name)
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


def observed(
    world: World, name: str | Name, number: int, minutes: range, rate_per_s: float, horizon_s: float
) -> Observed:
    """Moments of one name in some minutes of a session, with the truth over a horizon."""
    latent, columns = _market(world, name)
    times, shown, mids, fair, pressure, step = [], [], [], [], [], []
    rows = np.arange(0, STEPS, EVERY)
    for minute in minutes:
        segment = latent.segment(number, minute)
        best = touch(segment, columns)
        made = books(segment, columns, best, _traded(latent, segment, columns, best), rate_per_s)
        times.append(made.offset + MINUTE_US * minute)
        shown.append(oracle.book_features(made.bid_sizes.astype(np.float64), made.ask_sizes.astype(np.float64)))
        mids.append(np.log(best.bid[rows, 0] + best.ask[rows, 0]))
        fair.append(segment.path.log_price[rows, 0])
        pressure.append(segment.path.pressure[rows, 0])
        step.append(np.full(len(rows), segment.path.step_deviation[0]))
    moments = (np.array(minutes)[:, None] * MINUTE_US + rows * GRID_US).ravel()
    truth = grid.truth(np.concatenate(pressure), np.concatenate(step), np.zeros(1), flow.LEAD * world.edge, horizon_s)
    seen_at, seen = np.concatenate(times), np.concatenate(shown)
    book = oracle.recent(seen_at, seen, moments, EVERY * GRID_US)
    block = np.repeat(np.arange(len(minutes)), len(rows)) + 1_000 * number
    return Observed(
        oracle.over_time(book, STEP_S),
        book,
        np.concatenate(mids),
        np.concatenate(fair),
        truth.probability_up,
        truth.standard_deviation,
        _filtered(seen_at, seen, moments),
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
    pressure, one = np.concatenate([one.filtered for one in testing]), np.ones(1)
    knowing = grid.truth(pressure, one, np.zeros(1), flow.LEAD, horizon_s).probability_up
    return Verdict(
        attainable(probability, block),
        share_of_attainable(forecast, probability, block),
        share_of_log_skill(forecast, probability, block),
        share_of_attainable(knowing, probability, block),
        len(probability),
    )


def sample(sessions: Sequence[Observed], horizon_s: float, of: Literal["log_fair", "log_mid"] = "log_fair") -> Sample:
    """What a search for an edge is given: leans and past moves of the mid, at moments a horizon apart, and whether the
    price rose over the horizon that followed. Each session is a day of the sample.
    """
    ahead = round(horizon_s / STEP_S)
    features, moves, day = [], [], []
    for number, seen in enumerate(sessions):
        past = past_returns(seen.log_mid[:, None], tuple(times * ahead for times in PAST))[1][:, 0]
        near, deep = seen.book[:, : oracle.NEAR], seen.book[:, oracle.NEAR :]
        leans = np.stack([near[:, 0], near.mean(axis=1), deep.mean(axis=1)], axis=1)
        price: Floats = getattr(seen, of)
        chosen = np.arange(PAST[-1] * ahead, len(price) - ahead, ahead)
        features.append(np.concatenate([leans, past], axis=1)[chosen])
        moves.append(price[chosen + ahead] - price[chosen])
        day.append(np.full(len(chosen), number))
    move = np.concatenate(moves)
    moved = move != 0
    names = ("lean of the best level", "lean of the two best levels", "lean of the others")
    past_names = tuple(f"move of {times * horizon_s:.0f} s" for times in PAST)
    return Sample((*names, *past_names), np.concatenate(features)[moved], move[moved] > 0, np.concatenate(day)[moved])


def _filtered(times: Ints, features: Floats, moments: Ints) -> Floats:
    """The filter's estimate at each moment: what the last book left, grown older."""
    lean = np.where(depth.OTHERWISE_LEANT, 0.0, depth.LEAN)
    estimate = oracle.filtered(
        times, oracle.measured(features, lean, depth.NOISE), depth.INFORMATION, flow.FLOW_HALF_LIFE_S
    )
    last = np.searchsorted(times, moments, side="right") - 1
    age_s = (moments - times[np.maximum(last, 0)]) / MICROS
    return np.where(last >= 0, estimate[last] * 2.0 ** (-age_s / flow.FLOW_HALF_LIFE_S), 0.0)


def _traded(latent: Latent, segment: Segment, columns: Listed, best: Touch) -> Trades:
    """The trades of a segment: they take from the books."""
    return trades(segment, columns, best, latent.session_minutes(segment.session.number).volume[segment.minute])


def _market(world: World, name: str | Name) -> tuple[Latent, Listed]:
    names = (name,) if isinstance(name, Name) else tuple(each for each in UNIVERSE if each.symbol == name)
    return latent_of(world, names), listed(names)
