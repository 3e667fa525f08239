"""Trains every model and writes its artefact: `python -m models.train_all --help`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from contracts.errors import OptionsAIError
from contracts.events import Event, TruthRevealed
from models.short_term.artefact import Artefact, dump
from models.training import tape
from models.training.rows import build
from models.training.train import train_order_flow
from runtime import training_tape

DEFAULT_HOURS: Final = 6.0
DEFAULT_SEED: Final = 7


def train_all(
    simulate_minutes: Annotated[int | None, typer.Option(min=30, help="Simulate a tape of this length first.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated tape.")] = DEFAULT_SEED,
    features: Annotated[
        Path | None,
        typer.Option(help="Folder of a tape: one file a topic, such as features.bars.jsonl. Filled when simulating."),
    ] = None,
    hours: Annotated[float, typer.Option(min=1.0, help="How much of the database to use.")] = DEFAULT_HOURS,
    output: Annotated[Path | None, typer.Option(help="Default: the artefact that scoring loads.")] = None,
) -> None:
    """Train from the database of the running system, from a tape, or from a tape simulated for the purpose."""
    try:
        artefact = _from(simulate_minutes, seed, features, hours)
        path = output or training_tape.artefact_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dump(artefact))
    except OptionsAIError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    _report(artefact, path)


def _from(simulate_minutes: int | None, seed: int, features: Path | None, hours: float) -> Artefact:
    if simulate_minutes is not None:
        with TemporaryDirectory(prefix="training-tape-") as scratch:
            folder = features or Path(scratch)
            tape.write(folder, _simulated(seed, simulate_minutes))
            return _trained(tape.features(folder), f"simulated market, seed {seed}, {simulate_minutes} minutes", folder)
    if features is not None:
        return _trained(tape.features(features), f"tape {features.name}", features)
    return _trained(training_tape.stored(hours), f"database, last {hours:g} hours", None)


def _simulated(seed: int, minutes: int) -> Iterator[Event]:
    made = training_tape.simulated(seed, minutes)
    shown = track(
        made, "simulating", minutes, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    )
    for minute in shown:
        yield from minute


def _trained(events: Iterable[Event], description: str, truth_folder: Path | None) -> Artefact:
    rows, provenance = build(events)
    truth: list[TruthRevealed] | None = tape.truth(truth_folder) if truth_folder is not None else None
    return train_order_flow(rows, provenance, description, truth)


def _report(artefact: Artefact, path: Path) -> None:
    metrics = artefact.metrics
    title = f"{artefact.model} {artefact.version}, {metrics.rows:,} test rows"
    table = Table(title=title, title_justify="left", min_width=len(title))
    for column in ("", "AUC", "Brier", "log score"):
        table.add_column(column)
    rows = {"model": metrics.model, "attainable": metrics.attainable, "indifferent": metrics.indifferent}
    for name, scores in rows.items():
        if scores is not None:
            table.add_row(name, f"{scores.auc:.4f}", f"{scores.brier:.5f}", f"{scores.log_score:.5f}")
    console = Console()
    console.print(table)
    error = metrics.expected_calibration_error
    console.print(f"Expected calibration error {error:.4f}. Written to {path}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(train_all)
