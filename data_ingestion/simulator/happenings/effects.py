"""What happenings do to prices, session by session, and what options must expect of them.

Theory of operation
-------------------
A moment outside the sessions belongs to the night before the next one. Jumps have mean zero and are unforeseeable:
they are there in a market without edge too. What is foreseeable, drifts alone, is scaled by `edge`. Effects on names
are log returns of the name and belong to its own part; macro releases and news on the market move the market factor,
in log returns of a market with `MARKET_VOLATILITY`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core.clock import Session, elapsed
from data_ingestion.simulator.happenings.columns import joined
from data_ingestion.simulator.happenings.days import MINUTE_US
from data_ingestion.simulator.happenings.earnings import Earnings
from data_ingestion.simulator.happenings.filings import Filings
from data_ingestion.simulator.happenings.macro import Macro
from data_ingestion.simulator.happenings.news import MARKET, News
from data_ingestion.simulator.happenings.strengths import (
    DAYS_A_YEAR,
    EARNINGS_DRIFT,
    EARNINGS_DRIFT_SESSIONS,
    MARKET_VOLATILITY,
    NEWS_DRIFT,
    NEWS_DRIFT_MINUTES,
    NEWS_JUMP,
    QUALITY_DRIFT,
)
from data_ingestion.simulator.happenings.subjects import Bools, Floats, Ints, usual_days
from data_ingestion.simulator.happenings.tables import Happenings

YEAR_US: Final = 365.25 * 1440 * MINUTE_US
_FADING: Final[Floats] = np.arange(EARNINGS_DRIFT_SESSIONS, 0, -1.0)
FADING: Final[Floats] = _FADING / _FADING.sum()
"""Share of the earnings drift in each session after the announcement."""


class Impulses(NamedTuple):
    """Single moves in order of time, arrays (impulses,)."""

    time_us: Ints
    name: Ints
    session: Ints
    """Row of the session in whose day, or in the night before which, it falls."""
    is_night: Bools
    share: Floats
    """Share of the day's activity that lies before it; zero at night."""
    jump: Floats
    """Log return, at once."""
    drift: Floats
    """Log return, evenly over the next `NEWS_DRIFT_MINUTES` of the session, from the open on if it came at night."""


class Effects(NamedTuple):
    """Arrays (sessions, names), log returns; of the market (sessions, 1)."""

    night: Floats
    """Jumps before the open."""
    day: Floats
    """Jumps within the session."""
    drift: Floats
    """What is foreseeable at the session's start: after earnings, and by quality as filed."""
    news_drift: Floats
    """What becomes foreseeable within the session: the drifts of its impulses."""
    variance: Floats
    """Of scheduled jumps, known in advance."""
    impulses: Impulses


def effects(happened: Happenings, sessions: Sequence[Session], edge: float) -> Effects:
    """Effects on names through consecutive sessions; what happened before the first one's open is left out."""
    count = len(happened.subjects)
    shape = (len(sessions), count)
    usual = usual_days(happened.subjects)
    announced, articles = happened.earnings, happened.news
    moving = articles.moves & (articles.name != MARKET)
    found = _news_impulses(articles, moving, usual[articles.name], sessions, edge)
    reports = _impulses(announced.time_us, announced.name, announced.jump, np.zeros(len(announced.jump)), sessions)
    drift = edge * (_earnings_drift(announced, sessions, shape) + _quality_drift(happened.filings, sessions, shape))
    return _gathered(joined([found, reports]), drift, _variance(announced, sessions, shape))


def market_effects(happened: Happenings, sessions: Sequence[Session], edge: float) -> Effects:
    """Effects on the market factor, as those of a single name."""
    releases, articles = happened.macro, happened.news
    shape = (len(sessions), 1)
    usual = np.full(len(articles.name), MARKET_VOLATILITY / np.sqrt(DAYS_A_YEAR))
    moving = articles.moves & (articles.name == MARKET)
    found = _news_impulses(articles._replace(name=np.zeros_like(articles.name)), moving, usual, sessions, edge)
    nobody, none = np.zeros(len(releases.time_us), np.int64), np.zeros(len(releases.time_us))
    released = _impulses(releases.time_us, nobody, releases.jump, none, sessions)
    place, inside = _rows(releases.time_us, sessions)
    variance = np.zeros(shape)
    np.add.at(variance, (place[inside], nobody[inside]), releases.variance[inside])
    return _gathered(joined([found, released]), np.zeros(shape), variance)


def earnings_variance(table: Earnings, names: int, moment: int, expiries: Ints) -> Floats:
    """Variance of the announcements after a moment and up to each expiry (µs), (expiries, names).

    It adds to the variance of names' own parts that options expect. An announcement that is past adds nothing.
    """
    found = np.zeros((len(expiries), names))
    row, column = np.nonzero((table.time_us > moment) & (table.time_us <= np.asarray(expiries)[:, None]))
    np.add.at(found, (row, table.name[column]), table.variance[column])
    return found


def macro_variance(table: Macro, moment: int, expiries: Ints) -> Floats:
    """Variance of the market's releases after a moment and up to each expiry (µs), (expiries,)."""
    total = np.concatenate([[0.0], np.cumsum(table.variance)])
    places = np.searchsorted(table.time_us, np.asarray(expiries), side="right")
    return np.asarray(np.maximum(0.0, total[places] - total[np.searchsorted(table.time_us, moment, side="right")]))


def _news_impulses(articles: News, moving: Bools, usual: Floats, sessions: Sequence[Session], edge: float) -> Impulses:
    worth = (usual * articles.sentiment)[moving]
    return _impulses(
        articles.time_us[moving], articles.name[moving], NEWS_JUMP * worth, edge * NEWS_DRIFT * worth, sessions
    )


def _bounds(sessions: Sequence[Session]) -> tuple[Ints, Ints]:
    opens = np.array([session.opens_at for session in sessions], dtype=np.int64)
    return opens, np.array([session.closes_at for session in sessions], dtype=np.int64)


def _rows(times: Ints, sessions: Sequence[Session]) -> tuple[Ints, Bools]:
    """Row of the session that a moment belongs to, and whether it is one of these."""
    opens, closes = _bounds(sessions)
    return np.searchsorted(closes, times, side="right"), (times >= opens[0]) & (times < closes[-1])


def _impulses(times: Ints, names: Ints, jump: Floats, drift: Floats, sessions: Sequence[Session]) -> Impulses:
    opens, closes = _bounds(sessions)
    place, inside = _rows(times, sessions)
    times, names, place, jump, drift = times[inside], names[inside], place[inside], jump[inside], drift[inside]
    is_night = times < opens[place]
    begins = np.maximum(times, opens[place])
    share = elapsed((begins - opens[place]) / (closes - opens)[place])
    # What the session has no time for does not happen: the drift is a rate while the market is open.
    room = np.minimum(1.0, (closes[place] - begins) / (NEWS_DRIFT_MINUTES * MINUTE_US))
    return Impulses(times, names, place, is_night, np.where(is_night, 0.0, share), jump, drift * room)


def _gathered(found: Impulses, drift: Floats, variance: Floats) -> Effects:
    night, day, news_drift = (np.zeros(drift.shape) for _ in range(3))
    dark = found.is_night
    np.add.at(night, (found.session[dark], found.name[dark]), found.jump[dark])
    np.add.at(day, (found.session[~dark], found.name[~dark]), found.jump[~dark])
    np.add.at(news_drift, (found.session, found.name), found.drift)
    return Effects(night, day, drift, news_drift, variance, found)


def _earnings_drift(table: Earnings, sessions: Sequence[Session], shape: tuple[int, int]) -> Floats:
    """From the session after the one that the announcement falls into."""
    place, inside = _rows(table.time_us, sessions)
    size = (EARNINGS_DRIFT * table.surprise * np.sqrt(table.variance))[inside, None] * FADING
    rows = place[inside, None] + np.arange(1, EARNINGS_DRIFT_SESSIONS + 1)
    padded = np.zeros((shape[0] + EARNINGS_DRIFT_SESSIONS + 1, shape[1]))
    np.add.at(padded, (rows, np.broadcast_to(table.name[inside, None], rows.shape)), size)
    return padded[: shape[0]]


def _quality_drift(table: Filings, sessions: Sequence[Session], shape: tuple[int, int]) -> Floats:
    """By the newest period on file at each session's open."""
    opens, _ = _bounds(sessions)
    years = np.append(np.diff(opens), opens[-1] - opens[-2] if len(opens) > 1 else MINUTE_US * 1440) / YEAR_US
    first = table.revision == 0
    found = np.zeros(shape)
    for name in np.unique(table.name):
        mine = first & (table.name == name)
        known = np.searchsorted(table.time_us[mine], opens, side="right")
        scores = np.concatenate([[0.0], table.quality[mine]])
        found[:, name] = QUALITY_DRIFT * scores[known] * years
    return found


def _variance(table: Earnings, sessions: Sequence[Session], shape: tuple[int, int]) -> Floats:
    place, inside = _rows(table.time_us, sessions)
    found = np.zeros(shape)
    np.add.at(found, (place[inside], table.name[inside]), table.variance[inside])
    return found
