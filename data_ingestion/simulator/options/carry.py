"""What holding an underlying until each expiry costs and brings, and what payouts before have done to the contracts.

Theory of operation
-------------------
Money costs the rate of the curve that was published last before the session, between its tenors in proportion. Regular
dividends until an expiry, known by rule, are worth a share of the price; the yield that gives the same forward follows
from it and from the time that is left. An index has its yield. A special dividend is not part of a forward: the strikes
follow the price down, so options are worth what they would be without it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings import rates
from data_ingestion.simulator.happenings.days import day_of
from data_ingestion.simulator.happenings.subjects import Subject
from data_ingestion.simulator.happenings.terms import Payouts, shares
from data_ingestion.simulator.options.adjustments import Adjustment
from data_ingestion.simulator.options.arrays import Floats
from data_ingestion.simulator.options.board import LEAST_YEARS, Expiries
from models.quantitative.times import years_between

MOST_YIELD: Final = 1.0
"""Per year: an event can carry no more. A dividend of 0.3 % within a day of expiry would be more, by a little."""
MOST_PAID: Final = 0.5
"""Share of the price that dividends until an expiry are worth at most."""


class Carry(NamedTuple):
    """Of each expiry, (expiries,)."""

    rate: Floats
    """Continuous, per year."""
    steady: Floats
    """Yield of an index, continuous, per year."""
    paid: Floats
    """What regular dividends leave of the price at the session's open, as a log, less than nothing; 0 without any."""

    def dividend_yield(self, known: Expiries, moment: int) -> Floats:
        """Continuous, per year, equivalent to the dividends from a moment (µs) until each expiry."""
        years = np.maximum(years_between(moment, known.expires_at), LEAST_YEARS)
        return np.asarray(np.minimum(self.steady - self.paid / years, MOST_YIELD))


def carry(
    payouts: Payouts, subjects: Sequence[Subject], curve: Floats, opens_at: int, day: int, spot: Floats, known: Expiries
) -> Carry:
    """What is known at a session's open: `day` is the number of its day, `spot` the prices then, (names,)."""
    paid, steady = np.zeros(len(known.name)), np.zeros(len(known.name))
    table = payouts.dividends
    coming = np.flatnonzero((table.ex_day > day) & ~table.is_special)
    worth = table.amount[coming] / shares(payouts.splits, table.name[coming], np.array(day))
    years = years_between(opens_at, table.ex_us[coming])
    worth = worth * np.exp(-rates.at(curve, years) * years)
    for place, subject in enumerate(subjects):
        own = known.name == place
        if subject.is_index:
            steady[own] = subject.dividend_yield
            continue
        mine = table.name[coming] == place
        until = table.ex_us[coming][mine] < known.expires_at[own][:, None]
        share = (until * worth[mine]).sum(axis=1) / spot[place]
        paid[own] = np.log1p(-np.minimum(share, MOST_PAID))
    return Carry(rates.at(curve, years_between(opens_at, known.expires_at)), steady, paid)


def adjustments(payouts: Payouts, names: int) -> list[list[Adjustment]]:
    """All that each name's contracts have been and will be adjusted for, by day."""
    found: list[list[Adjustment]] = [[] for _ in range(names)]
    for name, day, ratio in zip(
        *(payouts.splits.name, payouts.splits.effective_day, payouts.splits.ratio), strict=True
    ):
        found[name].append(Adjustment(day_of(int(day)), float(ratio)))
    paid = payouts.dividends
    special = np.flatnonzero(paid.is_special)
    held = shares(payouts.splits, paid.name[special], paid.ex_day[special])
    for row, share in zip(special.tolist(), held.tolist(), strict=True):
        dollars = float(paid.amount[row]) / share
        found[paid.name[row]].append(Adjustment(day_of(int(paid.ex_day[row])), special_dividend=dollars))
    return [sorted(events, key=lambda event: (event.day, event.special_dividend)) for events in found]
