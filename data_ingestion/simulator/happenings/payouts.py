"""Dividends and splits."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.columns import in_order
from data_ingestion.simulator.happenings.company import ANCHOR_YEAR
from data_ingestion.simulator.happenings.days import at_new_york, number, quarter_ends, session_on_or_after
from data_ingestion.simulator.happenings.drawing import NO_YEAR, Use, random_of
from data_ingestion.simulator.happenings.subjects import Bools, Floats, Ints, Subject

DECLARED: Final = 8 * 60 + 45.0
"""Minutes after midnight in New York."""
TO_EX, TO_PAID = 21, 14
"""Days from declaration to the ex-date, and from there to payment, at least."""
GROWTH: Final = 0.05
"""Of regular dividends, log a year; at the anchor they add up to the name's yield on its price."""
SPECIAL: Final = 0.015
"""Chance a year of a special dividend of a company that pays at all."""
SPECIAL_YIELD: Final = (0.01, 0.05)
"""Of the anchor price."""
SPLITS: Final = 0.02
"""Chance a year of a split decided by lot, where no prices are known."""
RATIOS: Final = (2, 3, 4, 10)
HIGH: Final = 900.0
"""Dollars at which a company splits, where prices are known."""
USUAL: Final = 150.0
"""Dollars it then aims at."""
NOTICE: Final = 14
"""Days from announcing a split to trading on it, at least."""


class Dividends(NamedTuple):
    """Dividends in order of declaration, arrays (dividends,)."""

    time_us: Ints
    name: Ints
    amount: Floats
    """Dollars a share of the anchor session's."""
    is_special: Bools
    ex_us: Ints
    """Midnight in New York as the ex-date begins."""
    ex_day: Ints
    paid_us: Ints


class Splits(NamedTuple):
    """Splits in order of announcement, arrays (splits,)."""

    time_us: Ints
    name: Ints
    new_shares: Ints
    """For each old one."""
    effective_us: Ints
    """Midnight in New York as the first day in new terms begins."""
    effective_day: Ints


def dividends(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> Dividends:
    """Dividends declared in the first to the last year, four a year and now and then a special one."""
    rows: list[tuple[int, int, float, bool]] = []
    starts = quarter_ends(first_year - 1, last_year).reshape(-1)[3:-1].reshape(-1, 4)
    for place, subject in enumerate(subjects):
        if subject.dividend_yield == 0.0:
            continue
        offset = int(random_of(seed, Use.DIVIDENDS, subject.symbol, NO_YEAR).integers(10, 60))
        for row, year in enumerate(range(first_year, last_year + 1)):
            growth = float(np.exp(GROWTH * (year - ANCHOR_YEAR)))
            amount = max(0.0001, round(subject.dividend_yield * subject.price / 4 * growth, 4))
            rows += [(int(start) + offset, place, amount, False) for start in starts[row]]
            random = random_of(seed, Use.DIVIDENDS, subject.symbol, year)
            chance, size, when = random.random(3).tolist()
            if subject.is_company and chance < SPECIAL:
                low, high = SPECIAL_YIELD
                special = round(subject.price * growth * (low + (high - low) * size), 2)
                rows.append((int(starts[row][0] + when * 360), place, max(0.01, special), True))
    day, name, dollars, is_special = (np.array([row[part] for row in rows]) for part in range(4))
    days = session_on_or_after(day.astype(np.int64))
    ex = session_on_or_after(days + TO_EX)
    paid = session_on_or_after(ex + TO_PAID)
    times = at_new_york(days, DECLARED)
    table = Dividends(
        times, name.astype(np.int64), dollars.astype(np.float64), is_special.astype(np.bool_), at_new_york(ex, 0.0), ex,
        at_new_york(paid, 0.0),
    )  # fmt: skip
    return in_order(table)


def splits(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> Splits:
    """Splits by lot, for names whose prices are not made."""
    rows = []
    for place, subject in enumerate(subjects):
        for year in range(first_year, last_year + 1):
            chance, when, which = random_of(seed, Use.SPLITS, subject.symbol, year).random(3).tolist()
            if subject.is_company and chance < SPLITS:
                rows.append((number(date(year, 1, 1)) + int(when * 360), place, RATIOS[int(which * len(RATIOS))]))
    return _splits(rows)


def splits_by_price(days: Ints, closes: Floats, subjects: Sequence[Subject]) -> Splits:
    """Splits by rule: a company announces one when it closes above `HIGH` in terms of its splits so far.

    `days`: numbers of the sessions' days (sessions,). `closes`: dollars in terms of the first session, (sessions,
    names). The ratio is the largest of `RATIOS` that does not bring the price below `USUAL`.
    """
    rows = []
    for place, subject in enumerate(subjects):
        above, divisor = np.flatnonzero(closes[:, place] > HIGH), 1
        while subject.is_company and len(above):
            row = int(above[0])
            price = closes[row, place] / divisor
            ratio = max(ratio for ratio in RATIOS if ratio == RATIOS[0] or price / ratio >= USUAL)
            rows.append((int(days[row]) + 1, place, ratio))
            divisor *= ratio
            settled = int(days[row]) + 2 * NOTICE
            above = np.flatnonzero((closes[:, place] / divisor > HIGH) & (days > settled))
    return _splits(rows)


def _splits(rows: list[tuple[int, int, int]]) -> Splits:
    day, name, ratio = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    days = session_on_or_after(day)
    effective = session_on_or_after(days + NOTICE)
    table = Splits(at_new_york(days, DECLARED), name, ratio, at_new_york(effective, 0.0), effective)
    return in_order(table)
