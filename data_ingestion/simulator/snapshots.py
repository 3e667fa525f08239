"""A year of minutes with option chains: what each name and its nearest contracts stand at, minute by minute, as files.

    python -m data_ingestion.simulator.snapshots --from 2025-01-02 --to 2025-12-31 --out snapshots/

Three files a session: underlyings and options by the minute, and the contracts, all that are listed, with their open
interest as it begins and their volume as it ends. A session does not depend on which others are made, nor on the number
of processes. Prices are those at the minutes' starts, which the tape passes through too.
"""

import argparse
import sys
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track

from data_ingestion.simulator.core.clock import MINUTE_US, Hours, activity, sessions
from data_ingestion.simulator.core.latent import LAST_YEAR
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.board import State, terms
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.fair import Rows, fair, together
from data_ingestion.simulator.options.interest import Activity
from data_ingestion.simulator.options.quotes import Moment, Option, Quotes, habits, quote
from data_ingestion.simulator.options.stream import Day, day_of
from data_ingestion.simulator.tape import Rates, Tape
from data_ingestion.simulator.universe import CENTS, UNIVERSE

EXPIRIES_EACH: Final = 6
"""Of each name, the nearest ones."""
STRIKES_EACH: Final = 15
"""Of each expiry, those around the price at the session's open."""
MINUTES_AT_ONCE: Final = 26


class Snapshots(NamedTuple):
    """One session. `spot` and `volume` are (minutes, names), the quotes' arrays (minutes · contracts,)."""

    started_at: Ints
    """Of each minute, µs, (minutes,)."""
    spot: Floats
    volume: Floats
    symbols: list[str]
    """Of the contracts."""
    quotes: Quotes
    listed: list[str]
    """All contracts that are listed."""
    activity: Activity
    """Of these."""


def snapshots(tape: Tape, number: int) -> Snapshots:
    """All minutes of a session."""
    latent, day = tape.latent, day_of(tape.latent, UNIVERSE, CLASSES, number)
    filled, place = latent.session_minutes(number), _nearest(latent.log_opens[number], day)
    minutes = np.arange(filled.session.minutes)
    theta = latent.total_variance(number, minutes, day.places)
    spot = np.exp(filled.log_price[:-1])
    made = [
        _quoted(tape, day, place, chosen, spot[chosen], theta[chosen], latent.stress(number))
        for chosen in np.array_split(minutes, -(-len(minutes) // MINUTES_AT_ONCE))
    ]
    quotes = Quotes(*(np.concatenate(column) for column in zip(*made, strict=True)))
    symbols = [day.contracts[one].symbol for one in place.tolist()]
    started_at, listed = filled.session.opens_at + minutes * MINUTE_US, [one.symbol for one in day.contracts]
    counted = tape.holders.activity(day.chain, number)
    return Snapshots(started_at, spot, filled.volume, symbols, quotes, listed, counted)


def _nearest(log_open: Floats, day: Day) -> Ints:
    """Places of the contracts of the nearest expiries and strikes that do not expire in this session."""
    listed, chosen = day.chain, []
    plain = (listed.shares == 1.0) & (listed.expires_at > day.session.closes_at)
    for name in range(len(day.classes)):
        mine = np.flatnonzero(plain & (listed.name == name))
        for expires_at in np.unique(listed.expires_at[mine])[:EXPIRIES_EACH]:
            for right in (False, True):
                rows = mine[(listed.expires_at[mine] == expires_at) & (listed.is_call[mine] == right)]
                away = np.abs(np.log(listed.strike[rows]) - log_open[name])
                chosen.append(np.sort(rows[np.argsort(away, kind="stable")[:STRIKES_EACH]]))
    return np.concatenate(chosen)


def _quoted(tape: Tape, day: Day, place: Ints, minutes: Ints, spot: Floats, theta: Floats, stress: Floats) -> Quotes:
    count, names = len(place), day.chain.name[place]
    shares = minutes / day.session.minutes
    times = [day.session.opens_at + int(minute) * MINUTE_US for minute in minutes]
    moments = [
        State(
            moment=time,
            spot=spot[row],
            rate=day.carry.rate,
            stress=stress,
            theta=day.theta(int(minute), theta[row], tape.scheduled_variance),
            dividend_yield=day.dividend_yield(time),
            share=float(shares[row]),
            activity=1.0,
        )
        for row, (minute, time) in enumerate(zip(minutes, times, strict=True))
    ]
    given = together([terms(day.classes, day.known, state) for state in moments])
    of_expiry = (day.known.of_contract[place] + len(day.known.name) * np.arange(len(minutes))[:, None]).ravel()
    spots, every = spot[:, names].ravel(), np.tile(place, len(minutes))
    rows = Rows(of_expiry, spots, day.chain.strike[every], day.chain.is_call[every], day.chain.shares[every])
    found = fair(given, rows)
    pays = np.maximum(np.where(rows.is_call, 1.0, -1.0) * (rows.spot * rows.shares - rows.strike), 0.0)
    option = Option(found.price, pays, rows.strike, given.years[of_expiry])
    named = day.chain.name[every]
    moment = Moment(np.repeat(shares, count), np.repeat(activity(shares), count), stress[named])
    random = generator(tape.world.seed, Stream.SNAPSHOTS, day.session.number, int(minutes[0]))
    return quote(habits(day.classes, named), option, moment, random.standard_normal((4, len(every))))


class Piece(NamedTuple):
    """A session to be made, and where."""

    world: World
    number: int
    day: date
    folder: Path


def write(piece: Piece) -> int:
    """Write the files of a session; the number of quotes in them."""
    made = snapshots(_tape(piece.world, piece.day.year), piece.number)
    minutes, names = made.spot.shape
    labels = {"simulated": "true", "seed": str(piece.world.seed), "hours": piece.world.hours.value}
    times = pa.array(made.started_at, pa.timestamp("us", "UTC"))
    underlyings = pa.table(
        {
            "time": times.take(pa.array(np.repeat(np.arange(minutes), names))),
            "symbol": pa.array([name.symbol for name in UNIVERSE] * minutes).dictionary_encode(),
            "price": np.rint(made.spot.ravel() * CENTS) / CENTS,
            "volume": made.volume.ravel().astype(np.int64),
        }
    )
    count = len(made.symbols)
    contracts = pa.DictionaryArray.from_arrays(np.tile(np.arange(count, dtype=np.int32), minutes), made.symbols)
    options = pa.table(
        {
            "time": times.take(pa.array(np.repeat(np.arange(minutes), count))),
            "contract": contracts,
            **{field: pa.array(getattr(made.quotes, field).astype(np.int32)) for field in Quotes._fields},
        }
    )
    counted = pa.table({"contract": made.listed, **made.activity._asdict()})
    for kind, table in (("underlyings", underlyings), ("options", options), ("contracts", counted)):
        pq.write_table(table.replace_schema_metadata(labels), piece.folder / f"{piece.day}.{kind}.parquet")
    return int(options.num_rows)


@lru_cache(maxsize=2)
def _tape(world: World, year: int) -> Tape:
    return Tape(world, Rates(0.0, 0.0), year)


def write_all(world: World, first: date, last: date, folder: Path, processes: int) -> int:
    """Write the sessions between two days, both included, in some processes; the number of quotes."""
    folder.mkdir(parents=True, exist_ok=True)
    known = sessions(world.hours, LAST_YEAR)
    wanted = [Piece(world, one.number, one.day, folder) for one in known if first <= one.day <= last]
    console = Console(stderr=True)
    with get_context("spawn").Pool(processes) as pool:
        done = pool.imap_unordered(write, wanted)
        return sum(track(done, "sessions", total=len(wanted), console=console, disable=not sys.stderr.isatty()))


def main() -> None:
    """Parse the arguments and write the files."""
    parser = argparse.ArgumentParser(prog="python -m data_ingestion.simulator.snapshots", description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    parser.add_argument("--hours", type=Hours, choices=list(Hours), default=Hours.EXCHANGE)
    parser.add_argument("--edge", type=float, default=1.0, help="0 makes a market in which nothing can be foreseen")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    arguments = parser.parse_args()
    world = World(arguments.seed, arguments.hours, arguments.edge)
    write_all(world, arguments.first, arguments.last, arguments.out, arguments.processes)


if __name__ == "__main__":
    main()
