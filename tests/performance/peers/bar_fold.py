"""What the peers fold trades into: a bar as a plain list, which each of them can keep as JSON.

Runs in the peers' own environments. The first and the last trade are those by time and sequence, as in our bars.
"""

from typing import Any

MINUTE_US = 60_000_000
LATENESS_MS = 1_000
SOURCE = "market.trades"
SINK = "peers.bars"

Bar = list[Any]
"""Place of the first trade, place of the last, open, high, low, close, volume, turnover, count."""


def begun(trade: dict[str, Any]) -> Bar:
    """The bar of one trade."""
    place, price, size = [trade["event_time"], trade["sequence"]], trade["price"], trade["size"]
    return [place, place, price, price, price, price, size, price * size, 1]


def add(bar: Bar, trade: dict[str, Any]) -> Bar:
    """Count a trade in."""
    first, last, opened, high, low, closed, volume, turnover, count = bar
    place, price, size = [trade["event_time"], trade["sequence"]], trade["price"], trade["size"]
    if place < first:
        first, opened = place, price
    if place > last:
        last, closed = place, price
    return [
        first,
        last,
        opened,
        max(high, price),
        min(low, price),
        closed,
        volume + size,
        turnover + price * size,
        count + 1,
    ]


def row(symbol: str, opened_at: int, bar: Bar) -> dict[str, Any]:
    """The final bar, as it is published."""
    _, _, opened, high, low, closed, volume, turnover, count = bar
    return {
        "symbol": symbol,
        "opened_at": opened_at,
        "open": opened,
        "high": high,
        "low": low,
        "close": closed,
        "volume": volume,
        "vwap": turnover / volume,
        "trade_count": count,
    }
