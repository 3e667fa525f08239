"""Everything that a source says slowly, in the order of its own time: rows of companies, of the news, of the economy.

Theory of operation
-------------------
The subject is the source itself, for what concerns the market concerns every name. An event is held until `TimePassed`
has passed it by the allowed lateness, for every name that still speaks; then instants are finished in order: all events
of one are taken in, and each name, and the economy, that one of them is about has one row. So a row says what is known
at its time, the events of that very time included, however topics lay between each other.

Bars of a day make a row of each name that has one. They come from another query, so they count only from
`bars_after_us` after the end of the day: rows before that are valued at the close before.

What comes later than its instant was finished is counted, and known to all rows from then on: a filing or a close that
was left out would be missed for years. It makes no row of its own.

Only what is touched is decoded from the bytes that were kept, and only what has changed is encoded again.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final, NamedTuple, get_args

import msgspec
from msgspec import Struct, field

from contracts.events import BarClosed, Event, MacroComputed, TimePassed
from contracts.ids import make_id
from stream_processing.feature_engineering.machine import Factory, Stream
from stream_processing.feature_engineering.slow.knowledge import Kept, Knowledge, Row, Slow

DAY_S: Final = 86_400
SILENT: Final = 3_600
"""A name is waited for no longer once the others have been heard at so many instants since: an hour, as a rule."""
MOST_HELD: Final = 100_000
"""Events; of more than this the earliest are finished although time has not passed them."""
FIGURES: Final = ("late_events", "repeated_events", "left_out_events", "hurried_events", "kept_bytes_max")
_SLOW: Final = get_args(Slow)


class Rules(NamedTuple):
    """Settings that are part of the meaning of what is said."""

    lateness_us: int
    bars_after_us: int
    """How long after the end of a day its bars count: what the query that makes them may need."""
    sectors: Mapping[str, str]
    """By name; one without a sector has no features of it."""


class State(Struct):
    """All that is remembered of a source."""

    done: int = -1
    """All instants up to this one are finished, µs."""
    latest: int = 0
    """The latest time that is known to have passed for any name."""
    heard: int = 0
    """How often that has grown."""
    passed: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By name: the time that has passed, and `heard` as of then."""
    held: list[Slow] = field(default_factory=list)
    knowledge: Kept = field(default_factory=Kept)


def factory(rules: Rules) -> Factory:
    """Machines that work by these rules."""
    return lambda stream, kept: SlowFeatures(stream, rules, kept)


class SlowFeatures:
    """What one source has said, and what follows."""

    def __init__(self, stream: Stream, rules: Rules, kept: bytes | None = None) -> None:
        self._stream, self._rules = stream, rules
        self._state = State() if kept is None else _STATES.decode(kept)
        self._held = {event.event_id: event for event in self._state.held}
        self._knowledge = Knowledge(self._state.knowledge, rules.sectors)
        self._figures = dict.fromkeys(FIGURES, 0)

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """What these events bring about, once time has passed them."""
        for event in events:
            if isinstance(event, TimePassed):
                self._hear(event)
            elif isinstance(event, _SLOW) and not (isinstance(event, BarClosed) and event.interval_s != DAY_S):
                self._hold(event)
        yield from self._finish(self._watermark())
        yield from self._finish(self._crowded())

    def kept(self) -> bytes:
        """The state."""
        self._state.held = list(self._held.values())
        self._state.knowledge = self._knowledge.kept()
        kept = msgspec.msgpack.encode(self._state)
        self._figures["kept_bytes_max"] = len(kept)
        return kept

    def figures(self) -> Mapping[str, float]:
        """By name in `FIGURES`."""
        return self._figures | {"left_out_events": self._knowledge.left_out}

    def _hear(self, event: TimePassed) -> None:
        state = self._state
        if event.event_time > state.latest:
            state.latest = event.event_time
            state.heard += 1
        passed, _ = state.passed.get(event.symbol, (0, 0))
        state.passed[event.symbol] = max(passed, event.event_time), state.heard

    def _watermark(self) -> int:
        """The instant up to which everything has come."""
        state = self._state
        state.passed = {name: word for name, word in state.passed.items() if state.heard - word[1] < SILENT}
        return min((passed for passed, _ in state.passed.values()), default=0) - self._rules.lateness_us

    def _crowded(self) -> int:
        """The instant up to which events must go for the others to be held."""
        excess = len(self._held) - MOST_HELD
        if excess <= 0:
            return -1
        self._figures["hurried_events"] += excess
        return sorted(map(self._instant, self._held.values()))[excess - 1]

    def _instant(self, event: Slow) -> int:
        """When an event counts from, µs."""
        return event.event_time + (self._rules.bars_after_us if isinstance(event, BarClosed) else 0)

    def _hold(self, event: Slow) -> None:
        if self._instant(event) > self._state.done:
            self._figures["repeated_events"] += event.event_id in self._held
            self._held[event.event_id] = event
        elif self._knowledge.take([event]):
            self._figures["late_events"] += 1
        else:
            self._figures["repeated_events"] += 1

    def _finish(self, until: int) -> Iterator[Event]:
        if until <= self._state.done:
            return
        ready = [event for event in self._held.values() if self._instant(event) <= until]
        for event in ready:
            del self._held[event.event_id]
        ready.sort(key=lambda event: (self._instant(event), type(event).__name__, event.event_id))
        for at, together in groupby(ready, key=self._instant):
            for row in self._knowledge.rows(at, self._knowledge.take(list(together))):
                yield self._said(row, at)
        self._state.done = until

    def _said(self, row: Row, at: int) -> Event:
        stream = self._stream
        fields: dict[str, Any] = {
            "event_time": at,
            "source": stream.source,
            "simulated": stream.simulated,
            "made_of": row.made_of,
            "values": row.values,
        }
        if row.kind is not MacroComputed:
            fields["symbol"] = row.subject
        return row.kind(event_id=make_id(row.kind.__name__, stream.source, row.subject, at), **fields)


_STATES: Final = msgspec.msgpack.Decoder(State)
