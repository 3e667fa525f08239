"""Trades of one symbol to bars of every interval, and what the finished bars say.

Theory of operation
-------------------
One object holds what is open of one symbol; it reads trades in the order in which the topic has them. What it says
depends on nothing but that order: not on how the trades are cut into batches, nor on other symbols, nor on a clock. The
symbol's watermark is the latest time of its trades so far, less the allowed lateness. A bar is final when the watermark
has reached its end; a trade of it that comes later makes a correction, if it comes within `KEPT_US`, and is only
counted beyond. A trade that comes again, with the same time and id, counts once.

Every interval is whole seconds, so a trade is counted into the bar of its second only. A second that is over is summed
into the longer bars around it, and those that are shown before count the open seconds in. A trade whose second is over
already is counted into the longer bars one by one.

Where nothing trades, `TimePassed` moves the watermark, and with it ends what is open; it says that no trade is missing,
so that a bar holds the same whichever of the two ended it.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from math import inf
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct, field

from contracts.events import (
    BarClosed,
    BarCorrected,
    BarUpdated,
    Event,
    IndicatorsComputed,
    TimePassed,
    TradeReceived,
)
from contracts.ids import make_id
from stream_processing.feature_engineering.bar_sums import MICROS, Sum, bar_id, begun, opened_at
from stream_processing.feature_engineering.calendar_features import calendar_values
from stream_processing.feature_engineering.catalogue import BAR_SCAN, OF_BARS
from stream_processing.feature_engineering.features import present
from stream_processing.feature_engineering.machine import Factory, Stream
from stream_processing.feature_engineering.timeframes import JOINED, TREND, timeframes

KEPT_US: Final = 10 * MICROS
"""How long finished bars and the ids of trades are remembered, behind the watermark."""
SECOND_S: Final = 1
UPDATE_US: Final = 5 * MICROS
"""Open bars of a minute and longer are shown whenever the watermark passes a multiple of this."""
LEAST_SHOWN_S: Final = 60
"""Bars from here on are shown while they are open, and joined with the longer ones."""

NAMES: Final = tuple(feature.name for feature in OF_BARS)
JOINED_NAMES: Final = (*JOINED, TREND)


class Rules(NamedTuple):
    """Settings that are part of the meaning of the state."""

    intervals_s: tuple[int, ...]
    """A second is among them."""
    lateness_us: int


class Symbol(Struct):
    """All that is remembered of one symbol; it survives restarts as MessagePack."""

    reached: int = 0
    """Latest time of its trades."""
    passed: int = 0
    """Latest time that is known to have passed."""
    shown: int = 0
    """The multiple of UPDATE_US at which open bars were shown last."""
    open: list[Sum] = field(default_factory=list)
    finished: list[Sum] = field(default_factory=list)
    seen: dict[int, str] = field(default_factory=dict)
    """By second since the epoch: the ids of its trades, with blanks between, for few of them are looked at again."""
    scans: dict[int, bytearray] = field(default_factory=dict)
    """By interval: the state behind the features of its bars."""
    said: dict[int, dict[str, float]] = field(default_factory=dict)
    """By interval: what its last bar said that others are joined with."""


FIGURES: Final = ("repeated_trades", "corrected_bars", "lost_trades")
"""A trade is lost if it comes even later than corrections are made."""


def factory(rules: Rules) -> Factory:
    """Machines that make bars by these rules."""
    if SECOND_S not in rules.intervals_s:
        raise ValueError(f"longer bars are made of those of a second, which is not among {rules.intervals_s}")
    return lambda stream, kept: Bars(stream, rules, kept)


class Bars:
    """The bars of one symbol."""

    def __init__(self, stream: Stream, rules: Rules, kept: bytes | None = None) -> None:
        state = Symbol() if kept is None else msgspec.msgpack.decode(kept, type=Symbol)
        self._stream, self._rules, self._state = stream, rules, state
        self._figures = dict.fromkeys(FIGURES, 0)
        self._open = {(one.interval_s, one.opened_at): one for one in state.open}
        self._finished = {(one.interval_s, one.opened_at): one for one in state.finished}
        self._ids: dict[int, dict[str, None]] = {}
        """Of the seconds that are being worked on: what `seen` will hold."""
        self._next_end = self._first_end()

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """What these trades, in the order of their topic, and the time that has passed bring about."""
        state, lateness_us = self._state, self._rules.lateness_us
        for event in events:
            if isinstance(event, TradeReceived):
                if not self._is_new(event):
                    continue
                moment = event.event_time
                second = self._open.get((SECOND_S, moment - moment % MICROS))
                if second is None:
                    yield from self._place(event)
                else:
                    second.add(event)
                state.reached = max(state.reached, moment)
            elif isinstance(event, TimePassed):
                state.passed = max(state.passed, event.event_time)
            else:
                continue
            if self._watermark() >= self._next_end:
                yield from self._close()
            if (state.reached - lateness_us) // UPDATE_US > state.shown:
                yield from self._show()
        self._settle()

    def kept(self) -> bytes:
        """The state."""
        return msgspec.msgpack.encode(self._state)

    def figures(self) -> Mapping[str, float]:
        """By name in `FIGURES`."""
        return self._figures

    def _watermark(self) -> int:
        return max(self._state.reached, self._state.passed) - self._rules.lateness_us

    def _horizon(self) -> int:
        """Trades from here on are remembered, and make corrections if they come late."""
        return self._state.reached - self._rules.lateness_us - KEPT_US

    def _is_new(self, trade: TradeReceived) -> bool:
        if trade.event_time < self._horizon():
            self._figures["lost_trades"] += 1
            return False
        second = trade.event_time // MICROS
        ids = self._ids.get(second)
        if ids is None:
            ids = self._ids[second] = dict.fromkeys(self._state.seen.get(second, "").split())
        if trade.event_id in ids:
            self._figures["repeated_trades"] += 1
            return False
        ids[trade.event_id] = None
        return True

    def _place(self, trade: TradeReceived) -> Iterator[Event]:
        """Count in a trade whose second is not open: it begins here, or is over."""
        watermark, moment = self._watermark(), trade.event_time
        is_late = opened_at(moment, SECOND_S) + SECOND_S * MICROS <= watermark
        for interval_s in self._rules.intervals_s:
            key = interval_s, opened_at(moment, interval_s)
            is_over = key[1] + interval_s * MICROS <= watermark
            bars = self._finished if is_over else self._open
            found = bars.get(key)
            if found is None:
                found = bars[key] = begun(*key, trade)
            if is_late or interval_s == SECOND_S:
                found.add(trade)
            if is_over:
                found.revision += 1
                self._figures["corrected_bars"] += 1
                yield self._corrected(found, moment)
            else:
                self._next_end = min(self._next_end, found.ends_at)

    def _close(self) -> Iterator[Event]:
        watermark = self._watermark()
        ending = [one for one in self._open.values() if one.ends_at <= watermark]
        for one in sorted(ending, key=lambda one: (one.ends_at, one.interval_s)):
            del self._open[one.interval_s, one.opened_at]
            if one.interval_s == SECOND_S:
                one.end_second(one)
                for longer in self._open.values():
                    if longer.interval_s != SECOND_S and longer.opened_at <= one.opened_at < longer.ends_at:
                        longer.merge(one)
                        longer.end_second(one)
            self._finished[one.interval_s, one.opened_at] = one
            bar = self._closed(one)
            yield bar
            yield self._said(bar)
        self._next_end = self._first_end()
        self._forget()

    def _first_end(self) -> float:
        """When the next of the open bars ends (µs)."""
        return min((one.ends_at for one in self._open.values()), default=inf)

    def _show(self) -> Iterator[Event]:
        self._state.shown = (self._state.reached - self._rules.lateness_us) // UPDATE_US
        seconds = [one for one in self._open.values() if one.interval_s == SECOND_S]
        for one in sorted(self._open.values(), key=lambda one: (one.interval_s, one.opened_at)):
            if one.interval_s >= LEAST_SHOWN_S:
                so_far = copy(one)
                for second in seconds:
                    if one.opened_at <= second.opened_at < one.ends_at:
                        so_far.merge(second)
                yield self._updated(so_far)

    def _forget(self) -> None:
        horizon = self._horizon()
        self._finished = {key: one for key, one in self._finished.items() if one.ends_at > horizon}
        self._ids = {second: ids for second, ids in self._ids.items() if (second + 1) * MICROS > horizon}

    def _settle(self) -> None:
        """Write what the loop worked with back into the state, and forget what is old."""
        state = self._state
        self._forget()
        state.open, state.finished = list(self._open.values()), list(self._finished.values())
        seen = state.seen | {second: " ".join(ids) for second, ids in self._ids.items()}
        state.seen = {second: ids for second, ids in seen.items() if (second + 1) * MICROS > self._horizon()}
        self._ids = {}

    def _closed(self, one: Sum) -> BarClosed:
        return BarClosed(
            event_id=self._bar_id(one), event_time=one.ends_at, realised_variance=one.squared, **self._fields(one)
        )

    def _updated(self, one: Sum) -> BarUpdated:
        identity = make_id(BarUpdated.__name__, self._bar_id(one), self._state.shown)
        return BarUpdated(event_id=identity, event_time=self._state.reached, **self._fields(one))

    def _corrected(self, one: Sum, moment: int) -> BarCorrected:
        bar_id = self._bar_id(one)
        return BarCorrected(
            event_id=make_id(BarCorrected.__name__, bar_id, one.revision),
            event_time=moment,
            bar_id=bar_id,
            revision=one.revision,
            realised_variance=one.squared,
            **self._fields(one),
        )

    def _said(self, bar: BarClosed) -> IndicatorsComputed:
        kept = self._state.scans.get(bar.interval_s)
        if kept is None:
            kept = self._state.scans[bar.interval_s] = bytearray(BAR_SCAN.start().tobytes())
        columns = {name: np.array([getattr(bar, name)]) for name in BAR_SCAN.inputs}
        found = BAR_SCAN.advance(np.frombuffer(kept), columns)[0]
        values = present(NAMES, found.tolist())
        if bar.interval_s >= LEAST_SHOWN_S:
            self._state.said[bar.interval_s] = {name: values[name] for name in JOINED_NAMES if name in values}
            values |= timeframes(bar.interval_s, self._state.said) | calendar_values(bar.event_time)
        return IndicatorsComputed(
            event_id=make_id(IndicatorsComputed.__name__, bar.event_id),
            event_time=bar.event_time,
            source=bar.source,
            simulated=bar.simulated,
            bar_id=bar.event_id,
            symbol=bar.symbol,
            interval_s=bar.interval_s,
            values=values,
        )

    def _bar_id(self, one: Sum) -> str:
        return bar_id(self._stream.source, self._stream.subject, one.interval_s, one.opened_at)

    def _fields(self, one: Sum) -> dict[str, Any]:
        stream = self._stream
        return {
            "source": stream.source,
            "simulated": stream.simulated,
            "symbol": stream.subject,
            "interval_s": one.interval_s,
            "opened_at": one.opened_at,
            "open": one.open,
            "high": one.high,
            "low": one.low,
            "close": one.close,
            "volume": one.volume,
            "vwap": one.vwap,
            "trade_count": one.count,
            "signed_volume": one.signed,
        }
