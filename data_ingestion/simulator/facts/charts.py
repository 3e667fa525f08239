"""Small multiples as SVG text, written directly: no drawing library, and the same bytes every time."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.facts.intervals import Floats

WIDTH, HEIGHT = 300, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 28, 28
COLOURS: Final = {"real": "#3b5b92", "simulated": "#c8553d"}
_STYLE: Final = "font-family='sans-serif' font-size='10' fill='#444'"


class Line(NamedTuple):
    """One series of a panel: heights with standard errors, or without any (None)."""

    name: str
    """A key of COLOURS."""
    across: Floats
    height: Floats
    error: Floats | None = None


class Panel(NamedTuple):
    """One small chart."""

    title: str
    across: str
    lines: tuple[Line, ...]
    logarithmic: bool = False
    """Across."""


def figure(panels: Sequence[Panel], columns: int = 3) -> str:
    """All panels in rows, with a legend."""
    rows = -(-len(panels) // columns)
    width, height = columns * WIDTH, rows * HEIGHT + 20
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'>",
        f"<rect width='{width}' height='{height}' fill='white'/>",
    ]
    parts.extend(
        f"<rect x='{LEFT + 90 * place}' y='6' width='12' height='4' fill='{colour}'/>"
        f"<text x='{LEFT + 90 * place + 18}' y='12' {_STYLE}>{name}</text>"
        for place, (name, colour) in enumerate(COLOURS.items())
    )
    for place, panel in enumerate(panels):
        shift = f"{place % columns * WIDTH},{place // columns * HEIGHT + 20}"
        parts.append(f"<g transform='translate({shift})'>{_panel(panel)}</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> str:
    across = np.concatenate([_scaled(panel, line.across) for line in panel.lines])
    heights = np.concatenate([np.concatenate([line.height - _wide(line), line.height + _wide(line)])
                              for line in panel.lines])  # fmt: skip
    x, y = _axis(across, LEFT, WIDTH - RIGHT), _axis(np.append(heights, 0.0), HEIGHT - BOTTOM, TOP)
    parts = [
        f"<text x='{LEFT}' y='18' {_STYLE} font-weight='bold'>{escape(panel.title)}</text>",
        f"<text x='{WIDTH - RIGHT}' y='{HEIGHT - 4}' text-anchor='end' {_STYLE}>{escape(panel.across)}</text>",
        f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y.at(0.0):.1f}' y2='{y.at(0.0):.1f}' stroke='#bbb'/>",
    ]
    parts.extend(
        f"<text x='{LEFT - 4}' y='{y.at(tick) + 3:.1f}' text-anchor='end' {_STYLE}>{tick:.3g}</text>"
        for tick in np.linspace(y.low, y.high, 5)
    )
    for tick in np.linspace(x.low, x.high, 4):
        shown = np.exp(tick) if panel.logarithmic else tick
        parts.append(f"<text x='{x.at(tick):.1f}' y='{HEIGHT - 15}' text-anchor='middle' {_STYLE}>{shown:.3g}</text>")
    for line in panel.lines:
        colour, points = COLOURS[line.name], _scaled(panel, line.across)
        drawn = " ".join(f"{x.at(a):.1f},{y.at(h):.1f}" for a, h in zip(points, line.height, strict=True))
        parts.append(f"<polyline points='{drawn}' fill='none' stroke='{colour}' stroke-width='1.5'/>")
        for a, h, e in zip(points, line.height, _wide(line), strict=True):
            if e > 0:
                parts.append(f"<line x1='{x.at(a):.1f}' x2='{x.at(a):.1f}' y1='{y.at(h - e):.1f}' "
                             f"y2='{y.at(h + e):.1f}' stroke='{colour}' stroke-opacity='0.5'/>")  # fmt: skip
    return "".join(parts)


class _Axis(NamedTuple):
    """From values between low and high to places on the page."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)


def _axis(values: Floats, first: float, last: float) -> _Axis:
    low, high = float(values.min()), float(values.max())
    return _Axis(low, high if high > low else low + 1.0, first, last)


def _scaled(panel: Panel, across: Floats) -> Floats:
    return np.log(across) if panel.logarithmic else np.asarray(across, dtype=np.float64)


def _wide(line: Line) -> Floats:
    """Half-widths of 95 % intervals."""
    return np.zeros(len(line.height)) if line.error is None else 1.96 * line.error
