"""How fast records flow, and how long they took on their way, second by second over the last minutes. Pure.

Latencies are counted in bins that grow by a tenth, from a tenth of a millisecond on: a quantile is right to 5 %, and
memory does not depend on the rate. Maxima are exact.
"""

import math
from collections import Counter
from typing import Final, NamedTuple

KEPT_S: Final = 300
RATE_WINDOW_S: Final = 10
"""Seconds over which a rate is averaged; the current second, still incomplete, is left out."""
BIN_GROWTH: Final = 1.1
SMALLEST_US: Final = 100.0
US_PER_S: Final = 1_000_000
_LOG_GROWTH: Final = math.log(BIN_GROWTH)


class Second:
    """What arrived within one second."""

    def __init__(self) -> None:
        self.count = 0
        self.bins: Counter[int] = Counter()
        self.max_us = 0

    def add(self, latency_us: int | None) -> None:
        """Count a record, and its latency where it is known."""
        self.count += 1
        if latency_us is not None:
            self.bins[round(math.log(max(latency_us, SMALLEST_US) / SMALLEST_US) / _LOG_GROWTH)] += 1
            self.max_us = max(self.max_us, latency_us)


class Latency(NamedTuple):
    """Milliseconds."""

    p50_ms: float
    p99_ms: float
    max_ms: float


class Flow:
    """One stream of records."""

    def __init__(self) -> None:
        self._seconds: dict[int, Second] = {}
        self._last = 0
        self.total = 0

    def add(self, appended_at: int, due: int | None) -> None:
        """A record that Kafka got at `appended_at` and whose market data were `due` then, µs."""
        second = appended_at // US_PER_S
        self.total += 1
        if second > self._last:
            self._last = second
            self._seconds = {at: found for at, found in self._seconds.items() if at > second - KEPT_S}
        if second > self._last - KEPT_S:
            self._seconds.setdefault(second, Second()).add(None if due is None else appended_at - due)

    def rate_per_s(self, now: int) -> float:
        """Records a second over the last `RATE_WINDOW_S` whole seconds."""
        second = now // US_PER_S
        window = (self._seconds.get(at) for at in range(second - RATE_WINDOW_S, second))
        return sum(found.count for found in window if found is not None) / RATE_WINDOW_S

    def age_s(self, now: int) -> float | None:
        """Since the last record, to the second; None before the first."""
        return max(now / US_PER_S - self._last - 1, 0.0) if self._last else None

    def latency(self, now: int, window_s: int = 60) -> Latency | None:
        """Over the last `window_s` seconds; None where nothing is known."""
        second = now // US_PER_S
        return _latency([found for at, found in self._seconds.items() if at >= second - window_s])

    def history(self) -> list[tuple[int, float, Latency | None]]:
        """(Second since the epoch, records, latency) for each second kept, oldest first."""
        return [(at, found.count, _latency([found])) for at, found in sorted(self._seconds.items())]


def _latency(seconds: list[Second]) -> Latency | None:
    bins: Counter[int] = Counter()
    for second in seconds:
        bins.update(second.bins)
    if not bins:
        return None
    maximum_ms = max(second.max_us for second in seconds) / 1000
    return Latency(min(_quantile_ms(bins, 0.5), maximum_ms), min(_quantile_ms(bins, 0.99), maximum_ms), maximum_ms)


def _quantile_ms(bins: Counter[int], share: float) -> float:
    wanted, seen = math.ceil(share * bins.total()), 0
    for index in sorted(bins):
        seen += bins[index]
        if seen >= wanted:
            break
    return SMALLEST_US * BIN_GROWTH**index / 1000
