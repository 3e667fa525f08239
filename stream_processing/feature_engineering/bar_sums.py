"""The sum of the trades of one bar: exact, whatever the order in which they are counted in.

Prices count to a millionth of a dollar and are added as whole numbers, because a sum of doubles would depend on the
order. So sums of trades may be summed in turn. Days are those of UTC, weeks begin on Monday.
"""

from math import log
from typing import Final

from msgspec import Struct

from contracts.events import BarClosed, TradeReceived
from contracts.ids import make_id

MICROS: Final = 1_000_000
PRICE_MICROS: Final = 1_000_000
"""No venue quotes finer than a millionth of a dollar."""
WEEK_S: Final = 604_800
FIRST_MONDAY_US: Final = 4 * 86_400 * MICROS
"""The epoch was a Thursday."""
CARRY: Final = 10**18
"""A turnover beyond this is carried, for MessagePack's whole numbers have 64 bits."""


class Sum(Struct, array_like=True):
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
    turnover: int = 0
    """In millionths of a dollar, and below `CARRY` between trades; the rest is in `carried`."""
    carried: int = 0
    count: int = 0
    squared: float = 0.0
    second_close: float = 0.0
    revision: int = 0

    @property
    def ends_at(self) -> int:
        """Microseconds since the epoch."""
        return self.opened_at + self.interval_s * MICROS

    @property
    def vwap(self) -> float:
        """Turnover over volume (dollars); the close if no share was traded."""
        if not self.volume:
            return self.close
        return (self.carried * CARRY + self.turnover) / PRICE_MICROS / self.volume

    def add(self, trade: TradeReceived) -> None:
        """Count a trade in."""
        price, size = trade.price, trade.size
        place = (trade.event_time, trade.sequence, trade.event_id)
        if place > self.last:
            self.last, self.close = place, price
        elif place < self.first:
            self.first, self.open = place, price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += size
        self.signed += trade.side * size
        self.turnover += round(price * PRICE_MICROS) * size
        self.count += 1
        if self.turnover >= CARRY:
            self._carry()

    def merge(self, part: "Sum") -> None:
        """Count in what another sum counted."""
        if part.last > self.last:
            self.last, self.close = part.last, part.close
        if part.first < self.first:
            self.first, self.open = part.first, part.open
        self.high, self.low = max(self.high, part.high), min(self.low, part.low)
        self.volume += part.volume
        self.signed += part.signed
        self.turnover += part.turnover
        self.carried += part.carried
        self.count += part.count
        self._carry()

    def end_second(self, second: "Sum") -> None:
        """Count in the return to the close of a second that is over."""
        before = self.second_close or second.open
        self.squared += log(second.close / before) ** 2
        self.second_close = second.close

    def _carry(self) -> None:
        more, self.turnover = divmod(self.turnover, CARRY)
        self.carried += more


def begun(interval_s: int, opened_at: int, trade: TradeReceived) -> Sum:
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
