"""What closed bars say at a moment, as-of: a bar counts only from `LAG_S` after its end.

The lag makes scoring independent of arrival races. A bar is computed a second or three after its end, on another path
than the order books; a prediction made at t from "the bars known at t" would differ between two runs of one tape.
With "the bars that ended by t − 60 s" both runs, and training, take the same bars.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from operator import attrgetter
from typing import Final, NamedTuple

from contracts.events import BarClosed

MICROS: Final = 1_000_000
INTERVAL_S: Final = 60
LAG_S: Final = 60
WINDOW_S: Final = 30 * 60
MIN_BARS: Final = 20
"""Of the 30 in the window: a symbol may not trade in some minutes, but a volatility needs its observations."""
MAX_BARS: Final = 480
"""Kept for each symbol, eight hours: the order-book topic is kept for six, and a replay of it needs its bars."""
VOLATILITY_FLOOR: Final = 1e-7
"""Per square root of a second, 0.06 % a year: a price that did not move in half an hour is not a division by zero."""

_end = attrgetter("event_time")


class BarContext(NamedTuple):
    """The bars' part of a feature row. `volatility` per √s of log return, `last_return` the last bar's log return."""

    volatility: float
    last_return: float
    bar_ids: tuple[str, ...]
    simulated: bool


class BarHistory:
    """The last bars of one symbol, in order of time whatever their order of arrival."""

    def __init__(self) -> None:
        self._bars: list[BarClosed] = []
        self._cached: tuple[BarClosed, BarClosed, int] | None = None
        self._context: BarContext | None = None

    def add(self, bar: BarClosed) -> None:
        """Take a bar in; of two for the same minute the first stands, a repetition changes nothing."""
        if bar.interval_s != INTERVAL_S:
            return
        at = bisect_right(self._bars, bar.event_time, key=_end)
        if at and self._bars[at - 1].event_time == bar.event_time:
            return
        insort(self._bars, bar, key=_end)
        del self._bars[:-MAX_BARS]

    def as_of(self, event_time: int) -> BarContext | None:
        """What the bars of the window that ended `LAG_S` ago say, or None if they are too few."""
        newest = event_time - LAG_S * MICROS
        last = bisect_right(self._bars, newest, key=_end)
        first = bisect_right(self._bars, newest - WINDOW_S * MICROS, key=_end)
        if last - first < MIN_BARS:
            return None
        key = (self._bars[first], self._bars[last - 1], last - first)
        if self._cached != key:  # once a minute; the books in between share the context
            self._cached, self._context = key, context_of(self._bars[first:last])
        return self._context


def context_of(bars: Sequence[BarClosed]) -> BarContext:
    """Context of bars in order of time, at least two: realised volatility from close to close across gaps."""
    returns = [log(late.close / early.close) for early, late in pairwise(bars)]
    span_s = (bars[-1].event_time - bars[0].event_time) / MICROS
    volatility = sqrt(sum(value * value for value in returns) / span_s)
    return BarContext(
        volatility=max(volatility, VOLATILITY_FLOOR),
        last_return=returns[-1],
        bar_ids=tuple(bar.event_id for bar in bars),
        simulated=any(bar.simulated for bar in bars),
    )
