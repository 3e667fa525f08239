"""What is known at this moment about underlyings and contracts: the state that option quotes are stamped from.

An option quote says nothing of its underlying, so its Greeks need the price that was known when it arrived. Stamping it
once, at the edge, makes the event self-contained: a replay computes the same Greeks, whatever is known by then.

A trade of an option says nothing of the bid and ask that it met; they are those of the contract's quote seen last.

Rate and dividend yields are constants of the settings, an assumption that every stamped event shows in its own fields.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from math import log, sqrt
from typing import Any, NamedTuple

from contracts.instruments import OptionContract, Style
from contracts.sessions import MICROS

YEAR_US = 365 * 24 * 3600 * MICROS
NEAREST_YEARS = 1 / 365
"""A contract's time to expiry counts as at least a day: otherwise the last hours would push away all but one strike."""


class Underlying(NamedTuple):
    """A price of an underlying and its exchange time, microseconds since the epoch."""

    price: float
    time: int


class Terms(NamedTuple):
    """A listed contract as the chain snapshot describes it. `multiplier`: shares a contract delivers."""

    contract: OptionContract
    underlying: str
    expires_at: int
    multiplier: int
    style: Style


class AsOf:
    """Latest underlying prices, listed contracts and what was last said of these; one thread at a time."""

    def __init__(self, symbols: Iterable[str], rate: float, dividend_yields: Mapping[str, float]) -> None:
        self.symbols = frozenset(symbols)
        self.rate = rate
        self.contracts: dict[str, Terms] = {}
        self.quotes: dict[str, tuple[float, float]] = {}
        """Bid and ask of each contract that were seen last."""
        self.volumes: dict[str, dict[date, int]] = {}
        """What each contract was seen to trade on its last days of trading."""
        self.reported: dict[str, date] = {}
        """The day on which each contract's open interest was last reported."""
        self._dividend_yields = dict(dividend_yields)
        self._prices: dict[str, Underlying] = {}

    def observe(self, symbol: str, price: float, time: int) -> None:
        """Remember a price, unless a newer one is known: snapshots arrive late, and must not turn time back."""
        known = self._prices.get(symbol)
        if known is None or time >= known.time:
            self._prices[symbol] = Underlying(price, time)

    def latest(self, symbol: str) -> Underlying | None:
        """The newest price seen, if any."""
        return self._prices.get(symbol)

    def dividend_yield(self, symbol: str) -> float:
        """Continuous, per year; zero where the settings name none."""
        return self._dividend_yields.get(symbol, 0.0)

    def nearest(self, limit: int, now: int) -> frozenset[str]:
        """The `limit` listed contracts, over all underlyings, whose strikes lie nearest to the money.

        Distance is |ln(strike / price)| / √years, the number of standard deviations up to the volatility: it spreads
        the choice over strikes and expiries as their liquidity does. Expired contracts, and those of underlyings
        without a price, are left out. `now`: microseconds since the epoch.
        """
        distances: list[tuple[float, str]] = []
        for symbol, terms in self.contracts.items():
            underlying = self._prices.get(terms.underlying)
            if underlying is not None and terms.expires_at > now:
                years = max((terms.expires_at - now) / YEAR_US, NEAREST_YEARS)
                distances.append((abs(log(terms.contract.strike / underlying.price)) / sqrt(years), symbol))
        return frozenset(symbol for _, symbol in sorted(distances)[:limit])

    def forget_expired(self, now: int) -> None:
        """Drop contracts that have expired, so that a process that runs for months does not grow."""
        self.contracts = {symbol: terms for symbol, terms in self.contracts.items() if terms.expires_at > now}
        memories: tuple[dict[str, Any], ...] = (self.quotes, self.volumes, self.reported)
        for memory in memories:
            for symbol in memory.keys() - self.contracts.keys():
                del memory[symbol]
