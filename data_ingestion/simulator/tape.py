"""The whole simulated market as one stream of events in order of time.

Theory of operation
-------------------
A world is known by its seed, hours and edge; what is published of it also by the rates. A minute's streams (order books
and quotes, trades, option quotes and trades, the truth, happenings) are each made lazily from the latent market's grid
and merged by time: an event exists only once it is asked for. Where a reader begins changes nothing about the events.

A run published from some moment on begins with a past: the reports of the morning before, and bars.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from heapq import merge
from itertools import chain, dropwhile, pairwise, takewhile
from math import log
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

import numpy as np

from contracts.events import BarClosed, Event, OpenInterestReported, OptionTraded, TradeReceived, TruthRevealed
from contracts.ids import make_id
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US, Session
from data_ingestion.simulator.core.latent import SECONDS, Latent, Segment
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.effects import earnings_variance, macro_variance
from data_ingestion.simulator.happenings.jumps import large_jumps
from data_ingestion.simulator.happenings.publishing import published
from data_ingestion.simulator.happenings.subjects import subject_of
from data_ingestion.simulator.happenings.tables import Happenings, happenings
from data_ingestion.simulator.happenings.terms import as_traded
from data_ingestion.simulator.names import latent_of, market_weights, mix_of
from data_ingestion.simulator.options.arrays import Ints
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.holders import Holders
from data_ingestion.simulator.options.interest import Activity
from data_ingestion.simulator.options.reports import reported_at, reports, volume_before
from data_ingestion.simulator.options.stream import LISTED_DAYS, Day, day_of, option_quotes
from data_ingestion.simulator.options.trades import OPTION_TRADES_PER_S, Schedule, option_trades, schedule
from data_ingestion.simulator.orders.books import book_events, books
from data_ingestion.simulator.orders.listing import listed
from data_ingestion.simulator.orders.touch import Touch, touch
from data_ingestion.simulator.orders.trades import TRADES_PER_S, Trades, trade_events, trades
from data_ingestion.simulator.passing import told
from data_ingestion.simulator.revelations import revelations
from data_ingestion.simulator.universe import CENTS, UNIVERSE, Floats

GENERATION: Final = 3
"""Raised when the same world and rates no longer give the same events; a recorded run is then not resumed."""
HISTORY_MINUTES: Final = 60
"""Bars that a run publishes before it begins, so that nothing downstream has to wait for them."""
SUBJECTS: Final = tuple(subject_of(name) for name in UNIVERSE)
BAR_S: Final = 60
RESTATED_YEARS: Final = 2
"""Restatements come up to so many years after their period."""
YEARS_BACK: Final = -(-LISTED_DAYS // 365)
_time = attrgetter("event_time")


class RateSettings(Protocol):
    """Events a second on average over a session, as the settings have them."""

    @property
    def option_quotes_per_s(self) -> float:
        """Over all contracts."""

    @property
    def books_per_s(self) -> float:
        """For each symbol."""

    @property
    def trades_per_s(self) -> float:
        """For each symbol; what is traded in a day does not depend on it."""

    @property
    def option_trades_per_s(self) -> float:
        """Over all contracts, at most; what is traded in a day does not depend on it."""


class Rates(NamedTuple):
    """Rates given as plain numbers."""

    option_quotes_per_s: float
    books_per_s: float
    trades_per_s: float = TRADES_PER_S
    option_trades_per_s: float = OPTION_TRADES_PER_S


def settings_id(world: World, rates: RateSettings) -> str:
    """Identity of everything that shapes the events.

    The rate of option trades came after worlds had been recorded: at its default it leaves their identity as it was.
    """
    numbers = [world.edge, rates.option_quotes_per_s, rates.books_per_s, rates.trades_per_s]
    if rates.option_trades_per_s != OPTION_TRADES_PER_S:
        numbers.append(rates.option_trades_per_s)
    figures = (repr(float(number)) for number in numbers)
    return make_id("simulator", GENERATION, world.seed, world.hours.value, *figures)


class Parts(NamedTuple):
    """The streams of one minute, each in order of time."""

    truth: Iterable[TruthRevealed]
    books: Iterable[Event]
    """Books, and the quotes that are their best levels."""
    trades: Iterable[TradeReceived]
    option_quotes: Iterable[Event]
    option_trades: Iterable[Event]


class Tape:
    """The market around one year: what happens in it follows from the world, not from that year."""

    def __init__(self, world: World, rates: RateSettings, year: int) -> None:
        self.world, self.rates, self.year = world, rates, year
        self.source = f"simulator-{world.seed}-{settings_id(world, rates)[:8]}"
        self.columns = listed(UNIVERSE)
        shares = np.array([name.option_share for name in UNIVERSE])
        self.quotes_per_s: Floats = rates.option_quotes_per_s * shares / shares.sum()
        self._market_weights = market_weights(mix_of(UNIVERSE))
        self.day_of = lru_cache(maxsize=2)(self._day_of)
        self.activity_of = lru_cache(maxsize=2)(self._activity_of)
        self._schedule = lru_cache(maxsize=1)(self._schedule_of)

    @cached_property
    def latent(self) -> Latent:
        """The latent market, with what happens to its names, in prices as traded."""
        return as_traded(latent_of(self.world, UNIVERSE, (self.year - YEARS_BACK, self.year + 1)), SUBJECTS)

    @cached_property
    def happened(self) -> Happenings:
        """What becomes public around the year."""
        years = self.year - RESTATED_YEARS, self.year + 1
        return happenings(self.world.seed, SUBJECTS, *years, jumps=large_jumps(self.latent, SUBJECTS, *years))

    @cached_property
    def holders(self) -> Holders:
        """Those who hold and trade the options."""
        return Holders(self.latent, UNIVERSE, CLASSES, self.happened.earnings)

    def events(self, after: int) -> Iterator[Event]:
        """All events later than a moment (µs), in order of time, until the end of the year after."""
        return dropwhile(lambda event: event.event_time <= after, self._from(after))

    def run(self, started_at: int, until: int) -> Iterator[Event]:
        """All that a run begun at a moment publishes from before another (µs), its past first."""
        live = takewhile(lambda event: event.event_time < until, self.events(started_at - 1))
        return chain(self.past(started_at), told(live, self.source, started_at, until))

    def past(self, started_at: int) -> Iterator[Event]:
        """What a run begun at a moment publishes first: the last bars, and what was reported in its session so far."""
        reported = self.reported(self.latent.session_at(started_at))
        return chain(
            self.bars(started_at, HISTORY_MINUTES), takewhile(lambda event: event.event_time < started_at, reported)
        )

    def _from(self, after: int) -> Iterator[Event]:
        shown = after
        for segment in self.segments(after):
            until = segment.started_at + MINUTE_US
            happened = published(self.happened, self.source, shown + 1, until)
            reported = () if segment.minute else self.reported(segment.session)
            yield from merge(happened, reported, *self.parts(segment), key=_time)
            shown = until - 1

    def segments(self, after: int) -> Iterator[Segment]:
        """The latent market by the minute, from the one that a moment (µs) lies in to the end of the year after."""
        session = self.latent.session_at(after)
        first = max(0, after - session.opens_at) // MINUTE_US
        while session.day.year <= self.year + 1:
            for minute in range(first, session.minutes):
                yield self.latent.segment(session.number, minute)
            session, first = self.latent.sessions[session.number + 1], 0

    def parts(self, segment: Segment) -> Parts:
        """What is made of one minute; nothing is, until it is asked for."""
        best = touch(segment, self.columns)
        traded = self._traded(segment, best)
        shown = books(segment, self.columns, best, traded, self.rates.books_per_s)
        return Parts(
            self._truth(segment),
            book_events(segment, self.columns, shown, self.source),
            trade_events(segment, self.columns, traded, self.source),
            option_quotes(
                segment,
                self.latent,
                self.day_of(segment.session),
                self.columns,
                best,
                self.quotes_per_s,
                self.source,
                self.scheduled_variance,
            ),
            self._option_trades(segment, best),
        )

    def reported(self, session: Session) -> Iterator[OpenInterestReported]:
        """What is reported in the morning of a session, made as it is asked for."""
        before = self.latent.sessions[session.number - 1]
        day, held, past = self.day_of(session), self.activity_of(session), self.activity_of(before)
        volume = volume_before(day.chain, self.day_of(before).chain, past.volume)
        yield from reports(day, reported_at(before, session), held, volume, self.source)

    def scheduled_variance(self, moment: int, times: Ints) -> Floats:
        """Variance of earnings and macro releases between a moment and each time (µs), (times, names)."""
        market = macro_variance(self.happened.macro, moment, times)[:, None] * self._market_weights**2
        return np.asarray(market + earnings_variance(self.happened.earnings, len(UNIVERSE), moment, times))

    def _traded(self, segment: Segment, best: Touch) -> Trades:
        volume = self.latent.session_minutes(segment.session.number).volume[segment.minute]
        return trades(segment, self.columns, best, volume, self.rates.trades_per_s)

    def _option_trades(self, segment: Segment, best: Touch) -> Iterator[OptionTraded]:
        if self.rates.option_trades_per_s:
            day, plan = self.day_of(segment.session), self._schedule(segment.session)
            yield from option_trades(segment, self.latent, day, plan, best, self.source, self.scheduled_variance)

    def _day_of(self, session: Session) -> Day:
        """What options are quoted through a session."""
        return day_of(self.latent, UNIVERSE, CLASSES, session.number)

    def _activity_of(self, session: Session) -> Activity:
        """What is held and traded in a session of the options that are listed."""
        return self.holders.activity(self.day_of(session).chain, session.number)

    def _schedule_of(self, session: Session) -> Schedule:
        bought = self.holders.bought(session.number).of(session.number)
        volume = self.activity_of(session).volume
        return schedule(self.world.seed, self.day_of(session), volume, bought, self.rates.option_trades_per_s)

    def truth_of_mids(self, segment: Segment, name: Ints, time: Ints) -> Iterator[TruthRevealed]:
        """The truth about the mids of names (places in the universe) at moments of a minute (µs), of one length."""
        best = touch(segment, self.columns)
        return revelations(segment, self.columns.symbols, self.source, name, time, best)

    def _truth(self, segment: Segment) -> Iterator[TruthRevealed]:
        """About every name's fair price at each full second."""
        names = np.arange(len(UNIVERSE))
        seconds = segment.started_at + np.arange(SECONDS) * MICROS
        name, time = np.tile(names, SECONDS), np.repeat(seconds, len(names))
        return revelations(segment, self.columns.symbols, self.source, name, time)

    def bars(self, until: int, minutes: int) -> list[BarClosed]:
        """The last one-minute bars that closed by a moment (µs), made of the trades themselves."""
        found: list[BarClosed] = []
        session = self.latent.session_at(until)
        minute = min(max(0, until - session.opens_at) // MINUTE_US, session.minutes)
        for _ in range(minutes):
            if minute == 0:
                session = self.latent.sessions[session.number - 1]
                minute = session.minutes
            minute -= 1
            found[:0] = self.bars_of(self.latent.segment(session.number, minute))
        return found

    def bars_of(self, segment: Segment) -> list[BarClosed]:
        """The bar of each name in one minute, if it traded."""
        traded = self._traded(segment, touch(segment, self.columns))
        return [
            self._bar(symbol, Trades(*(column[own] for column in traded)), segment.started_at)
            for name, symbol in enumerate(self.columns.symbols)
            if (own := traded.name == name).any()
        ]

    def _bar(self, symbol: str, traded: Trades, opened_at: int) -> BarClosed:
        cents, size = traded.cents, traded.size
        last_of_second = np.flatnonzero(np.diff(traded.offset // MICROS, append=SECONDS))
        closes = [float(cents[0]), *cents[last_of_second].tolist()]
        return BarClosed(
            event_id=make_id("BarClosed", self.source, symbol, BAR_S, opened_at),
            event_time=opened_at + MINUTE_US,
            source=self.source,
            simulated=True,
            symbol=symbol,
            interval_s=BAR_S,
            opened_at=opened_at,
            open=float(cents[0]) / CENTS,
            high=float(cents.max()) / CENTS,
            low=float(cents.min()) / CENTS,
            close=float(cents[-1]) / CENTS,
            volume=int(size.sum()),
            vwap=float((cents * size).sum()) / CENTS / int(size.sum()),
            trade_count=len(cents),
            signed_volume=int((traded.side * size).sum()),
            realised_variance=sum(log((late / CENTS) / (early / CENTS)) ** 2 for early, late in pairwise(closes)),
        )
