"""Trades of one symbol to bars of every interval, and what the finished bars say.

Theory of operation
-------------------
One object holds what is open of one symbol; it reads trades in the order in which the topic has them. What it says
depends on nothing but that order: not on how the trades are cut into batches, nor on other symbols, nor on a clock. The
symbol's watermark is the latest time of its trades so far, less the allowed lateness. A bar is final when the watermark
has reached its end; a trade of it that comes later makes a correction, if it comes within `KEPT_US`, and is only
counted beyond. A trade that comes again, with the same id, counts once.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from math import isfinite
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct, field

from contracts.events import BarClosed, BarCorrected, BarUpdated, Event, IndicatorsComputed
from contracts.ids import make_id
from stream_processing.feature_engineering.bar_sums import MICROS, PRICE_MICROS, Sum, Trade, bar_id, begun, opened_at
from stream_processing.feature_engineering.catalogue import BAR_SCAN, OF_BARS

KEPT_US: Final = 10 * MICROS
"""How long finished bars and the ids of trades are remembered, behind the watermark."""
SECOND_S: Final = 1
UPDATE_US: Final = 5 * MICROS
"""Open bars of a minute and longer are shown whenever the watermark passes a multiple of this."""
LEAST_SHOWN_S: Final = 60

NAMES: Final = tuple(feature.name for feature in OF_BARS)


class Rules(NamedTuple):
    """Settings that are part of the meaning of the state."""

    intervals_s: tuple[int, ...]
    lateness_us: int


class Stream(NamedTuple):
    """Whose trades these are."""

    source: str
    symbol: str
    simulated: bool


class Symbol(Struct):
    """All that is remembered of one symbol; it survives restarts as MessagePack."""

    reached: int = 0
    """Latest time of its trades."""
    shown: int = 0
    """The multiple of UPDATE_US at which open bars were shown last."""
    open: list[Sum] = field(default_factory=list)
    finished: list[Sum] = field(default_factory=list)
    seen: list[tuple[int, str]] = field(default_factory=list)
    """A heap of the times and ids of remembered trades."""
    scans: dict[int, bytes] = field(default_factory=dict)
    """By interval: the state behind the features of its bars."""
    repeated: int = 0
    lost: int = 0
    """Trades that came even later than corrections are made."""


def restore(kept: bytes) -> Symbol:
    """What `keep` made."""
    return msgspec.msgpack.decode(kept, type=Symbol)


def keep(state: Symbol) -> bytes:
    """The state as bytes."""
    return msgspec.msgpack.encode(state)


class Bars:
    """The bars of one symbol. `state` is changed."""

    def __init__(self, stream: Stream, rules: Rules, state: Symbol) -> None:
        self._stream, self._rules, self._state = stream, rules, state
        self._open = {(one.interval_s, one.opened_at): one for one in state.open}
        self._finished = {(one.interval_s, one.opened_at): one for one in state.finished}
        self._ids = {event_id for _, event_id in state.seen}

    def read(self, trades: Iterable[Trade]) -> Iterator[Event]:
        """What these trades, in the order of their topic, bring about."""
        state, lateness = self._state, self._rules.lateness_us
        next_end = min((one.ends_at for one in self._open.values()), default=0)
        for trade in trades:
            if trade.event_id in self._ids:
                state.repeated += 1
                continue
            if trade.event_time < state.reached - lateness - KEPT_US:
                state.lost += 1
                continue
            self._ids.add(trade.event_id)
            heappush(state.seen, (trade.event_time, trade.event_id))
            yield from self._count(trade)
            if trade.event_time > state.reached:
                state.reached = trade.event_time
                watermark = trade.event_time - lateness
                if watermark >= next_end or not next_end:
                    yield from self._close(watermark)
                    next_end = min((one.ends_at for one in self._open.values()), default=0)
                yield from self._show(watermark)
        self._settle()

    def _count(self, trade: Trade) -> Iterator[Event]:
        watermark = self._state.reached - self._rules.lateness_us
        turnover = round(trade.price * PRICE_MICROS) * trade.size
        for interval_s in self._rules.intervals_s:
            key = interval_s, opened_at(trade.event_time, interval_s)
            found = self._open.get(key) or self._finished.get(key)
            is_late = key[1] + interval_s * MICROS <= watermark
            if found is None:
                found = (self._finished if is_late else self._open)[key] = begun(*key, trade)
            found.add(trade, turnover)
            if is_late:
                found.revision += 1
                yield self._corrected(found, trade.event_time)

    def _close(self, watermark: int) -> Iterator[Event]:
        ending = [one for one in self._open.values() if one.ends_at <= watermark]
        for one in sorted(ending, key=lambda one: (one.ends_at, one.interval_s)):
            del self._open[one.interval_s, one.opened_at]
            if one.interval_s == SECOND_S:
                one.end_second(one)
                for longer in self._open.values():
                    if longer.opened_at <= one.opened_at < longer.ends_at:
                        longer.end_second(one)
            self._finished[one.interval_s, one.opened_at] = one
            bar = self._closed(one)
            yield bar
            yield self._said(bar)
        for key in [key for key, one in self._finished.items() if one.ends_at < watermark - KEPT_US]:
            del self._finished[key]

    def _show(self, watermark: int) -> Iterator[Event]:
        if watermark // UPDATE_US > self._state.shown:
            self._state.shown = watermark // UPDATE_US
            for one in sorted(self._open.values(), key=lambda one: (one.interval_s, one.opened_at)):
                if one.interval_s >= LEAST_SHOWN_S:
                    yield self._updated(one)

    def _settle(self) -> None:
        """Write what the loop worked with back into the state, and forget what is old."""
        state = self._state
        state.open, state.finished = list(self._open.values()), list(self._finished.values())
        horizon = state.reached - self._rules.lateness_us - KEPT_US
        while state.seen and state.seen[0][0] < horizon:
            self._ids.discard(heappop(state.seen)[1])

    def _closed(self, one: Sum) -> BarClosed:
        return BarClosed(event_id=self._bar_id(one), event_time=one.ends_at, **self._fields(one))

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
            **self._fields(one),
        )

    def _said(self, bar: BarClosed) -> IndicatorsComputed:
        kept = self._state.scans.get(bar.interval_s)
        state = BAR_SCAN.start() if kept is None else np.frombuffer(kept).copy()
        found = BAR_SCAN.advance(state, {name: np.array([getattr(bar, name)]) for name in BAR_SCAN.inputs})[0]
        self._state.scans[bar.interval_s] = state.tobytes()
        return IndicatorsComputed(
            event_id=make_id(IndicatorsComputed.__name__, bar.event_id),
            event_time=bar.event_time,
            source=bar.source,
            simulated=bar.simulated,
            bar_id=bar.event_id,
            symbol=bar.symbol,
            interval_s=bar.interval_s,
            values={name: value for name, value in zip(NAMES, found.tolist(), strict=True) if isfinite(value)},
        )

    def _bar_id(self, one: Sum) -> str:
        return bar_id(self._stream.source, self._stream.symbol, one.interval_s, one.opened_at)

    def _fields(self, one: Sum) -> dict[str, Any]:
        stream = self._stream
        return {
            "source": stream.source,
            "simulated": stream.simulated,
            "symbol": stream.symbol,
            "interval_s": one.interval_s,
            "opened_at": one.opened_at,
            "open": one.open,
            "high": one.high,
            "low": one.low,
            "close": one.close,
            "volume": one.volume,
            "vwap": int(one.turnover) / PRICE_MICROS / one.volume if one.volume else one.close,
            "trade_count": one.count,
            "signed_volume": one.signed,
            "realised_variance": one.squared,
        }
