"""A tiny market for the model tests: feature events whose direction the order book foretells by a known amount."""

import math

import numpy as np

from contracts.events import BarClosed, MicrostructureComputed, TruthRevealed
from contracts.ids import make_id

SECOND = 1_000_000
START = 1_767_225_600_000_000
BOOK_EVERY_S = 2


def micro(
    time: int, *, symbol: str = "AAPL", source: str = "tape", mid: float = 100.0, imbalance: float = 0.0,
    spread: float = 0.02, simulated: bool = True,
) -> MicrostructureComputed:  # fmt: skip
    """Features of a book that leans by `imbalance` at every depth."""
    book_id = make_id("BookUpdated", source, symbol, time)
    return MicrostructureComputed(
        event_id=make_id("MicrostructureComputed", book_id), event_time=time, source=source, simulated=simulated,
        book_id=book_id, symbol=symbol, mid=mid, microprice=mid + spread / 2 * imbalance, spread=spread,
        imbalance_1=imbalance, imbalance_3=imbalance, imbalance_5=imbalance, imbalance_10=imbalance,
    )  # fmt: skip


def bar(
    end: int, close: float = 100.0, *, symbol: str = "AAPL", source: str = "tape", interval_s: int = 60,
    simulated: bool = True,
) -> BarClosed:  # fmt: skip
    """A bar that ends at `end`."""
    return BarClosed(
        event_id=make_id("BarClosed", source, symbol, interval_s, end, str(close)), event_time=end, source=source,
        simulated=simulated, symbol=symbol, interval_s=interval_s, opened_at=end - interval_s * SECOND, open=close,
        high=close, low=close, close=close, volume=100, vwap=close, trade_count=1,
    )  # fmt: skip


def minutes(count: int, *, last_end: int, symbol: str = "AAPL", source: str = "tape") -> list[BarClosed]:
    """`count` bars in a row whose closes alternate by a basis point, the last ending at `last_end`."""
    return [
        bar(last_end - 60 * SECOND * back, 100.0 + 0.01 * (back % 2), symbol=symbol, source=source)
        for back in reversed(range(count))
    ]


def tape(
    minutes_long: int, seed: int, *, lead: float = 0.8
) -> tuple[list[MicrostructureComputed | BarClosed], list[TruthRevealed]]:
    """Features and truth of two symbols: each book is a fresh draw and moves the mid of ten seconds later.

    The log return over a step is σ · (lead · flow five steps before + noise); the book shows the flow exactly.
    """
    random = np.random.default_rng(seed)
    events: list[MicrostructureComputed | BarClosed] = []
    truth: list[TruthRevealed] = []
    sigma, steps = 2e-4, minutes_long * 60 // BOOK_EVERY_S
    ahead = 10 // BOOK_EVERY_S
    for symbol in ("AAPL", "MSFT"):
        flow = random.standard_normal(steps)
        moves = sigma * (lead * flow + random.standard_normal(steps))
        price = 100 * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
        noise = sigma * math.sqrt(ahead - 1 + lead**2 * (ahead - 1) + 1)
        for step in range(steps):
            time = START + step * BOOK_EVERY_S * SECOND
            events.append(micro(time, symbol=symbol, mid=float(price[step]), imbalance=math.tanh(flow[step])))
            up = 0.5 * math.erfc(-lead * sigma * flow[step] / noise / math.sqrt(2))
            truth.append(
                TruthRevealed(
                    event_id=make_id("TruthRevealed", symbol, time), event_time=time, source="tape", simulated=True,
                    symbol=symbol, horizon_s=10, flow=float(flow[step]), volatility=0.3,
                    expected_return=float(lead * sigma * flow[step]), probability_up=up,
                )
            )  # fmt: skip
            if step and step * BOOK_EVERY_S % 60 == 0:
                events.append(bar(time, float(price[step]), symbol=symbol))
    return events, truth
