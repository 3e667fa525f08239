"""Plots are valid, hold both sides, and are the same every time."""

import xml.etree.ElementTree as ET

import numpy as np

from data_ingestion.simulator.facts.charts import COLOURS, HEIGHT, WIDTH, Line, Panel, figure

PANELS = (
    Panel(
        "memory < of sizes",
        "lag",
        (
            Line("real", np.array([1.0, 10.0, 100.0]), np.array([0.3, 0.2, 0.1]), np.array([0.02, 0.0, 0.01])),
            Line("simulated", np.array([1.0, 10.0, 100.0]), np.array([0.2, 0.1, 0.0])),
        ),
        logarithmic=True,
    ),
    Panel("flat", "x", (Line("real", np.array([1.0, 1.0]), np.array([0.0, 0.0])),)),
)


def elements(kind: str) -> list[ET.Element]:
    root = ET.fromstring(figure(PANELS, 2))  # noqa: S314 - our own text
    return root.findall(f".//{{http://www.w3.org/2000/svg}}{kind}")


def test_every_line_is_drawn_in_its_colour_inside_its_panel() -> None:
    drawn = elements("polyline")
    assert [line.get("stroke") for line in drawn] == [COLOURS["real"], COLOURS["simulated"], COLOURS["real"]]
    for line in drawn:
        for point in (line.get("points") or "").split():
            across, down = (float(part) for part in point.split(","))
            assert 0 <= across <= WIDTH
            assert 0 <= down <= HEIGHT


def test_only_errors_above_zero_are_drawn() -> None:
    assert len([line for line in elements("line") if line.get("stroke-opacity")]) == 2


def test_decades_are_equally_far_apart_on_a_logarithmic_axis() -> None:
    places = [float(point.split(",")[0]) for point in (elements("polyline")[0].get("points") or "").split()]
    assert abs((places[1] - places[0]) - (places[2] - places[1])) < 0.2


def test_the_same_panels_give_the_same_bytes() -> None:
    assert figure(PANELS, 2) == figure(PANELS, 2)
