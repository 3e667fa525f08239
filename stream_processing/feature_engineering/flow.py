"""Quotes, trades and books of one name to who presses on its price, a second at a time.

Theory of operation
-------------------
What comes waits until the clock has told that its second is over, and is then read in order of its own time. The scans
of order flow walk over all seconds that are over at once, and of each in which the name traded it is said where they
stood at its end: each as of the last event that it is made of, be that of an earlier second. A trade is compared with
the last quote dated before it; one of the same instant may be its consequence.

VPIN's buckets are a share of the volume of the sessions before: until one was read as a whole there is no VPIN.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct, field

from contracts.events import BookUpdated, Event, FlowComputed, QuoteReceived, TradeReceived
from contracts.ids import make_id
from stream_processing.feature_engineering.features import present
from stream_processing.feature_engineering.flow_sessions import TICK, Sessions, Times
from stream_processing.feature_engineering.machine import Factory, Stream
from stream_processing.feature_engineering.order_flow import (
    BOOK_FLOW,
    QUOTE_FLOW,
    TRADE_FLOW,
    VPIN,
    named,
)
from stream_processing.feature_engineering.order_flow_quote_kernels import LEVELS
from stream_processing.feature_engineering.pending import SECOND_US, Waiting, seconds_over
from stream_processing.feature_engineering.scan import Floats, Scan
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE
from stream_processing.feature_engineering.volume_profile_window import WINDOW_PROFILE, Window

Trade = tuple[int, int, str, float, int, int]
"""Time, sequence, id, price, size, side."""
Quote = tuple[int, int, str, float, int, float, int]
"""Time, sequence, id, bid, bid size, ask, ask size."""
Book = tuple[int, int, str, tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...]]
"""Time, sequence, id; bids, their sizes, asks, their sizes, of `LEVELS` levels, 0 where there is none."""

FLOW: Final = (
    *QUOTE_FLOW.features,
    *BOOK_FLOW.features,
    *TRADE_FLOW.features,
    *VPIN.features,
    *VOLUME_PROFILE,
    *WINDOW_PROFILE,
)
NAMES: Final = named(FLOW)
_NONE: Final = (0.0,) * LEVELS
FIGURES: Final = ("late_events", "repeated_events", "lost_events")
"""Lost are those for which there was no room: no clock came for too long."""


class FlowRules(NamedTuple):
    """Settings that are part of the meaning of the state."""

    lateness_us: int


class Memory(Struct):
    """All that is remembered of one name; it survives restarts as MessagePack."""

    done: int = 0
    """Where the seconds end that were said."""
    reached: tuple[int, int, int] = (0, 0, 0)
    """Latest times of trades, quotes and books."""
    trades: list[Trade] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    books: list[Book] = field(default_factory=list)
    scans: dict[str, bytes] = field(default_factory=dict)
    """States, by the first feature."""
    told: dict[str, bytes] = field(default_factory=dict)
    """What the scans of quotes and books said last."""
    in_force: tuple[float, float] = (0.0, 0.0)
    """The last bid and ask."""
    sessions: Sessions = field(default_factory=Sessions)
    window: Window = field(default_factory=Window)


def factory(rules: FlowRules) -> Factory:
    """Machines that say the flow of names by these rules."""
    return lambda stream, kept: Flow(stream, rules, kept)


class Flow:
    """The flow of one name."""

    def __init__(self, stream: Stream, rules: FlowRules, kept: bytes | None = None) -> None:
        state = Memory() if kept is None else msgspec.msgpack.decode(kept, type=Memory)
        self._stream, self._rules, self._state = stream, rules, state
        trades, quotes, books = state.reached
        done, late = state.done, rules.lateness_us
        self._trades = Waiting[Trade](state.trades, done=done, reached=trades, lateness_us=late)
        self._quotes = Waiting[Quote](state.quotes, done=done, reached=quotes, lateness_us=late)
        self._books = Waiting[Book](state.books, done=done, reached=books, lateness_us=late)

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """What these events, and the time that has passed, bring about."""
        for until in seconds_over(events, self._wait, self._state.done, self._rules.lateness_us):
            self._state.done = until
            yield from self._said(self._trades.take(until), self._quotes.take(until), self._books.take(until))

    def kept(self) -> bytes:
        """The state."""
        state = self._state
        state.trades, state.quotes, state.books = self._trades.rows(), self._quotes.rows(), self._books.rows()
        state.reached = self._trades.reached, self._quotes.reached, self._books.reached
        return msgspec.msgpack.encode(state)

    def figures(self) -> Mapping[str, float]:
        """By name in `FIGURES`; what comes again after its second counts as late."""
        kinds = self._trades, self._quotes, self._books
        amounts = ([kind.late, kind.repeated, kind.lost] for kind in kinds)
        return dict(zip(FIGURES, map(sum, zip(*amounts, strict=True)), strict=True))

    def _wait(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, TradeReceived):
                if event.size:
                    self._trades.add(
                        (event.event_time, event.sequence, event.event_id, event.price, event.size, event.side)
                    )
            elif isinstance(event, QuoteReceived):
                self._quotes.add(
                    (
                        event.event_time, event.sequence, event.event_id,
                        event.bid, event.bid_size, event.ask, event.ask_size,
                    )
                )  # fmt: skip
            elif isinstance(event, BookUpdated):
                self._books.add(
                    (
                        event.event_time, event.sequence, event.event_id,
                        _deep(event.bid_prices), _deep(event.bid_sizes),
                        _deep(event.ask_prices), _deep(event.ask_sizes),
                    )
                )  # fmt: skip

    def _said(self, trades: Sequence[Trade], quotes: Sequence[Quote], books: Sequence[Book]) -> Iterator[Event]:
        """What seconds that are over say, in order."""
        state = self._state
        if not state.sessions.since:
            state.sessions.since = min((rows[0][0] for rows in (trades, quotes, books) if rows), default=0)
        times, quoted_at, booked_at = _times(trades), _times(quotes), _times(books)
        seconds = times // SECOND_US
        last = np.flatnonzero(np.diff(seconds, append=-1))
        ends = (seconds[last] + 1) * SECOND_US
        quoted = _table((quote[3:] for quote in quotes), 4)
        levels = _table((chain(*book[3:]) for book in books), 4 * LEVELS)
        levels = levels.reshape(-1, 4, LEVELS).transpose(0, 2, 1).reshape(-1, 4 * LEVELS)
        of_quotes = self._as_of(ends, quoted_at, QUOTE_FLOW, np.column_stack([quoted_at, quoted]))
        of_books = self._as_of(ends, booked_at, BOOK_FLOW, levels)
        sides = np.vstack([state.in_force, quoted[:, [0, 2]]])
        state.in_force = (float(sides[-1, 0]), float(sides[-1, 1]))
        if not trades:
            return
        traded, in_force = _table((trade[3:] for trade in trades), 3), sides[np.searchsorted(quoted_at, times)]
        days, buckets, profiles = state.sessions.count(times, traded[:, 0], traded[:, 1], last)
        of_window = state.window.count(times, traded[:, 0], traded[:, 1], last, TICK)
        of_trades = self._walk(TRADE_FLOW, np.column_stack([times, traded, in_force]))[last]
        of_buckets = self._walk(VPIN, np.column_stack([days, traded, in_force, buckets]))[last]
        told = np.hstack([of_quotes, of_books, of_trades, of_buckets, profiles, of_window])
        for place, end, values in zip(last.tolist(), ends.tolist(), told.tolist(), strict=True):
            yield self._computed(end, trades[place][2], values)

    def _as_of(self, ends: Times, at: Times, scan: Scan, rows: Floats) -> Floats:
        """What a scan said at the end of each second, (seconds, features), with rows of these times read in."""
        told = self._state.told.get(_name(scan))
        before = np.full(len(scan.features), np.nan) if told is None else np.frombuffer(told)
        out = np.vstack([before, self._walk(scan, rows)])
        self._state.told[_name(scan)] = out[-1].tobytes()
        return out[np.searchsorted(at, ends)]

    def _walk(self, scan: Scan, rows: Floats) -> Floats:
        """What a scan says of rows, (rows, features)."""
        kept = self._state.scans.get(_name(scan))
        memory = scan.start() if kept is None else np.frombuffer(kept).copy()
        out = np.full((len(rows), len(scan.features)), np.nan)
        scan.kernel(memory, rows, out)
        self._state.scans[_name(scan)] = memory.tobytes()
        return out

    def _computed(self, end: int, trade_id: str, values: Sequence[float]) -> FlowComputed:
        source, symbol, simulated = self._stream
        return FlowComputed(
            event_id=make_id(FlowComputed.__name__, source, symbol, end),
            event_time=end,
            source=source,
            simulated=simulated,
            symbol=symbol,
            trade_id=trade_id,
            values=present(NAMES, values),
        )


def _name(scan: Scan) -> str:
    return scan.features[0].name


def _times(rows: Sequence[tuple[Any, ...]]) -> Times:
    return np.fromiter((row[0] for row in rows), np.int64, len(rows))


def _table(rows: Iterable[Iterable[float]], columns: int) -> Floats:
    return np.fromiter(chain.from_iterable(rows), np.float64).reshape(-1, columns)


def _deep(values: tuple[float, ...]) -> tuple[float, ...]:
    """As many as a scan reads, 0 where there are none."""
    return values[:LEVELS] if len(values) >= LEVELS else values + _NONE[len(values) :]
