"""News: when, about whom, in what tone, and what it does.

Theory of operation
-------------------
Articles of a name and year come as a Poisson process, more at the open and the close of New York than at night and at
weekends; each may bring about others some hours later (a branching process, hence clusters). What an article brings
about belongs to its year, also where it spills over. Announced earnings, and jumps that the caller hands in, have
articles of their own, which follow the move and so do nothing.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.columns import in_order, joined
from data_ingestion.simulator.happenings.days import MINUTE_US, at_new_york, number
from data_ingestion.simulator.happenings.drawing import Use, random_of
from data_ingestion.simulator.happenings.earnings import Earnings
from data_ingestion.simulator.happenings.headlines import PUBLISHERS, Tone
from data_ingestion.simulator.happenings.strengths import EXCITATION, EXCITATION_HOURS
from data_ingestion.simulator.happenings.subjects import Bools, Floats, Ints, Subject

MARKET: Final = -1
"""Place of what is about no name in particular."""
MARKET_NEWS: Final = 3.0
"""Articles a day about the market."""
HOURLY: Final = (
    0.2, 0.2, 0.2, 0.2, 0.4, 0.6, 1.2, 2.2, 2.6, 2.4, 1.6, 1.2, 1.0, 1.0, 1.1, 1.4, 2.2, 1.6, 0.8, 0.5, 0.4, 0.3, 0.2,
    0.2,
)  # fmt: skip
"""Relative intensity by hour of New York's day."""
WEEKEND: Final = 0.25
"""Share of a working day's articles."""
TONES: Final = (0.26, 0.26, 0.13, 0.35)
"""Shares of good, bad, ambiguous and irrelevant articles."""
AMBIGUOUS: Final = 0.3
"""Deviation of what an ambiguous article does, on the scale of sentiment."""
RATING_NOISE: Final = 0.25
"""Deviation of the publisher's rating from the sentiment."""
LATEST_MINUTES: Final = 10.0
"""Articles on earnings and jumps follow within so many minutes."""
IN_LINE: Final = 0.5
"""Surprises smaller than this many deviations met expectations."""
GENERATIONS: Final = 8
"""Limit on articles that bring about articles."""
PHRASES: Final = 1 << 20


class News(NamedTuple):
    """Articles in order of time, arrays (articles,)."""

    time_us: Ints
    name: Ints
    """Place among the subjects, or `MARKET`."""
    sentiment: Floats
    """What it is truly worth, between −1 and 1."""
    rating: Floats
    """What the publisher takes it for."""
    tone: Ints
    phrase: Ints
    publisher: Ints
    moves: Bools
    """Whether prices react to it; others are irrelevant or follow a move."""


class Jumps(NamedTuple):
    """Moves that deserve an article, arrays (jumps,)."""

    time_us: Ints
    name: Ints
    size: Floats
    """Standard deviations of a usual day."""


def news(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> News:
    """Articles of the first to the last year, on names and on the market."""
    parts = [
        _year(seed, subject.symbol, place, subject.news_a_day, year)
        for place, subject in enumerate(subjects)
        for year in range(first_year, last_year + 1)
    ]
    parts += [_year(seed, "market", MARKET, MARKET_NEWS, year) for year in range(first_year, last_year + 1)]
    return joined(parts)


def on_earnings(seed: int, subjects: Sequence[Subject], table: Earnings) -> News:
    """One article on each announcement."""
    tones = np.where(table.surprise > IN_LINE, Tone.BEAT, np.where(table.surprise < -IN_LINE, Tone.MISS, Tone.MEET))
    return _following(seed, subjects, table.time_us, table.name, np.tanh(table.surprise / 2), tones)


def on_jumps(seed: int, subjects: Sequence[Subject], jumps: Jumps) -> News:
    """One article on each jump; jumps of the market have the place `MARKET`."""
    tones = np.where(jumps.size > 0, Tone.UP, Tone.DOWN)
    return _following(seed, subjects, jumps.time_us, jumps.name, np.tanh(jumps.size / 3), tones)


def _year(seed: int, key: str, place: int, a_day: float, year: int) -> News:
    random = random_of(seed, Use.NEWS, key, year)
    first, after = number(date(year, 1, 1)), number(date(year + 1, 1, 1))
    weights = np.array(HOURLY)
    count = int(random.poisson(a_day * (after - first)))
    days = random.integers(first, after, count)
    hours = random.choice(len(HOURLY), count, p=weights / weights.sum())
    times = at_new_york(days, hours * 60 + 60 * random.random(count))
    is_weekend = (days + 3) % 7 >= 5  # noqa: PLR2004 - Saturday, Sunday
    times = times[~is_weekend | (random.random(count) < WEEKEND)]
    born = [times]
    for _ in range(GENERATIONS):
        parents = np.repeat(born[-1], random.poisson(EXCITATION, len(born[-1])))
        born.append(parents + (random.exponential(EXCITATION_HOURS * 60 * MINUTE_US, len(parents))).astype(np.int64))
    times = np.concatenate(born)
    count = len(times)
    tones = random.choice(len(TONES), count, p=TONES)
    size = np.clip(random.beta(2.0, 2.0, count), 0.05, 1.0)
    vague = np.clip(AMBIGUOUS * random.standard_normal(count), -1, 1)
    sentiment = np.select([tones == Tone.UP, tones == Tone.DOWN, tones == Tone.AMBIGUOUS], [size, -size, vague], 0.0)
    return _table(random, times, np.full(count, place), sentiment, tones, tones != Tone.IDLE)


def _following(
    seed: int, subjects: Sequence[Subject], times: Ints, names: Ints, sentiment: Floats, tones: Ints
) -> News:
    """Articles minutes after what they are about; each has numbers of its own, by name and moment."""
    parts = []
    for time, name, worth, tone in zip(times.tolist(), names.tolist(), sentiment, tones, strict=True):
        key = "market" if name == MARKET else subjects[name].symbol
        random = random_of(seed, Use.NEWS, f"after {key}", time)
        later = np.array([time + round((0.5 + random.random() * (LATEST_MINUTES - 0.5)) * MINUTE_US)])
        parts.append(_table(random, later, np.array([name]), np.array([worth]), np.array([tone]), np.zeros(1, bool)))
    return joined(parts) if parts else _empty()


def _empty() -> News:
    whole, real = np.zeros(0, np.int64), np.zeros(0)
    return News(whole, whole, real, real, whole, whole, whole, np.zeros(0, np.bool_))


def _table(random: np.random.Generator, times: Ints, names: Ints, sentiment: Floats, tones: Ints, moves: Bools) -> News:
    count = len(times)
    heard: Floats = np.asarray(sentiment + RATING_NOISE * random.standard_normal(count), dtype=np.float64)
    rating: Floats = np.rint(100 * heard.clip(-1, 1)) / 100
    phrase, publisher = random.integers(PHRASES, size=count), random.integers(len(PUBLISHERS), size=count)
    return in_order(News(times, names, sentiment, rating, tones, phrase, publisher, moves))
