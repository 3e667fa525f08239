"""What the application knows at this moment, folded from events. Pure.

Theory of operation
-------------------
`LiveView.apply` takes events in any order and any number of times: the newest fact of each kind wins (by event time,
then id), bars and signals are kept once. So the recent past may be read from the database while live events already
arrive. Everything is bounded: symbols, contracts, bars and signals have limits, and what is oldest goes first.
`revision` counts changes, so that a reader can tell whether there is anything new to show.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

from contracts import stages
from contracts.events import (
    BarClosed,
    Event,
    GreeksComputed,
    QuoteReceived,
    SignalIssued,
    TradeReceived,
)
from contracts.ports import Stamps

BAR_S: Final = 60
"""Length of the bars that are shown."""
MAX_SYMBOLS: Final = 500
MAX_CONTRACTS: Final = 50_000
"""About 50 MB; the simulated market has 3,500."""
MAX_BARS: Final = 480
"""Of a symbol: eight hours of minutes."""
MAX_SIGNALS: Final = 2_000
"""About three minutes of ten symbols that refresh every second; older ones are asked from the database."""
HOUR_US: Final = 3_600_000_000

Newest = TypeVar("Newest", QuoteReceived, TradeReceived, GreeksComputed)


class ShownSignal(NamedTuple):
    """A signal, the moments it passed, and whether it said something else than the one before it."""

    signal: SignalIssued
    stamps: Stamps
    is_change: bool

    @property
    def latency_us(self) -> int | None:
        """From when its market data were due until Kafka had the signal."""
        due, signalled = self.stamps.get(stages.DUE), self.stamps.get(stages.SIGNALLED)
        return None if due is None or signalled is None else signalled - due


class Strike(NamedTuple):
    """One row of a chain."""

    strike: float
    call: GreeksComputed | None
    put: GreeksComputed | None


class LiveView:
    """The newest of everything."""

    def __init__(self) -> None:
        self.revision = 0
        self.simulated = False
        self._newest_time = 0
        self._quotes: dict[str, QuoteReceived] = {}
        self._trades: dict[str, TradeReceived] = {}
        self._bars: dict[str, list[BarClosed]] = {}
        self._greeks: OrderedDict[str, GreeksComputed] = OrderedDict()
        self._chains: dict[str, dict[int, set[str]]] = {}
        self._signals: list[SignalIssued] = []
        self._stamps: dict[str, Stamps] = {}
        self._shown: list[ShownSignal] = []
        """The signals as shown, put together when asked for; empty when there are new ones."""
        self._folds: dict[type[Event], Callable[..., None]] = {
            QuoteReceived: self._on_quote,
            TradeReceived: self._on_trade,
            BarClosed: self._on_bar,
            GreeksComputed: self._on_greeks,
            SignalIssued: self._on_signal,
        }

    def apply(self, event: Event, stamps: Stamps) -> None:
        """Take one event in; kinds that nobody looks at are passed over."""
        fold = self._folds.get(type(event))
        if fold is None:
            return
        self.revision += 1
        self.simulated |= event.simulated
        self._newest_time = max(self._newest_time, event.event_time)
        fold(event, stamps)

    @property
    def symbols(self) -> list[str]:
        """Underlyings of which anything is known, in alphabetical order."""
        return sorted({*self._quotes, *self._trades, *self._bars, *self._chains})

    def quote(self, symbol: str) -> QuoteReceived | None:
        """The newest quote of an underlying."""
        return self._quotes.get(symbol)

    def last_price(self, symbol: str) -> float | None:
        """Price of the newest trade; where nothing has traded yet, the middle of the quote."""
        trade, quote = self._trades.get(symbol), self._quotes.get(symbol)
        if trade is not None:
            return trade.price
        return (quote.bid + quote.ask) / 2 if quote is not None and quote.bid and quote.ask else None

    def bars(self, symbol: str) -> Sequence[BarClosed]:
        """Closed bars, oldest first."""
        return self._bars.get(symbol, ())

    def hour_change(self, symbol: str) -> float | None:
        """Share by which the last price differs from an hour ago (from the first bar, where that is younger)."""
        bars, last = self._bars.get(symbol), self.last_price(symbol)
        if not bars or last is None:
            return None
        then = bars[min(bisect_left(bars, self._newest_time - HOUR_US, key=_opened), len(bars) - 1)]
        return last / then.open - 1

    def expiries(self, symbol: str) -> list[int]:
        """Instants at which contracts on an underlying expire, µs; those that have expired are left out."""
        return sorted(expiry for expiry in self._chains.get(symbol, ()) if expiry > self._newest_time)

    def chain(self, symbol: str, expires_at: int) -> list[Strike]:
        """The newest Greeks of each contract, by strike."""
        rows: dict[float, dict[str, GreeksComputed]] = {}
        for contract in self._chains.get(symbol, {}).get(expires_at, ()):
            greeks = self._greeks[contract]
            rows.setdefault(greeks.strike, {})[greeks.right] = greeks
        return [Strike(strike, sides.get("C"), sides.get("P")) for strike, sides in sorted(rows.items())]

    def signals(self, limit: int, *, changes_only: bool = False) -> list[ShownSignal]:
        """The newest signals, newest first."""
        found: list[ShownSignal] = []
        for shown in self._newest_first():
            if len(found) == limit:
                break
            if shown.is_change or not changes_only:
                found.append(shown)
        return found

    def latest_signal(self, symbol: str) -> SignalIssued | None:
        """The newest signal on an underlying."""
        return next((signal for signal in reversed(self._signals) if signal.symbol == symbol), None)

    def find_signal(self, signal_id: str) -> ShownSignal | None:
        """One signal, if it is recent enough."""
        return next((shown for shown in self._newest_first() if shown.signal.event_id == signal_id), None)

    def _newest_first(self) -> Iterable[ShownSignal]:
        if len(self._shown) != len(self._signals):
            before: dict[str, str] = {}
            self._shown = []
            for signal in self._signals:
                is_change = before.get(signal.symbol) != signal.action
                self._shown.append(ShownSignal(signal, self._stamps[signal.event_id], is_change))
                before[signal.symbol] = signal.action
        return reversed(self._shown)

    def _on_quote(self, event: QuoteReceived, _: Stamps) -> None:
        _keep_newest(self._quotes, event.symbol, event)

    def _on_trade(self, event: TradeReceived, _: Stamps) -> None:
        _keep_newest(self._trades, event.symbol, event)

    def _on_bar(self, event: BarClosed, _: Stamps) -> None:
        if event.interval_s != BAR_S or (event.symbol not in self._bars and len(self._bars) >= MAX_SYMBOLS):
            return
        bars = self._bars.setdefault(event.symbol, [])
        place = bisect_left(bars, event.opened_at, key=_opened)
        if place < len(bars) and bars[place].opened_at == event.opened_at:
            bars[place] = max(bars[place], event, key=_order)
        else:
            bars.insert(place, event)
            del bars[:-MAX_BARS]

    def _on_greeks(self, event: GreeksComputed, _: Stamps) -> None:
        known = self._greeks.get(event.contract)
        if known is not None and _order(known) >= _order(event):
            return
        self._greeks[event.contract] = event
        self._greeks.move_to_end(event.contract)
        self._chains.setdefault(event.underlying, {}).setdefault(event.expires_at, set()).add(event.contract)
        if len(self._greeks) > MAX_CONTRACTS:
            self._forget(self._greeks.popitem(last=False)[1])

    def _forget(self, greeks: GreeksComputed) -> None:
        expiries = self._chains[greeks.underlying]
        expiries[greeks.expires_at].discard(greeks.contract)
        if not expiries[greeks.expires_at]:
            del expiries[greeks.expires_at]

    def _on_signal(self, event: SignalIssued, stamps: Stamps) -> None:
        if event.event_id in self._stamps:
            return
        self._stamps[event.event_id] = stamps
        insort(self._signals, event, key=_order)
        self._shown = []
        if len(self._signals) > MAX_SIGNALS:
            del self._stamps[self._signals.pop(0).event_id]


def _keep_newest(known: dict[str, Newest], key: str, event: Newest) -> None:
    if key in known:
        known[key] = max(known[key], event, key=_order)
    elif len(known) < MAX_SYMBOLS:
        known[key] = event


def _order(event: Event) -> tuple[int, str]:
    return event.event_time, event.event_id


def _opened(bar: BarClosed) -> int:
    return bar.opened_at
