"""Happenings as events, in order of time, each as of the moment it became public."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from contracts import events
from contracts.events import Event
from contracts.ids import make_id
from data_ingestion.simulator.happenings.days import DAY_US, year_of
from data_ingestion.simulator.happenings.headlines import ECONOMY, PUBLISHERS, Tone, headline
from data_ingestion.simulator.happenings.macro import INDICATORS
from data_ingestion.simulator.happenings.news import MARKET
from data_ingestion.simulator.happenings.rates import TENORS_DAYS
from data_ingestion.simulator.happenings.subjects import Ints
from data_ingestion.simulator.happenings.tables import Happenings

MARKET_SYMBOL: Final = "MARKET"
CURVE: Final = "USD"
_FOLLOWING: Final = frozenset({Tone.BEAT, Tone.MISS, Tone.MEET})


def years_needed(since: int, until: int) -> tuple[int, int]:
    """First and last year of the tables that hold all that is published in [since, until), µs: restatements come up
    to two years after their period.
    """
    return year_of(since) - 2, year_of(until)


def published(happened: Happenings, source: str, since: int, until: int) -> list[Event]:
    """What becomes public in [since, until), µs. `source` names the market; ids follow from it and the fact."""
    found: list[Event] = []
    for kind in (_earnings, _filings, _news, _macro, _dividends, _splits, _curves):
        found.extend(kind(happened, source, since, until))
    return sorted(found, key=lambda event: (event.event_time, event.event_id))


def _rows(times: Ints, since: int, until: int) -> Iterator[int]:
    first, last = np.searchsorted(times, [since, until])
    return iter(range(int(first), int(last)))


def _base(source: str, time_us: int, *parts: str | int) -> dict[str, Any]:
    """The fields of every event; its id follows from the source and what it is about."""
    return {
        "event_id": make_id(source, *parts, time_us),
        "event_time": time_us,
        "source": source,
        "simulated": True,
    }


def _earnings(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.earnings
    for row in _rows(table.time_us, since, until):
        symbol, end = happened.subjects[table.name[row]].symbol, int(table.period_end[row]) * DAY_US
        yield events.EarningsAnnounced(
            **_base(source, int(table.time_us[row]), "EarningsAnnounced", symbol, end),
            symbol=symbol,
            period_ended_at=end,
            timing="before_open" if table.is_early[row] else "after_close",
            eps_expected=float(table.eps_expected[row]),
            eps_actual=float(table.eps_actual[row]),
            revenue_expected=float(table.revenue_expected[row]),
            revenue_actual=float(table.revenue_actual[row]),
            surprise=round(float(table.surprise[row]), 4),
            next_at=int(table.next_us[row]),
        )


def _filings(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.filings
    for row in _rows(table.time_us, since, until):
        symbol, end = happened.subjects[table.name[row]].symbol, int(table.period_end[row]) * DAY_US
        revision = int(table.revision[row])
        yield events.FundamentalsFiled(
            **_base(source, int(table.time_us[row]), "FundamentalsFiled", symbol, end, revision),
            symbol=symbol,
            form="10-K" if table.is_annual[row] else "10-Q",
            period_ended_at=end,
            revision=revision,
            revenue=float(table.revenue[row]),
            net_income=float(table.net_income[row]),
            operating_cash_flow=float(table.operating_cash_flow[row]),
            assets=float(table.assets[row]),
            liabilities=float(table.liabilities[row]),
            equity=float(table.equity[row]),
            shares_outstanding=int(table.shares[row]),
        )


def _news(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.news
    for row in _rows(table.time_us, since, until):
        place, tone = int(table.name[row]), Tone(int(table.tone[row]))
        of_market = place == MARKET
        symbol = MARKET_SYMBOL if of_market else happened.subjects[place].symbol
        phrase = int(table.phrase[row])
        yield events.NewsPublished(
            **_base(source, int(table.time_us[row]), "NewsPublished", symbol, phrase),
            symbol=symbol,
            category="market" if of_market else "earnings" if tone in _FOLLOWING else "company",
            headline=headline(ECONOMY if of_market else symbol, tone, phrase),
            publisher=PUBLISHERS[table.publisher[row]],
            sentiment=float(table.rating[row]),
        )


def _macro(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.macro
    for row in _rows(table.time_us, since, until):
        indicator, end = INDICATORS[table.indicator[row]], int(table.period_end[row]) * DAY_US
        revision = int(table.revision[row])
        yield events.MacroReleased(
            **_base(source, int(table.time_us[row]), "MacroReleased", indicator.name, end, revision),
            indicator=indicator.name,
            unit=indicator.unit,
            period_ended_at=end,
            revision=revision,
            actual=float(table.actual[row]),
            previous=float(table.previous[row]),
            consensus=None if revision else float(table.consensus[row]),
        )


def _dividends(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.dividends
    for row in _rows(table.time_us, since, until):
        symbol, ex_at = happened.subjects[table.name[row]].symbol, int(table.ex_us[row])
        special = bool(table.is_special[row])
        yield events.DividendDeclared(
            **_base(source, int(table.time_us[row]), "DividendDeclared", symbol, ex_at, int(special)),
            symbol=symbol,
            amount=float(table.amount[row]),
            special=special,
            ex_at=ex_at,
            paid_at=int(table.paid_us[row]),
        )


def _splits(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.splits
    for row in _rows(table.time_us, since, until):
        symbol, effective = happened.subjects[table.name[row]].symbol, int(table.effective_us[row])
        yield events.SplitAnnounced(
            **_base(source, int(table.time_us[row]), "SplitAnnounced", symbol, effective),
            symbol=symbol,
            new_shares=int(table.new_shares[row]),
            old_shares=int(table.old_shares[row]),
            effective_at=effective,
        )


def _curves(happened: Happenings, source: str, since: int, until: int) -> Iterator[Event]:
    table = happened.curves
    for row in _rows(table.time_us, since, until):
        yield events.RateCurvePublished(
            **_base(source, int(table.time_us[row]), "RateCurvePublished", CURVE),
            curve=CURVE,
            tenors_days=TENORS_DAYS,
            rates=tuple(table.rates[row].tolist()),
        )
