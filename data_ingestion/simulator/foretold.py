"""What the state of the world foretells of names beside their components, session by session.

Theory of operation
-------------------
At the close before a session it is known which announcements have been made, hence what is left of the drifts after
them; which statements are on file, and the quality of every quarter that has ended, whose successors are expected to
keep a part of it; and when releases and announcements will come, and how large their jumps are. Articles come at any
time; their variance is that of an average session. The pull of a strike on the day of a monthly expiry follows from the
opening price: its mean over where that can be is the pull from here, shrunk as the mean of a sine of something normal
is. All that has no sign yet has an expected return of zero.
"""

from typing import Final, NamedTuple

import numpy as np

from contracts.sessions import monthly_expiry
from data_ingestion.simulator.core import grid
from data_ingestion.simulator.core.clock import DAY_US, sessions_a_year
from data_ingestion.simulator.core.futures import Scheduled, variances
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.days import number as day_number
from data_ingestion.simulator.happenings.drawing import KEEP
from data_ingestion.simulator.happenings.earnings import Earnings
from data_ingestion.simulator.happenings.effects import FADING, YEAR_US
from data_ingestion.simulator.happenings.filings import Filings
from data_ingestion.simulator.happenings.macro import Macro
from data_ingestion.simulator.happenings.news import AMBIGUOUS, GENERATIONS, MARKET_NEWS, TONES, WEEKEND
from data_ingestion.simulator.happenings.strengths import (
    DAYS_A_YEAR,
    EARNINGS_DRIFT,
    EXCITATION,
    MARKET_VOLATILITY,
    NEWS_DRIFT,
    NEWS_JUMP,
    PINNING,
    QUALITY_DRIFT,
)
from data_ingestion.simulator.happenings.subjects import Floats, Ints, subject_of, usual_days
from data_ingestion.simulator.happenings.tables import happenings
from data_ingestion.simulator.happenings.terms import payouts, shifts
from data_ingestion.simulator.names import latent_of, market_weights, mix_of
from data_ingestion.simulator.options.interest import round_step
from data_ingestion.simulator.options.pinning import MOST, pull
from data_ingestion.simulator.universe import UNIVERSE

WORKING_DAYS: Final = (5 + 2 * WEEKEND) / 7 * 365.25
"""A year, as articles count them."""
SQUARED_SIZE: Final = 0.3
"""Mean square of the sentiment of a clear article: of a beta distribution of 2 and 2."""

MONTHS: Final = range(1, 13)
_GENERATIONS: Final = np.arange(GENERATIONS + 1)


class Foreseen(NamedTuple):
    """The latent market of the ten names with what happens to it in some years."""

    latent: Latent
    opens: Ints
    """Of all sessions, µs."""
    closes: Ints
    earnings: Earnings
    announced_in: Ints
    """Session in which, or in the night before which, each announcement falls."""
    macro: Macro
    released_in: Ints
    filings: tuple[Filings, ...]
    """First filings of each name, in order of time."""
    weights: Floats
    """What a release that moves the market by one does to each name."""
    by_news: Floats
    """Variance of a session that comes from articles, (names,)."""
    pinned_in: Ints
    """Sessions of monthly expiries, in order."""
    terms: Floats
    """What is to be added to log prices at sessions' opens to have them as traded, (sessions, names)."""
    before: Floats
    """Log prices at the close before each session, in the terms of that session's open, (sessions, names)."""
    strength: Floats
    """Of pinning, (names,)."""


def foreseen(world: World, first_year: int, last_year: int) -> Foreseen:
    """All that is needed to tell of sessions of these years; of each the same, whatever the years beside it."""
    subjects = tuple(subject_of(name) for name in UNIVERSE)
    latent = latent_of(world, UNIVERSE, (first_year, last_year))
    happened = happenings(world.seed, subjects, first_year - 1, last_year)
    opens, closes = (
        np.array([getattr(session, end) for session in latent.sessions], dtype=np.int64)
        for end in ("opens_at", "closes_at")
    )
    weights = market_weights(mix_of(UNIVERSE))
    market_day = MARKET_VOLATILITY / np.sqrt(DAYS_A_YEAR)
    own = _by_news(world, np.array([subject.news_a_day for subject in subjects]), usual_days(subjects))
    days = np.array([day_number(session.day) for session in latent.sessions])
    fridays = [day_number(monthly_expiry(year, month)) for year in range(first_year, last_year + 1) for month in MONTHS]
    terms = shifts(payouts(world.seed, subjects), subjects, days, latent.log_opens)
    return Foreseen(
        latent,
        opens,
        closes,
        happened.earnings,
        np.searchsorted(closes, happened.earnings.time_us, side="right"),
        happened.macro,
        np.searchsorted(closes, happened.macro.time_us, side="right"),
        tuple(_first(happened.filings, name) for name in range(len(subjects))),
        weights,
        own + weights**2 * _by_news(world, np.array([MARKET_NEWS]), np.array([market_day])),
        np.flatnonzero(np.isin(days, fridays)),
        terms,
        latent.log_opens + terms - nights(latent),
        min(PINNING * world.edge, MOST) * np.array([subject.is_company for subject in subjects]),
    )


def nights(latent: Latent) -> Floats:
    """Log return of each name before each session's open, (sessions, names)."""
    drawn = np.stack([one.before_open(latent.world.gap) for one in latent.courses], axis=-1)
    return np.asarray(grid.mixed(drawn, latent.mix.places, latent.mix.loadings) + latent.moves.night)


def scheduled(market: Foreseen, number: int, count: int) -> Scheduled:
    """What is known at the close before session `number` of the `count` sessions from it on."""
    jumps = _jumps(market, number, count)
    drift = market.latent.world.edge * (_after_earnings(market, number, count) + _by_quality(market, number, count))
    return Scheduled(drift + _by_pinning(market, number, count, jumps), jumps)


def _by_pinning(market: Foreseen, number: int, count: int, jumps: Floats) -> Floats:
    found = np.zeros((count, len(UNIVERSE)))
    rows = market.pinned_in[(market.pinned_in >= number) & (market.pinned_in < number + count)] - number
    if not len(rows):
        return found
    latent = market.latent
    each = variances(latent.world, latent.mix, latent.courses, number, int(rows[-1]) + 1)
    gap = latent.world.gap
    for row in rows.tolist():
        until = (each[:row] + jumps[:row]).sum(axis=0) + gap * each[row]
        level = market.before[number] + market.terms[number + row] - market.terms[number]
        price = np.exp(level)
        turns = 2 * np.pi * price / round_step(price)
        found[row] = pull(level, market.strength) * np.exp(-(turns**2) * until / 2)
    return found


def _after_earnings(market: Foreseen, number: int, count: int) -> Floats:
    table, place = market.earnings, market.announced_in
    recent = (place < number) & (place >= number - len(FADING))
    size = (EARNINGS_DRIFT * table.surprise * np.sqrt(table.variance))[recent, None] * FADING
    rows = place[recent, None] + np.arange(1, len(FADING) + 1) - number
    inside = (rows >= 0) & (rows < count)
    found = np.zeros((count, len(UNIVERSE)))
    np.add.at(found, (rows[inside], np.broadcast_to(table.name[recent, None], rows.shape)[inside]), size[inside])
    return found


def _by_quality(market: Foreseen, number: int, count: int) -> Floats:
    opens, today = market.opens[number : number + count + 1], market.closes[number - 1] // DAY_US
    years = np.diff(opens) / YEAR_US
    found = np.zeros((count, len(UNIVERSE)))
    for name, filed in enumerate(market.filings):
        in_force = np.searchsorted(filed.time_us, opens[:-1], side="right") - 1
        ended = int(np.searchsorted(filed.period_end, today, side="right")) - 1
        if ended >= 0:
            known = KEEP ** np.maximum(0, in_force - ended) * filed.quality[np.minimum(in_force, ended)]
            found[:, name] = QUALITY_DRIFT * years * np.where(in_force < 0, 0.0, known)
    return found


def _jumps(market: Foreseen, number: int, count: int) -> Floats:
    found = np.tile(market.by_news, (count, 1))
    reports, releases = market.announced_in - number, market.released_in - number
    coming = (reports >= 0) & (reports < count)
    np.add.at(found, (reports[coming], market.earnings.name[coming]), market.earnings.variance[coming])
    coming = (releases >= 0) & (releases < count)
    np.add.at(found, releases[coming], market.macro.variance[coming, None] * market.weights**2)
    return found


def _by_news(world: World, a_day: Floats, usual: Floats) -> Floats:
    """Variance of an average session from articles, so many of which nothing else brought about on a working day."""
    articles = a_day * WORKING_DAYS / sessions_a_year(world.hours) * float((EXCITATION**_GENERATIONS).sum())
    square = (TONES[0] + TONES[1]) * SQUARED_SIZE + TONES[2] * AMBIGUOUS**2
    return np.asarray(articles * square * ((NEWS_JUMP + world.edge * NEWS_DRIFT) * usual) ** 2)


def _first(table: Filings, name: int) -> Filings:
    mine = (table.name == name) & (table.revision == 0)
    return Filings(*(column[mine] for column in table))
