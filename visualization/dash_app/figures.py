"""Figures, from what is known to a picture. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import plotly.graph_objects as go

from contracts import stages
from contracts.events import BarClosed
from contracts.ports import Stamps
from visualization.dash_app.flow import Latency

UP: Final = "#35a37c"
DOWN: Final = "#d9606a"
ACCENT: Final = "#4d9fdc"
WARM: Final = "#c9922f"
TEXT: Final = "#8793a3"
GRID: Final = "rgba(135, 147, 163, 0.16)"
FONT: Final = "Inter, system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

STEPS: Final[Mapping[str, str]] = {
    stages.SENT: "ingestion",
    stages.MARKET: "to Kafka (market)",
    stages.FEATURES: "Spark (features)",
    stages.SCORED: "scoring",
    stages.PREDICTED: "to Kafka (prediction)",
    stages.DECIDED: "engine",
    stages.SIGNALLED: "to Kafka (signal)",
}
"""What happens between the moment before and the one named."""


def candles(symbol: str, bars: Sequence[BarClosed], last: float | None) -> go.Figure:
    """Closed bars of an underlying (USD against UTC), with the last price as a line."""
    figure = _figure(f"{symbol}  ·  1-minute bars  ·  USD, UTC", uirevision=symbol)
    figure.add_trace(
        go.Candlestick(
            x=[_moment(bar.opened_at) for bar in bars],
            open=[bar.open for bar in bars],
            high=[bar.high for bar in bars],
            low=[bar.low for bar in bars],
            close=[bar.close for bar in bars],
            increasing={"line": {"color": UP, "width": 1}, "fillcolor": UP},
            decreasing={"line": {"color": DOWN, "width": 1}, "fillcolor": DOWN},
            name=symbol,
        )
    )
    if last is not None:
        figure.add_hline(
            y=last,
            line={"color": ACCENT, "width": 1, "dash": "dot"},
            annotation={
                "text": f"{last:,.2f}",
                "font": {"color": "white", "size": 11},
                "bgcolor": ACCENT,
                "borderpad": 2,
                "xanchor": "left",
            },
            annotation_position="right",
        )
    figure.update_xaxes(rangeslider_visible=False)
    figure.update_yaxes(side="right", tickformat=",.2f")
    return figure


def waterfall(stamps: Stamps) -> go.Figure:
    """Where a signal spent its time, in milliseconds since its market data were due: one bar a step."""
    passed = [name for name in stages.ORDER if name in stamps]
    steps = [(before, after, max((stamps[after] - stamps[before]) / 1000, 0.0)) for before, after in pairwise(passed)]
    began = stamps[passed[0]] if passed else 0
    whole_ms = (stamps[passed[-1]] - began) / 1000 if passed else 0.0
    figure = _figure(f"From market data due to signal in Kafka: {whole_ms:,.1f} ms", uirevision="waterfall")
    figure.add_trace(
        go.Bar(
            orientation="h",
            y=[STEPS[after] for _, after, _ in steps],
            x=[took_ms for _, _, took_ms in steps],
            base=[(stamps[before] - began) / 1000 for before, _, _ in steps],
            marker={"color": [WARM if after == stages.FEATURES else ACCENT for _, after, _ in steps]},
            text=[f"{took_ms:,.1f} ms" for _, _, took_ms in steps],
            textposition="outside",
            textfont={"color": TEXT, "size": 11},
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(ticksuffix=" ms", nticks=5, range=[0, max(whole_ms, 1.0) * 1.25])
    figure.update_layout(bargap=0.35)
    return figure


def latencies(title: str, history: Sequence[tuple[int, float, Latency | None]]) -> go.Figure:
    """Latency of each second, milliseconds on a logarithmic axis."""
    figure = _figure(f"{title}  ·  ms, UTC", uirevision=title)
    known = [(_moment(at * 1_000_000), latency) for at, _, latency in history if latency is not None]
    for name, color, values in (
        ("max", DOWN, [latency.max_ms for _, latency in known]),
        ("p99", WARM, [latency.p99_ms for _, latency in known]),
        ("p50", ACCENT, [latency.p50_ms for _, latency in known]),
    ):
        line = {"color": color, "width": 1.3}
        figure.add_trace(go.Scatter(x=[at for at, _ in known], y=values, name=name, mode="lines", line=line))
    figure.update_layout(showlegend=True, legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.12})
    figure.update_yaxes(type="log", dtick=1, tickformat=",~g")
    return figure


def empty(message: str) -> go.Figure:
    """A figure that says why there is nothing to see yet."""
    figure = _figure("", uirevision="empty")
    figure.add_annotation(text=message, showarrow=False, font={"color": TEXT, "size": 13}, xref="paper", yref="paper")
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def _figure(title: str, *, uirevision: str) -> go.Figure:
    """Transparent, so that it stands on the page's own colours; the same `uirevision` keeps zoom across updates."""
    axis: dict[str, Any] = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "tickfont": {"size": 11}}
    return go.Figure(
        layout={
            "title": {"text": title, "font": {"size": 12}, "x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top"},
            "font": {"family": FONT, "color": TEXT},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 12, "r": 12, "t": 30, "b": 24},
            "xaxis": {**axis, "automargin": True},
            "yaxis": {**axis, "automargin": True},
            "showlegend": False,
            "uirevision": uirevision,
            "hoverlabel": {"font": {"family": FONT}},
        }
    )


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
