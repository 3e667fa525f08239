"""The simulated market as tables: years of sessions of hundreds of names, in processes side by side.

    python -m data_ingestion.simulator.tables --names 500 --from 2016-01-01 --to 2025-12-31 --out daily.parquet

The ten names in detail come first, then generic ones. Prices are in the shares of the anchor session: splits are
undone, as data vendors' adjusted series have them. The file does not depend on the number of processes.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track

from data_ingestion.simulator.core import bulk
from data_ingestion.simulator.core.clock import Hours, sessions
from data_ingestion.simulator.core.latent import LAST_YEAR
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.generic import generic_names
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.universe import UNIVERSE, Name

NAMES_AT_ONCE: Final = 25
CENTS: Final = 100


class Piece(NamedTuple):
    """Some names over a span of days, both included: what one process makes at a time."""

    world: World
    names: tuple[Name, ...]
    first: date
    last: date


def pieces(world: World, count: int, first: date, last: date) -> list[Piece]:
    """The first `count` names of the world's universe, in pieces."""
    names = UNIVERSE[:count] + generic_names(world.seed, max(0, count - len(UNIVERSE)))
    return [Piece(world, names[i : i + NAMES_AT_ONCE], first, last) for i in range(0, count, NAMES_AT_ONCE)]


def daily(piece: Piece) -> pa.Table:
    """One row a name and session: prices in dollars, to the cent; name by name, in order of time."""
    latent = latent_of(piece.world, piece.names, (piece.first.year, piece.last.year))
    wanted = [session for session in sessions(piece.world.hours, LAST_YEAR) if piece.first <= session.day <= piece.last]
    batches = list(bulk.daily(latent, wanted))
    days = [session.day for batch in batches for session in batch.sessions]
    columns = {
        field: np.concatenate([getattr(batch, field) for batch in batches]).T.ravel()
        for field in ("open", "high", "low", "close", "volume", "variance")
    }
    for field in ("open", "high", "low", "close"):
        columns[field] = np.maximum(1.0, np.rint(columns[field] * CENTS)) / CENTS
    return pa.table(
        {
            "symbol": pa.array(np.repeat([name.symbol for name in piece.names], len(days))),
            "day": pa.array(days * len(piece.names), pa.date32()),
            **{field: pa.array(values) for field, values in columns.items() if field != "volume"},
            "volume": pa.array(columns["volume"].astype(np.int64)),
        }
    )


def weekly(table: pa.Table) -> pa.Table:
    """The weeks of a table of sessions, each named by its Monday."""
    mondays = [day - timedelta(days=day.weekday()) for day in table["day"].to_pylist()]
    grouped = table.append_column("week", pa.array(mondays, pa.date32())).group_by(
        ["symbol", "week"], use_threads=False
    )
    made = grouped.aggregate(
        [("open", "first"), ("high", "max"), ("low", "min"), ("close", "last"), ("volume", "sum"), ("variance", "sum")]
    )
    return made.rename_columns([name.rsplit("_", 1)[0] for name in made.column_names])


def made(wanted: Sequence[Piece], processes: int) -> Iterator[pa.Table]:
    """Tables of the pieces in their order, made in some processes; a progress bar shows on a terminal."""
    bar = {"console": Console(stderr=True), "disable": not sys.stderr.isatty(), "total": len(wanted)}
    with get_context("spawn").Pool(processes) as pool:
        yield from track(pool.imap(daily, wanted), "names", **bar)  # type: ignore[arg-type]


def main() -> None:
    """Parse the arguments and write the file."""
    parser = argparse.ArgumentParser(prog="python -m data_ingestion.simulator.tables", description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--names", type=int, default=len(UNIVERSE))
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    parser.add_argument("--hours", type=Hours, choices=list(Hours), default=Hours.EXCHANGE)
    parser.add_argument("--edge", type=float, default=1.0, help="0 makes a market in which nothing can be foreseen")
    parser.add_argument("--weekly", action="store_true", help="weeks instead of sessions")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    world = World(arguments.seed, arguments.hours, arguments.edge)
    wanted = pieces(world, arguments.names, arguments.first, arguments.last)
    table = pa.concat_tables(made(wanted, arguments.processes))
    labels = {"simulated": "true", "seed": str(world.seed), "hours": world.hours.value, "edge": repr(world.edge)}
    table = weekly(table) if arguments.weekly else table
    pq.write_table(table.replace_schema_metadata(labels), arguments.out)


if __name__ == "__main__":
    main()
