"""All that a source has said so far, and the rows that follow from it at an instant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct, field, structs

from contracts.events import (
    BarClosed,
    FundamentalsComputed,
    MacroComputed,
    MacroReleased,
    NewsComputed,
    NewsPublished,
    RateCurvePublished,
)
from stream_processing.feature_engineering import macro, news
from stream_processing.feature_engineering.calendar_features import Diary
from stream_processing.feature_engineering.features import present
from stream_processing.feature_engineering.macro import MacroState
from stream_processing.feature_engineering.news import NewsState
from stream_processing.feature_engineering.slow.company import Company, Told, dated, updated, values
from stream_processing.feature_engineering.slow.memory import Memory
from stream_processing.feature_engineering.slow.panel import Panel, trends, with_closes

MARKET: Final = "MARKET"
"""The symbol of news that is about no name in particular."""
MOST_NAMES: Final = 10_000
"""Of companies, and of names in the news; events about more are left out."""
ONLY: Final = ""
"""The key of a part that there is one of."""
DIARY: Final = ("days_since_release",)

Fact: TypeAlias = NewsPublished | Told | MacroReleased | RateCurvePublished
Slow: TypeAlias = Fact | BarClosed
Kind: TypeAlias = type[NewsComputed] | type[FundamentalsComputed] | type[MacroComputed]


class Row(NamedTuple):
    """What is to be said of one subject at an instant; the economy's is `ONLY`."""

    kind: Kind
    subject: str
    made_of: str
    values: dict[str, float]


class Kept(Struct):
    """The parts as bytes."""

    companies: dict[str, bytes] = field(default_factory=dict)
    articles: dict[str, bytes] = field(default_factory=dict)
    economy: dict[str, bytes] = field(default_factory=dict)
    panel: dict[str, bytes] = field(default_factory=dict)


class Knowledge:
    """What is known, in the order in which it was taken in."""

    def __init__(self, kept: Kept, sectors: Mapping[str, str]) -> None:
        self._sectors = sectors
        self._companies = Memory(Company, kept.companies)
        self._articles = Memory(NewsState, kept.articles)
        self._economy = Memory(MacroState, kept.economy)
        self._panel = Memory(Panel, kept.panel)
        self.left_out = 0
        """Events about names beyond the limit."""

    def kept(self) -> Kept:
        """All of it."""
        return Kept(self._companies.kept(), self._articles.kept(), self._economy.kept(), self._panel.kept())

    def take(self, events: Sequence[Slow]) -> list[Slow]:
        """Know these events too. Those that told something new."""
        found: list[Slow] = [event for event in events if not isinstance(event, BarClosed) and self._told(event)]
        bars = [event for event in events if isinstance(event, BarClosed) and self._has_room(event)]
        return [*found, *self._closed(bars)] if bars else found

    def rows(self, at: int, events: Sequence[Slow]) -> Iterator[Row]:
        """What is to be said at an instant, µs, whose events have been taken in and told something new, in order."""
        closed = {event.symbol for event in events if isinstance(event, BarClosed)}
        if closed:
            self._follow(closed, at)
        last = {_about(event): event.event_id for event in events}
        for kind, subject in sorted(last, key=lambda about: (about[0].__name__, about[1])):
            found = self._values(kind, subject, at)
            yield Row(kind, subject, last[kind, subject], present(found, found.values()))

    def _has_room(self, event: NewsPublished | Told | BarClosed) -> bool:
        names = self._articles if isinstance(event, NewsPublished) else self._companies
        has_room = event.symbol in names or len(names) < MOST_NAMES
        self.left_out += not has_room
        return has_room

    def _told(self, event: Fact) -> bool:
        """Know a fact; whether it changed anything."""
        if isinstance(event, MacroReleased | RateCurvePublished):
            return self._economy.replace(ONLY, macro.update(self._economy[ONLY], event))
        if not self._has_room(event):
            return False
        if isinstance(event, NewsPublished):
            return self._articles.replace(event.symbol, news.update(self._articles[event.symbol], event))
        return self._companies.replace(event.symbol, updated(self._companies[event.symbol], event))

    def _closed(self, bars: list[BarClosed]) -> list[BarClosed]:
        closes = {(bar.event_time, bar.symbol): bar.close for bar in bars}
        if not self._panel.replace(ONLY, with_closes(self._panel[ONLY], closes)):
            return []
        for bar in bars:
            company = self._companies[bar.symbol]
            if bar.event_time > company.closed_at:
                self._companies[bar.symbol] = structs.replace(company, closed_at=bar.event_time, close=bar.close)
        return bars

    def _follow(self, closed: set[str], at: int) -> None:
        """Trends on the last day, of the names that have just closed."""
        panel = self._panel[ONLY]
        known = {symbol: self._companies[symbol].fundamentals for symbol in panel.symbols}
        found = trends(panel, known, self._sectors, at)
        for symbol in closed:
            self._companies[symbol] = structs.replace(self._companies[symbol], trends=found[symbol])

    def _values(self, kind: Kind, subject: str, at: int) -> dict[str, float]:
        if kind is NewsComputed:
            return news.features(self._articles[subject], self._articles[MARKET], at)
        if kind is FundamentalsComputed:
            return values(self._companies[subject], at)
        return macro_values(self._economy[ONLY], at)


def macro_values(state: MacroState, at: int) -> dict[str, float]:
    """The values of `MACRO`, and of the calendar what is named in `DIARY`, at an instant, µs."""
    nothing = np.zeros(0, dtype=np.int64)
    releases = [one.known_at for of_one in state.releases.values() for one in of_one if one.known_at <= at]
    known = Diary(nothing, nothing, np.array(sorted(releases), dtype=np.int64))
    return macro.features(state, at) | dated(known, DIARY, at)


def _about(event: Slow) -> tuple[Kind, str]:
    if isinstance(event, MacroReleased | RateCurvePublished):
        return MacroComputed, ONLY
    return (NewsComputed if isinstance(event, NewsPublished) else FundamentalsComputed), event.symbol
