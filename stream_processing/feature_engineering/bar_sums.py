"""The sum of the trades of one bar: exact, whatever the order in which they are counted in.

Prices count to a millionth of a dollar and are added as whole numbers, because a sum of doubles would depend on the
order. Days are those of UTC, weeks begin on Monday.
"""

from math import log
from typing import Final, NamedTuple

from msgspec import Struct

from contracts.events import BarClosed
from contracts.ids import make_id

MICROS: Final = 1_000_000
PRICE_MICROS: Final = 1_000_000
"""No venue quotes finer than a millionth of a dollar."""
WEEK_S: Final = 604_800
FIRST_MONDAY_US: Final = 4 * 86_400 * MICROS
"""The epoch was a Thursday."""


class Trade(NamedTuple):
    """What a bar needs of a trade."""

    event_id: str
    event_time: int
    sequence: int
    price: float
    size: int
    side: int


class Sum(Struct):
    """The trades of one bar so far."""

    interval_s: int
    opened_at: int
    first: tuple[int, int, str]
    """Time, sequence and id of the first trade, in this order of importance; likewise of the last."""
    last: tuple[int, int, str]
    open: float
    close: float
    high: float
    low: float
    volume: int = 0
    signed: int = 0
    turnover: str = "0"
    """Exact, in millionths of a dollar; as text, for it may exceed 64 bits."""
    count: int = 0
    squared: float = 0.0
    second_close: float = 0.0
    revision: int = 0

    @property
    def ends_at(self) -> int:
        """Microseconds since the epoch."""
        return self.opened_at + self.interval_s * MICROS

    def add(self, trade: Trade, turnover: int) -> None:
        """Count a trade in; its turnover is in millionths of a dollar."""
        place = (trade.event_time, trade.sequence, trade.event_id)
        if place < self.first:
            self.first, self.open = place, trade.price
        if place > self.last:
            self.last, self.close = place, trade.price
        self.high, self.low = max(self.high, trade.price), min(self.low, trade.price)
        self.volume += trade.size
        self.signed += trade.side * trade.size
        self.turnover = str(int(self.turnover) + turnover)
        self.count += 1

    def end_second(self, second: "Sum") -> None:
        """Count in the return to the close of a second that is over."""
        before = self.second_close or second.open
        self.squared += log(second.close / before) ** 2
        self.second_close = second.close


def begun(interval_s: int, opened_at: int, trade: Trade) -> Sum:
    """The sum of no trades yet, of which this one will be the first counted in."""
    place = trade.event_time, trade.sequence, trade.event_id
    return Sum(interval_s, opened_at, place, place, trade.price, trade.price, trade.price, trade.price)


def opened_at(moment: int, interval_s: int) -> int:
    """When the bar that holds a moment opened (µs)."""
    shift = FIRST_MONDAY_US if interval_s == WEEK_S else 0
    return moment - (moment - shift) % (interval_s * MICROS)


def bar_id(source: str, symbol: str, interval_s: int, opened_at: int) -> str:
    """The id of a final bar."""
    return make_id(BarClosed.__name__, source, symbol, interval_s, opened_at)
