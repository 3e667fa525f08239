"""What is remembered of the chain of one underlying, compact because it is written with every batch."""

from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct, field

from contracts.events import OpenInterestReported, OptionQuoteReceived, OptionTraded
from contracts.sessions import MICROS, NEW_YORK

MOST_CONTRACTS: Final = 16_384
"""Of one underlying; an index lists 13,000. Of more, those quoted longest ago are let go."""
MOST_CELLS: Final = 240
"""Grid instants that may wait for the time to pass between two batches, 20 minutes of five seconds each. The oldest of
more become one: their last quotes stay, the snapshots between are not made."""
INTEREST_KEPT_US: Final = 7 * 86_400 * MICROS
"""Open interest is reported every morning; what was not for a week is of a contract that is gone."""
HISTORY_DAYS: Final = 252
_SYMBOL_TAIL: Final = 16
"""Characters of an OCC symbol from the last of its root on."""


class Quote(NamedTuple):
    """What is kept of a quote. The first three order the quotes of a contract: of two the larger is the later one."""

    time: int
    sequence: int
    quote_id: str
    contract: str
    expires_at: int
    strike: float
    is_call: bool
    is_american: bool
    multiplier: int
    bid: float
    ask: float
    underlying_price: float
    underlying_time: int
    rate: float
    dividend_yield: float


class Stamp(NamedTuple):
    """The underlying's price as a quote was stamped with it. The newest is the largest."""

    time: int
    quote_time: int
    quote_id: str
    price: float


UNSTAMPED: Final = Stamp(0, 0, "", 1.0)
"""Before the first quote."""


class Interest(NamedTuple):
    """Open interest of a contract. The newest is the largest."""

    time: int
    event_id: str
    contracts: int


class Solved(NamedTuple):
    """What a quote says at the price of the underlying that it was stamped with; NaN where it says nothing."""

    reason: int
    vol: float
    """By the exact engine, per year."""
    live_vol: float
    """By the formula that runs on every quote."""


class Cell(Struct):
    """What is dated after one instant of the grid and up to the next."""

    quotes: dict[str, Quote] = field(default_factory=dict)
    """The last one of each contract."""
    stamp: Stamp = UNSTAMPED
    interest: dict[str, Interest] = field(default_factory=dict)
    trades: dict[str, tuple[bool, int]] = field(default_factory=dict)
    """By id: whether of a call, and how many contracts."""

    def quote(self, event: OptionQuoteReceived) -> None:
        """One more quote."""
        time = min(event.underlying_time, event.event_time)
        self.stamp = max(self.stamp, Stamp(time, event.event_time, event.event_id, event.underlying_price))
        known = self.quotes.get(event.contract)
        if known is None or (event.event_time, event.sequence, event.event_id) > known[:3]:
            self.quotes[event.contract] = kept(event)

    def report(self, event: OpenInterestReported) -> None:
        """One more report."""
        found = Interest(event.event_time, event.event_id, event.open_interest)
        known = self.interest.get(event.contract)
        if known is None or found > known:
            self.interest[event.contract] = found

    def trade(self, event: OptionTraded) -> None:
        """One more trade."""
        self.trades[event.event_id] = event.right == "C", event.size

    def fold(self, earlier: "Cell") -> None:
        """Take in the cell before."""
        self.quotes = earlier.quotes | self.quotes
        self.interest = earlier.interest | self.interest
        self.trades |= earlier.trades
        self.stamp = max(self.stamp, earlier.stamp)


class Memory(Struct):
    """All that is remembered of one underlying; it survives restarts as MessagePack."""

    closed: int = 0
    """Snapshots up to here are made."""
    quotes: dict[str, Quote] = field(default_factory=dict)
    solved: dict[str, Solved] = field(default_factory=dict)
    """What these say, of those that were part of a snapshot."""
    stamp: Stamp = UNSTAMPED
    interest: dict[str, Interest] = field(default_factory=dict)
    day: int = 0
    """Of the last snapshot, in New York."""
    calls: int = 0
    """Contracts traded on that day, and of puts."""
    puts: int = 0
    vol: float | None = None
    """The last volatility of that day at the money, 30 days ahead."""
    closes: list[float] = field(default_factory=list)
    """The last one of each day before."""
    pending: dict[int, Cell] = field(default_factory=dict)
    """By the instant of the grid at which they end."""

    def close(self, instant: int) -> bool:
        """Take in the cell that ends at an instant; whether it has quotes."""
        cell = self.pending.pop(instant)
        self._begin(datetime.fromtimestamp(instant // MICROS, NEW_YORK).toordinal())
        for contract, quote in cell.quotes.items():
            self.quotes[contract] = quote
            self.solved.pop(contract, None)
        self.interest |= cell.interest
        self.calls += sum(size for is_call, size in cell.trades.values() if is_call)
        self.puts += sum(size for is_call, size in cell.trades.values() if not is_call)
        self.stamp = max(self.stamp, cell.stamp)
        self._forget(instant)
        return bool(cell.quotes)

    def thin(self) -> int:
        """Leave at most `MOST_CELLS` pending; how many are no more."""
        surplus = sorted(self.pending)[: max(0, len(self.pending) - MOST_CELLS)]
        for instant in surplus:
            cell = self.pending.pop(instant)
            self.pending[min(self.pending)].fold(cell)
        return len(surplus)

    def _begin(self, day: int) -> None:
        if day == self.day:
            return
        if self.vol is not None:
            self.closes = [*self.closes, self.vol][-HISTORY_DAYS:]
        self.day, self.calls, self.puts, self.vol = day, 0, 0, None

    def _forget(self, instant: int) -> None:
        gone = [one.contract for one in self.quotes.values() if one.expires_at <= instant]
        surplus = len(self.quotes) - len(gone) - MOST_CONTRACTS
        if surplus > 0:
            gone += [one.contract for one in sorted(self.quotes.values()) if one.expires_at > instant][:surplus]
        for contract in gone:
            del self.quotes[contract]
            self.solved.pop(contract, None)
            self.interest.pop(contract, None)
        old = [contract for contract, one in self.interest.items() if one.time <= instant - INTEREST_KEPT_US]
        for contract in old:
            del self.interest[contract]


def kept(event: OptionQuoteReceived) -> Quote:
    """What is kept of a quote."""
    return Quote(
        event.event_time,
        event.sequence,
        event.event_id,
        event.contract,
        event.expires_at,
        event.strike,
        event.right == "C",
        event.style == "american",
        event.multiplier,
        event.bid,
        event.ask,
        event.underlying_price,
        event.underlying_time,
        event.rate,
        event.dividend_yield,
    )


def is_adjusted(contract: str) -> bool:
    """Whether a contract is on another deliverable than a hundred shares, so that its stamps price something else.

    >>> is_adjusted("AAPL1260116C00190000"), is_adjusted("AAPL260116C00190000")
    (True, False)
    """
    return contract[-_SYMBOL_TAIL : 1 - _SYMBOL_TAIL].isdigit()
