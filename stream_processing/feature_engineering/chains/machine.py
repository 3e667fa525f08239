"""The chain of one underlying, told at instants of a grid.

Theory of operation
-------------------
Instants are multiples of the interval since the epoch. An event belongs to the first instant at or after its own time,
and of a contract's quotes the last by (time, sequence, id) counts: so neither order nor repetition matters. Once the
time that has passed is beyond an instant by the allowed lateness, its snapshot is made, of the last quote of each
contract up to then; an instant without a new quote of the underlying says nothing. What comes later for an instant that
is made is counted, not mixed in. Contracts adjusted after a corporate action are left out: what they deliver has
another price than the underlying's.

The implied volatility of a quote is solved once, when it is first part of a snapshot, and remembered with it. So what
is solved together, and by which engine, follows from the events as well.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from contracts.events import Event, OpenInterestReported, OptionQuoteReceived, OptionTraded, TimePassed
from contracts.sessions import MICROS
from stream_processing.feature_engineering.chains.memory import Cell, Memory, is_adjusted
from stream_processing.feature_engineering.chains.snapshot import snapshot
from stream_processing.feature_engineering.machine import Factory, Stream


class ChainRules(NamedTuple):
    """Settings that are part of the meaning of the state."""

    interval_us: int = 5 * MICROS
    """Between the instants of the grid."""
    lateness_us: int = MICROS
    """How long after an instant an event of before may come."""


FIGURES: Final = (
    "snapshots",
    "late_quotes",
    "late_trades",
    "late_reports",
    "adjusted_quotes",
    "skipped_instants",
    "unfitted_chains",
    "unfitted_expiries",
    "iv_gap_max",
    "delta_gap_max",
)
"""Late is what comes for a snapshot that is made. The gaps are the largest of those that the snapshots tell."""


def factory(rules: ChainRules) -> Factory:
    """Machines that tell chains by these rules."""
    return lambda stream, kept: Chains(stream, rules, kept)


class Chains:
    """The chain of one underlying."""

    def __init__(self, stream: Stream, rules: ChainRules, kept: bytes | None = None) -> None:
        self._memory = Memory() if kept is None else msgspec.msgpack.decode(kept, type=Memory)
        self._stream, self._rules = stream, rules
        self._figures = dict.fromkeys(FIGURES, 0.0)

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """The snapshots that are due once this time has passed."""
        for event in events:
            if isinstance(event, TimePassed):
                yield from self._pass(event.event_time)
            elif isinstance(event, OptionQuoteReceived):
                if is_adjusted(event.contract):
                    self._figures["adjusted_quotes"] += 1
                elif cell := self._cell(event, "late_quotes"):
                    cell.quote(event)
            elif isinstance(event, OptionTraded):
                if cell := self._cell(event, "late_trades"):
                    cell.trade(event)
            elif isinstance(event, OpenInterestReported) and (cell := self._cell(event, "late_reports")):
                cell.report(event)

    def kept(self) -> bytes:
        """The state."""
        self._figures["skipped_instants"] += self._memory.thin()
        return msgspec.msgpack.encode(self._memory)

    def figures(self) -> Mapping[str, float]:
        """By name in `FIGURES`."""
        return self._figures

    def _cell(self, event: Event, late: str) -> Cell | None:
        instant = -(-event.event_time // self._rules.interval_us) * self._rules.interval_us
        found = self._memory.pending.get(instant)
        if found is None:
            if instant <= self._memory.closed:
                self._figures[late] += 1
                return None
            found = self._memory.pending[instant] = Cell()
        return found

    def _pass(self, moment: int) -> Iterator[Event]:
        memory, due = self._memory, moment - self._rules.lateness_us
        for instant in sorted(instant for instant in memory.pending if instant <= due):
            if memory.close(instant) and memory.quotes:
                yield from self._tell(instant)
        memory.closed = max(memory.closed, due // self._rules.interval_us * self._rules.interval_us)

    def _tell(self, instant: int) -> Iterator[Event]:
        told = snapshot(self._stream, self._memory, instant)
        figures, values = self._figures, told.surface.values
        figures["snapshots"] += 1
        figures["unfitted_chains"] += not told.surface.expiries
        figures["unfitted_expiries"] += len(told.chains) - len(told.surface.expiries)
        for name in ("iv_gap_max", "delta_gap_max"):
            figures[name] = max(figures[name], values.get(name, 0.0))
        yield told.surface
        yield from told.chains
