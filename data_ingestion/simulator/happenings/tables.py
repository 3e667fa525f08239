"""Everything that happens to some names over some years, as tables."""

from collections.abc import Sequence
from typing import NamedTuple

from data_ingestion.simulator.happenings.columns import joined
from data_ingestion.simulator.happenings.earnings import Earnings, earnings
from data_ingestion.simulator.happenings.filings import Filings, filings
from data_ingestion.simulator.happenings.macro import Macro, macro
from data_ingestion.simulator.happenings.news import Jumps, News, news, on_earnings, on_jumps
from data_ingestion.simulator.happenings.payouts import Dividends, Splits, dividends, splits
from data_ingestion.simulator.happenings.rates import Curves, curves
from data_ingestion.simulator.happenings.subjects import Subject


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
    seed: int,
    subjects: Sequence[Subject],
    first_year: int,
    last_year: int,
    *,
    jumps: Jumps | None = None,
    by_price: Splits | None = None,
) -> Happenings:
    """What happens about the periods of the first to the last year; announcements of the last fall into the year after.

    `jumps` get an article each; `by_price` are the splits of names whose prices are known, instead of those by lot.
    """
    announced = earnings(seed, subjects, first_year, last_year)
    articles = [news(seed, subjects, first_year, last_year), on_earnings(seed, subjects, announced)]
    if jumps is not None:
        articles.append(on_jumps(seed, subjects, jumps))
    return Happenings(
        tuple(subjects),
        announced,
        filings(seed, subjects, first_year, last_year),
        joined(articles),
        macro(seed, first_year, last_year),
        dividends(seed, subjects, first_year, last_year),
        splits(seed, subjects, first_year, last_year) if by_price is None else by_price,
        curves(first_year, last_year),
    )
