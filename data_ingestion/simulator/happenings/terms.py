"""Prices as traded: what splits and dividends make of prices in the terms of the anchor session.

Theory of operation
-------------------
The latent market knows neither splits nor dividends: its prices are those of the anchor session's shares, and holding
them earns all that there is to earn. As traded, a price is divided by a split as it becomes effective and falls by a
dividend, special or regular, as its ex-date begins; an index falls by its yield evenly. Nothing happens to who holds a
share, so options, whose strikes are adjusted for splits and special dividends and whose forwards know the regular ones,
do not change in value. Everything is reckoned from the anchor session, forwards and backwards, so a day's price does
not depend on the span that is asked for.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.core.clock import FIRST_DAY
from data_ingestion.simulator.core.latent import ANCHOR, LAST_YEAR, Latent
from data_ingestion.simulator.happenings.days import number
from data_ingestion.simulator.happenings.payouts import Dividends, Splits, dividends, splits
from data_ingestion.simulator.happenings.subjects import Floats, Ints, Subject

MOST: Final = 0.5
"""Share of the price that a dividend takes at most."""
_ANCHOR: Final = number(ANCHOR)
_DAYS_PER_YEAR: Final = 365.0


class Payouts(NamedTuple):
    """All that names pay out and all their splits, through all years of the world."""

    dividends: Dividends
    """Dollars a share of the anchor session's."""
    splits: Splits


@lru_cache(maxsize=4)
def payouts(seed: int, subjects: tuple[Subject, ...]) -> Payouts:
    """The payouts of some names."""
    years = FIRST_DAY.year, LAST_YEAR + 1
    return Payouts(dividends(seed, subjects, *years), splits(seed, subjects, *years))


def shares(table: Splits, name: Ints, day: Ints) -> Floats:
    """Shares that a share of the anchor session is on each day (or was, a part of one): arrays broadcast."""
    name, day = np.broadcast_arrays(name, day)
    found = np.ones(day.shape)
    for splitting, effective, ratio in zip(table.name, table.effective_day, table.ratio, strict=True):
        later, sooner = (effective > _ANCHOR) & (effective <= day), (day < effective) & (effective <= _ANCHOR)
        found *= np.where(name == splitting, np.where(later, ratio, np.where(sooner, 1 / ratio, 1.0)), 1.0)
    return found


def as_traded(latent: Latent, subjects: tuple[Subject, ...]) -> Latent:
    """A latent market, made for this, with its names' prices as traded; the subjects are its names in its order."""
    days = np.array([number(session.day) for session in latent.sessions])
    latent.log_opens = latent.log_opens + shifts(payouts(latent.world.seed, subjects), subjects, days, latent.log_opens)
    return latent


def shifts(known: Payouts, subjects: Sequence[Subject], days: Ints, log_opens: Floats) -> Floats:
    """What is to be added to log prices at sessions' opens to have them as traded, (sessions, names).

    `days` are the numbers of the sessions' days, `log_opens` in the terms of the anchor session.
    """
    paid, found = known.dividends, np.zeros(log_opens.shape)
    for place, subject in enumerate(subjects):
        if subject.is_index:
            found[:, place] = -subject.dividend_yield * (days - _ANCHOR) / _DAYS_PER_YEAR
            continue
        mine = (paid.name == place) & (paid.ex_day > days[0]) & (paid.ex_day <= days[-1])
        found[:, place] = _fallen(paid.amount[mine], paid.ex_day[mine], days, log_opens[:, place])
    return found - np.log(shares(known.splits, np.arange(len(subjects)), days[:, None]))


def _fallen(amounts: Floats, ex_days: Ints, days: Ints, log_opens: Floats) -> Floats:
    """What dividends take off a log price by each session; nothing at the anchor."""
    steps = np.zeros(len(days))
    order = np.argsort(ex_days, kind="stable")
    rows, before = np.searchsorted(days, ex_days[order]), ex_days[order] <= _ANCHOR
    level = 0.0
    for row, amount in zip(rows[before][::-1].tolist(), amounts[order][before][::-1].tolist(), strict=True):
        earlier = np.logaddexp(log_opens[row] + level, np.log(amount)) - log_opens[row]
        steps[row] += level - earlier
        level = earlier
    earliest, level = level, 0.0
    for row, amount in zip(rows[~before].tolist(), amounts[order][~before].tolist(), strict=True):
        fall = np.log1p(-min(MOST, amount * np.exp(-log_opens[row] - level)))
        steps[row] += fall
        level += fall
    return np.asarray(earliest + np.cumsum(steps))
