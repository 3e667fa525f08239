"""What the tables of the application say, as text. Pure.

A grid is rows of cells under fixed columns. A cell is `[text]`, `[text, tone]` or `[text, tone, points]`: the tone
picks a colour in the style sheet, and the points are drawn as a line. The browser gets rows, no markup.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from contracts.events import GreeksComputed
from visualization.dash_app.flow import Flow
from visualization.dash_app.live_view import LiveView, ShownSignal

SIGNAL_ROWS: Final = 60
SPARK_BARS: Final = 60
SPARK_WIDTH: Final = 90
SPARK_HEIGHT: Final = 18
NONE: Final = "–"
US_PER_S: Final = 1_000_000
STALE_S: Final = 60.0
"""A quote or an underlying price older than this is shown as old."""

Cell = list[str]
Rows = dict[str, list[Cell]]
"""Row key → cells, in the order in which the rows stand."""


class Column(NamedTuple):
    """A column's heading, the unit under it, and what it means."""

    title: str
    unit: str = ""
    meaning: str = ""


PRICES: Final = (
    Column("Symbol"),
    Column("Last", "USD", "Price of the newest trade"),
    Column("1 h", "%", "Change against an hour ago, or against the first bar where that is younger"),
    Column("Bid", "USD"),
    Column("Ask", "USD"),
    Column("Spread", "bp", "Ask less bid, in hundredths of a per cent of the middle"),
    Column("Sizes", "bid × ask", "Shares at the best bid and ask"),
    Column("Last hour", "", "Closes of the last sixty one-minute bars"),
    Column("Signal", "", "Newest recommendation and its confidence"),
    Column("Age", "s", "Since the newest quote"),
)
_SIDE: Final = (
    Column("Bid", "USD"),
    Column("Ask", "USD"),
    Column("IV", "%", "Implied volatility, per cent per year; or the reason why there is none"),
    Column("Δ", "per $", "Delta: change of the option's price per 1.00 of the underlying"),
    Column("Γ", "per $²", "Gamma: change of delta per 1.00 of the underlying"),
    Column("Vega", "per pt", "Change of the option's price per volatility point"),
    Column("Θ", "per day", "Theta: change of the option's price per calendar day"),
    Column("Age", "s", "Age of the underlying price that the Greeks were computed with"),
)
CHAIN: Final = (*_SIDE, Column("Strike", "USD"), *reversed(_SIDE))
SIGNALS: Final = (
    Column("Time", "UTC", "Exchange time of the order book that led to it"),
    Column("Symbol"),
    Column("Action"),
    Column("Conf.", "%", "Calibrated probability that the direction is right at the horizon"),
    Column("Horizon", "s"),
    Column("Price", "USD", "Middle of the market when it was issued"),
    Column("Latency", "ms", "From when its market data were due until Kafka had the signal"),
    Column("Reason"),
)
STREAMS: Final = (
    Column("Stream"),
    Column("Rate", "1/s", "Records a second, over the last ten seconds"),
    Column("Seen", "records", "Since this page's server started"),
    Column("Silent", "s", "Since the last record"),
    Column("Median", "ms", "From when the market data were due until Kafka had the record, last minute"),
    Column("p99", "ms"),
    Column("Max", "ms"),
)
SERVICES: Final = (
    Column("Service"),
    Column("State"),
    Column("In", "1/s", "Records read"),
    Column("Out", "1/s", "Events published or rows stored"),
    Column("Memory", "MiB", "Resident"),
    Column("Detail"),
)

REASONS: Final[Mapping[str, str]] = {
    "no_bid": "no bid",
    "stale": "stale",
    "crossed": "crossed",
    "expired": "expired",
    "below_intrinsic": "< intrinsic",
    "above_bound": "> bound",
    "zero_vega": "no vega",
    "bad_input": "bad input",
}


def prices(view: LiveView, now: int) -> Rows:
    """A row for each underlying."""
    return {symbol: _price_row(view, symbol, now) for symbol in view.symbols}


def chain(view: LiveView, symbol: str, expires_at: int, now: int) -> Rows:
    """A row for each strike: calls, strike, puts."""
    last = view.last_price(symbol)
    rows: Rows = {}
    for strike in view.chain(symbol, expires_at):
        call, put = _side(strike.call, now), _side(strike.put, now)
        in_money = last is not None and strike.strike < last
        middle = [f"{strike.strike:,.10g}", "strike itm" if in_money else "strike otm"]
        rows[f"{strike.strike:.10g}"] = [*call, middle, *reversed(put)]
    return rows


def chain_caption(view: LiveView, symbol: str, expires_at: int) -> str:
    """What holds for the chain as a whole."""
    greeks = [side for row in view.chain(symbol, expires_at) for side in (row.call, row.put) if side is not None]
    if not greeks:
        return "No Greeks yet for this expiry"
    methods = ", ".join(sorted({side.method for side in greeks}))
    valued = sum(side.reason == "ok" for side in greeks)
    last = view.last_price(symbol)
    price = NONE if last is None else f"{last:,.2f} USD"
    return f"{symbol} {price} · {valued} of {len(greeks)} contracts valued · method: {methods}"


def signals(shown: Sequence[ShownSignal]) -> Rows:
    """A row for each signal."""
    return {
        each.signal.event_id: [
            [_clock(each.signal.event_time)],
            [each.signal.symbol, "name"],
            [each.signal.action, each.signal.action.lower()],
            [f"{100 * each.signal.confidence:.1f}"],
            [str(each.signal.horizon_s)],
            [f"{each.signal.reference_price:,.2f}"],
            [NONE if each.latency_us is None else f"{each.latency_us / 1000:,.1f}"],
            [each.signal.reason, "words"],
        ]
        for each in shown
    }


def streams(flows: Mapping[str, Flow], now: int) -> Rows:
    """A row for each stream."""
    rows: Rows = {}
    for name, flow in flows.items():
        age, latency = flow.age_s(now), flow.latency(now)
        times = [NONE] * 3 if latency is None else [f"{value:,.1f}" for value in latency]
        rows[name] = [
            [name, "name"],
            [f"{flow.rate_per_s(now):,.1f}"],
            [f"{flow.total:,}"],
            [NONE] if age is None else [f"{age:.0f}", "old" if age > STALE_S else ""],
            *([text] for text in times),
        ]
    return rows


def expiry_label(expires_at: int, now: int) -> str:
    """An expiry as a choice: its date and how far away it is."""
    days = (expires_at - now) / (86_400 * US_PER_S)
    away = f"{days:.0f} d" if days >= 1 else f"{24 * max(days, 0):.0f} h"
    return f"{datetime.fromtimestamp(expires_at / US_PER_S, UTC):%a %d %b %y} · {away}"


def _price_row(view: LiveView, symbol: str, now: int) -> list[Cell]:
    quote, last, change = view.quote(symbol), view.last_price(symbol), view.hour_change(symbol)
    tone = "" if change is None or not change else "up" if change > 0 else "down"
    signal = view.latest_signal(symbol)
    said = [NONE] if signal is None else [f"{signal.action} {100 * signal.confidence:.0f} %", signal.action.lower()]
    closes = [bar.close for bar in view.bars(symbol)[-SPARK_BARS:]]
    quoted: list[Cell] = [[NONE]] * 4
    age: Cell = [NONE]
    if quote is not None:
        middle = (quote.bid + quote.ask) / 2
        spread = [f"{1e4 * (quote.ask - quote.bid) / middle:.1f}"] if quote.bid and quote.ask else [NONE]
        sizes = [f"{quote.bid_size:,} × {quote.ask_size:,}", "dim"]
        quoted = [_price(quote.bid), _price(quote.ask), spread, sizes]
        age = _age(now - quote.event_time)
    return [
        [symbol, "name"],
        [NONE] if last is None else [f"{last:,.2f}", "tick"],
        [NONE] if change is None else [f"{100 * change:+.2f}", tone],
        *quoted,
        ["", f"spark {tone}", spark([*closes, *([] if last is None else [last])])],
        said,
        age,
    ]


def _side(greeks: GreeksComputed | None, now: int) -> list[Cell]:
    if greeks is None:
        return [[NONE, "dim"]] * len(_SIDE)
    quoted = [_price(greeks.bid), _price(greeks.ask)]
    age = _age(now - greeks.underlying_time)
    if greeks.reason != "ok":
        return [*quoted, [REASONS.get(greeks.reason, greeks.reason), "why"], *[["", ""]] * 4, age]
    values = (
        (greeks.implied_vol, "{:.1f}", 100), (greeks.delta, "{:+.3f}", 1), (greeks.gamma, "{:.4f}", 1),
        (greeks.vega, "{:.3f}", 1), (greeks.theta, "{:+.3f}", 1),
    )  # fmt: skip
    return [*quoted, *([NONE] if v is None else [text.format(v * scale)] for v, text, scale in values), age]


def spark(values: Sequence[float]) -> str:
    """Points of a line through the values, for an SVG of `SPARK_WIDTH` × `SPARK_HEIGHT`."""
    if len(values) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = min(values), max(values)
    height = (SPARK_HEIGHT - 2) / (high - low) if high > low else 0.0
    step = SPARK_WIDTH / (len(values) - 1)
    return " ".join(f"{i * step:.1f},{SPARK_HEIGHT - 1 - (v - low) * height:.1f}" for i, v in enumerate(values))


def _price(value: float) -> Cell:
    return [f"{value:,.2f}"] if value else [NONE, "dim"]


def _age(age_us: int) -> Cell:
    age_s = max(age_us, 0) / US_PER_S
    return [f"{age_s:.0f}" if age_s < 1000 else ">999", "old" if age_s > STALE_S else "dim"]  # noqa: PLR2004


def _clock(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / US_PER_S, UTC):%H:%M:%S}"
