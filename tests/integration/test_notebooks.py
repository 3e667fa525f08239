"""The notebooks run as they are handed out: in a fresh kernel, without a network, and without stored output."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
LIMIT_S = 120
FIGURE = "application/vnd.plotly.v1+json"
NO_NETWORK = """
import socket

def _refuse(self, address):
    if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
        raise OSError(f"the notebook asked for {address}")

socket.socket.connect = _refuse
"""


@pytest.fixture(scope="module")
def pricing() -> Any:  # noqa: ANN401 - nbformat has no types
    """The pricing notebook, executed; the cell that takes the network away has been dropped again."""
    notebook: Any = nbformat.read(NOTEBOOKS / "pricing.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, nbformat.v4.new_code_cell(NO_NETWORK))  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=LIMIT_S, kernel_name="python3").execute()
    notebook.cells.pop(0)
    return notebook


def _figures(notebook: Any) -> Iterator[Any]:  # noqa: ANN401
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if FIGURE in output.get("data", {}):
                yield output["data"][FIGURE]


def _numbers(values: Any) -> Any:  # noqa: ANN401
    """An axis of a trace: plotly writes arrays as base64, lists as they are."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return np.asarray(values, dtype=float)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_are_stored_without_output(path: Path) -> None:
    for cell in json.loads(path.read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_every_cell_runs_and_warns_of_nothing(pricing: Any) -> None:  # noqa: ANN401
    outputs = [output for cell in pricing.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.output_type in {"error", "stream"}]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("smile", "scatter"),
        ("surface", "surface"),
        ("density", "scatter"),
        ("gamma exposure by strike", "bar"),
        ("net gamma", "scatter"),
        ("profit of an iron condor", "scatter"),
    ],
)
def test_it_shows_the_figure_from_finite_numbers(pricing: Any, words: str, kind: str) -> None:  # noqa: ANN401
    (figure,) = [f for f in _figures(pricing) if words in f["layout"]["title"]["text"]]
    assert "Made-up" in figure["layout"]["title"]["text"]
    traces = [trace for trace in figure["data"] if trace["type"] == kind]
    assert traces
    for trace in traces:
        for axis in ("x", "y", "z"):
            numbers = _numbers(trace.get(axis, [0.0]))
            assert numbers.size
            assert np.isfinite(numbers).all()
