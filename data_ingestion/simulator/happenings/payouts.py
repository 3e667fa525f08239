"""Dividends and splits, by lot and in the terms of the anchor session: `terms` has what they do to prices as traded."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.columns import in_order
from data_ingestion.simulator.happenings.company import ANCHOR_YEAR
from data_ingestion.simulator.happenings.days import DAY_US, at_new_york, number, quarter_ends, session_on_or_after
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
"""Chance a year of a split."""
RATIOS: Final = ((2, 1), (3, 1), (4, 1), (10, 1), (3, 2))
"""New shares for old ones."""
LEAST_PRICE: Final = 20.0
"""Dollars, by the anchor price, below which no split brings a share."""
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
    """Midnight of Greenwich as the ex-date begins: the evening before in New York, where nobody trades by then."""
    ex_day: Ints
    paid_us: Ints


class Splits(NamedTuple):
    """Splits in order of announcement, arrays (splits,)."""

    time_us: Ints
    name: Ints
    new_shares: Ints
    old_shares: Ints
    """So many become the new ones."""
    effective_us: Ints
    """Midnight of Greenwich as the first day in new terms begins."""
    effective_day: Ints

    @property
    def ratio(self) -> Floats:
        """New shares for each old one."""
        return np.asarray(self.new_shares / self.old_shares)


def dividends(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> Dividends:
    """Dividends declared in the first to the last year, four a year and now and then a special one.

    An index declares none: what its members pay is its yield.
    """
    rows: list[tuple[int, int, float, bool]] = []
    starts = quarter_ends(first_year - 1, last_year).reshape(-1)[3:-1].reshape(-1, 4)
    for place, subject in enumerate(subjects):
        if subject.dividend_yield == 0.0 or subject.is_index:
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
        times, name.astype(np.int64), dollars.astype(np.float64), is_special.astype(np.bool_), ex * DAY_US, ex,
        at_new_york(paid, 0.0),
    )  # fmt: skip
    return in_order(table)


def splits(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> Splits:
    """Splits announced in the first to the last year, of companies whose price allows for one."""
    rows = []
    for place, subject in enumerate(subjects):
        fitting = [one for one in RATIOS if subject.price * one[1] / one[0] >= LEAST_PRICE]
        for year in range(first_year, last_year + 1) if subject.is_company and fitting else ():
            chance, when, which = random_of(seed, Use.SPLITS, subject.symbol, year).random(3).tolist()
            if chance < SPLITS:
                rows.append((number(date(year, 1, 1)) + int(when * 360), place, *fitting[int(which * len(fitting))]))
    day, name, new, old = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    days = session_on_or_after(day)
    effective = session_on_or_after(days + NOTICE)
    return in_order(Splits(at_new_york(days, DECLARED), name, new, old, effective * DAY_US, effective))
