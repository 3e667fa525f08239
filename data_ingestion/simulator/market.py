"""The simulated market as one stream of events in order of time.

Theory of operation
-------------------
A run is known by its seed and start. It is cut into segments of a minute; each is made from the latent state at its
start and random numbers addressed by (run, stream, piece), so nothing about it depends on when, where or how often it
is made. The streams of a segment are lazy and merged by time: an event exists only once it is asked for.
"""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import chain, count, dropwhile, takewhile
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from contracts.events import BarClosed, Event
from contracts.ids import make_id
from data_ingestion.simulator import history
from data_ingestion.simulator.arrivals import SLICE_US, SLICES
from data_ingestion.simulator.latent import SEGMENT_US, advance, first_state
from data_ingestion.simulator.option_quotes import listing_of, option_quotes
from data_ingestion.simulator.order_books import books, trades
from data_ingestion.simulator.randomness import Run
from data_ingestion.simulator.revelations import revelations
from data_ingestion.simulator.segment import Segment

GENERATION: Final = 1
"""Raised when the same seed, start and rates no longer give the same events; a recorded run is then not resumed."""
HISTORY_MINUTES: Final = 60
_time = attrgetter("event_time")


class RateSettings(Protocol):
    """Events a second, as the settings have them."""

    @property
    def option_quotes_per_s(self) -> float:
        """Over all contracts."""

    @property
    def books_per_s(self) -> float:
        """For each symbol."""


class Rates(NamedTuple):
    """Rates given as plain numbers."""

    option_quotes_per_s: float
    books_per_s: float


def settings_id(seed: int, rates: RateSettings) -> str:
    """Identity of everything but the start that shapes a run."""
    return make_id("simulator", GENERATION, seed, repr(rates.option_quotes_per_s), repr(rates.books_per_s))


class SimulatedMarket:
    """One run of the market, from `started_at` (µs since the epoch) for ever."""

    def __init__(self, seed: int, started_at: int, rates: RateSettings) -> None:
        self.run = Run(seed, started_at)
        self.rates = rates

    def history(self, minutes: int = HISTORY_MINUTES) -> list[BarClosed]:
        """One-minute bars before the start, in order of time."""
        return history.history(self.run, minutes)

    def events(self, after: int = 0) -> Iterator[Event]:
        """All events later than `after` (µs since the epoch), in order of time, without end."""
        return dropwhile(lambda event: event.event_time <= after, chain.from_iterable(self._segments(after)))

    def _segments(self, after: int) -> Iterator[Iterator[Event]]:
        state = first_state()
        for index in count():
            path, state = advance(self.run, index, state)
            segment = Segment(self.run, index, path)
            if after < segment.started_at + SEGMENT_US:
                yield self._merged(segment, max(0, after - segment.started_at) // SLICE_US)

    def _merged(self, segment: Segment, first_piece: int) -> Iterator[Event]:
        listing = listing_of(segment)
        pieces = range(first_piece, SLICES)
        streams: tuple[Iterable[Event], ...] = (
            revelations(segment),
            chain.from_iterable(books(segment, piece, self.rates.books_per_s) for piece in pieces),
            trades(segment),
            chain.from_iterable(
                option_quotes(segment, listing, piece, self.rates.option_quotes_per_s) for piece in pieces
            ),
        )
        return merge(*streams, key=_time)


def regenerate(seed: int, started_at: int, until: int, rates: RateSettings) -> Iterator[Event]:
    """Everything that a run publishes from before `until` (µs), history first: what must be found downstream."""
    market = SimulatedMarket(seed, started_at, rates)
    return chain(market.history(), takewhile(lambda event: event.event_time < until, market.events()))
