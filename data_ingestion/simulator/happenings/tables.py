"""Everything that happens to some names over some years, as tables, a share being one of its day."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data_ingestion.simulator.core.latent import ANCHOR
from data_ingestion.simulator.happenings.columns import joined
from data_ingestion.simulator.happenings.days import DAY_US
from data_ingestion.simulator.happenings.earnings import Earnings, earnings
from data_ingestion.simulator.happenings.filings import Filings, filings
from data_ingestion.simulator.happenings.macro import Macro, macro
from data_ingestion.simulator.happenings.news import Jumps, News, news, on_earnings, on_jumps
from data_ingestion.simulator.happenings.payouts import Dividends, Splits, dividends, splits
from data_ingestion.simulator.happenings.rates import Curves, curves
from data_ingestion.simulator.happenings.subjects import Floats, Ints, Subject
from data_ingestion.simulator.happenings.terms import shares

DIGITS = 4
"""Of dollars a share."""


class Happenings(NamedTuple):
    """All tables, each in order of time; names are places among `subjects`."""

    subjects: tuple[Subject, ...]
    earnings: Earnings
    filings: Filings
    news: News
    macro: Macro
    dividends: Dividends
    splits: Splits
    curves: Curves


def happenings(
    seed: int, subjects: Sequence[Subject], first_year: int, last_year: int, *, jumps: Jumps | None = None
) -> Happenings:
    """What happens about the periods of the first to the last year; announcements of the last fall into the year after.

    `jumps` get an article each.
    """
    announced = earnings(seed, subjects, first_year, last_year)
    articles = [news(seed, subjects, first_year, last_year), on_earnings(seed, subjects, announced)]
    if jumps is not None:
        articles.append(on_jumps(seed, subjects, jumps))
    divided = splits(seed, subjects, min(first_year, ANCHOR.year) - 1, max(last_year, ANCHOR.year) + 1)
    filed, paid = filings(seed, subjects, first_year, last_year), dividends(seed, subjects, first_year, last_year)

    def held(name: Ints, time_us: Ints) -> Floats:
        return shares(divided, name, time_us // DAY_US)

    once = held(announced.name, announced.time_us)
    return Happenings(
        tuple(subjects),
        announced._replace(
            eps_actual=np.round(announced.eps_actual / once, DIGITS),
            eps_expected=np.round(announced.eps_expected / once, DIGITS),
        ),
        filed._replace(shares=np.rint(filed.shares * held(filed.name, filed.time_us))),
        joined(articles),
        macro(seed, first_year, last_year),
        paid._replace(amount=paid.amount / held(paid.name, paid.time_us)),
        divided,
        curves(seed, first_year, last_year),
    )
