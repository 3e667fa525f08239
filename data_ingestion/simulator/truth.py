"""The truth in files, and how good a forecast could be: what is to come of each name, given everything.

    python -m data_ingestion.simulator.truth --seed 42 --from 2025-01-02 --to 2025-12-31 --out truth/

Theory of operation
-------------------
Over seconds the law of a return is known in closed form from the flow and the variance of the minute; it is told at
every minute's start. Over sessions it is told as it stands at the close before: expected return and variance in closed
form, from the components' states and from what is foretold of the names (drifts after earnings and by quality, the
times and sizes of scheduled jumps); the probability of a rise by counting futures. A session's files depend on the
world and the session alone. Returns are those of a holder: splits and dividends change nothing.

The best attainable scores are those of the truth itself. Brier and log scores are taken in expectation over what
happens, less what the counting of futures adds; QLIKE is the mean of x − ln x − 1, x being realised over expected
variance: squares of nights and of minutes over sessions, and the square of the return itself over seconds.
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
from scipy.special import entr

from contracts.errors import BadInput
from data_ingestion.simulator.core import bulk, flow, futures, grid
from data_ingestion.simulator.core.clock import MINUTE_US, Hours, sessions
from data_ingestion.simulator.core.components import Kind
from data_ingestion.simulator.core.futures import Outlook
from data_ingestion.simulator.core.latent import LAST_YEAR
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts.intervals import Interval, around
from data_ingestion.simulator.facts.scores import Ints, clustered_mean
from data_ingestion.simulator.foretold import Foreseen, foreseen, nights, scheduled
from data_ingestion.simulator.universe import UNIVERSE, Floats

HORIZONS_S: Final = (10, 60)
HORIZONS: Final = (1, 5, 22, 63)
"""Sessions: a day, a week, a month, a quarter."""
OF_A_SQUARE: Final = float(np.euler_gamma + np.log(2))
"""QLIKE of the true variance on a single normal return."""
LEAST_CLUSTER: Final = 21
"""Sessions that are taken together for the errors of scores; more where the horizon is longer than half of that."""


class Seconds(NamedTuple):
    """One session over seconds, at its minutes' starts; arrays (horizons, minutes, names)."""

    expected_return: Floats
    probability_up: Floats
    expected_variance: Floats


class Best(NamedTuple):
    """The best attainable scores at one horizon; all are losses but the skill."""

    horizon: str
    brier: Interval
    log_score: Interval
    brier_skill: Interval
    """Share of the Brier score of one half that knowledge of the truth takes away."""
    constant: float
    """Brier score of each name's mean probability: what is left of the skill beyond it takes knowledge of the day."""
    qlike: Interval


def over_seconds(market: Foreseen, number: int) -> Seconds:
    """The truth of a session over seconds, jumps that nobody can foresee left out."""
    latent = market.latent
    filled, mix = latent.session_minutes(number), latent.mix
    flows = np.stack([made.deviation[0] * made.flow[0, :-1] for made in filled.components], axis=-1)
    drift = np.stack([made.drift[0] for made in filled.components], axis=-1)
    pressure = grid.mixed(flows, mix.places, mix.loadings) / filled.deviation
    step = filled.deviation / np.sqrt(flow.STEPS)
    step_drift = (grid.mixed(drift, mix.places, mix.loadings) + filled.moves.drift) / flow.STEPS
    lead = flow.LEAD * latent.world.edge
    told = [grid.truth(pressure, step, step_drift, lead, horizon) for horizon in HORIZONS_S]
    mean, deviation, up = (np.stack(column) for column in zip(*told, strict=True))
    return Seconds(mean, up, np.broadcast_to(deviation, mean.shape) ** 2)


def over_sessions(market: Foreseen, number: int, pairs: int = futures.PAIRS) -> Outlook:
    """The truth at the close before a session over the sessions from it on, arrays (horizons, names)."""
    latent = market.latent
    known = scheduled(market, number, HORIZONS[-1])
    return futures.outlook(latent.world, latent.mix, latent.courses, number, HORIZONS, known, pairs)


def attainable(world: World, first: date, last: date, every: int = 5, pairs: int = futures.PAIRS) -> tuple[Best, ...]:
    """The best scores on the ten names at each horizon, from every so many-th session between two days."""
    wanted = _between(world, first, last)
    if len(wanted) < 4 * HORIZONS[-1]:
        raise BadInput(f"{len(wanted)} sessions are too few for errors of scores over {HORIZONS[-1]}: give more days")
    market = foreseen(world, first.year, last.year + 1)
    chosen = wanted[::every]
    return (*_best_over_seconds(market, chosen), *_best_over_sessions(market, chosen, pairs))


def _best_over_seconds(market: Foreseen, numbers: Ints) -> list[Best]:
    up = [over_seconds(market, number).probability_up for number in numbers.tolist()]
    brier, entropy = (np.array([score(one).mean(axis=(1, 2)) for one in up]) for score in (_brier, _entropy))
    constant = _brier(np.mean([one.mean(axis=1) for one in up], axis=0)).mean(axis=1)
    return [
        _best(f"{seconds} s", brier[:, row], entropy[:, row], numbers, constant[row], around(OF_A_SQUARE, 0.0))
        for row, seconds in enumerate(HORIZONS_S)
    ]


def _best_over_sessions(market: Foreseen, numbers: Ints, pairs: int) -> list[Best]:
    told = [over_sessions(market, number, pairs) for number in numbers.tolist()]
    up, error = (np.stack([getattr(one, field) for one in told]) for field in ("probability_up", "probability_error"))
    # Counting futures spreads probabilities; expected scores see that as skill, unless its variance is taken off.
    brier, entropy = _brier(up) + error**2, _entropy(up) + 2 * error**2
    ratio = _realised(market, numbers) / np.stack([_measurable(market, number) for number in numbers.tolist()])
    constant = _brier(up.mean(axis=0)).mean(axis=1)
    lost = (ratio - np.log(ratio) - 1).mean(axis=2)
    found = []
    for row, horizon in enumerate(HORIZONS):
        cluster = numbers // max(LEAST_CLUSTER, 2 * horizon)
        scores = (brier[:, row].mean(axis=1), entropy[:, row].mean(axis=1))
        name = "1 session" if horizon == 1 else f"{horizon} sessions"
        found.append(_best(name, *scores, cluster, constant[row], clustered_mean(lost[:, row], cluster)))
    return found


def _best(horizon: str, brier: Floats, entropy: Floats, cluster: Ints, constant: float, lost: Interval) -> Best:
    loss, log_loss, gained = (clustered_mean(each, cluster) for each in (brier, entropy, 1 - 4 * brier))
    return Best(horizon, loss, log_loss, gained, float(constant), lost)


def _brier(probability: Floats) -> Floats:
    return probability * (1 - probability)


def _entropy(probability: Floats) -> Floats:
    """Expected log score of the truth, in nats."""
    return np.asarray(entr(probability) + entr(1 - probability))


def _realised(market: Foreseen, numbers: Ints) -> Floats:
    """Squares of nights and of minutes over the horizons from each session on, (sessions, horizons, names)."""
    latent = market.latent
    span = range(int(numbers[0]), int(numbers[-1]) + HORIZONS[-1])
    moved = nights(latent)[span.start : span.stop]
    total = np.zeros((len(span) + 1, len(UNIVERSE)))
    for batch in bulk.daily(latent, [latent.sessions[number] for number in span]):
        total[[session.number - span.start + 1 for session in batch.sessions]] = batch.variance
    total[1:] += moved**2
    total = np.cumsum(total, axis=0)
    begun = numbers - span.start
    return np.stack([total[begun + horizon] - total[begun] for horizon in HORIZONS], axis=1)


def _measurable(market: Foreseen, number: int) -> Floats:
    """What these squares are expected to be, (horizons, names): less than the variance, for flow outlives a minute."""
    latent = market.latent
    lead, gap = flow.LEAD * latent.world.edge, latent.world.gap
    of_flow = lead**2 * (flow.REACH**2 + flow.SUM_BY_FIRST**2 + flow.SUM_BY_SECOND**2) / flow.STEPS
    seen = gap + (1 - gap) * (flow.diffusion(lead) ** 2 + of_flow)
    jumps = np.array([kind.value.jump_variance for kind in (Kind.MARKET, Kind.SECTOR, Kind.OWN)])
    mix = latent.mix._replace(loadings=latent.mix.loadings * np.sqrt((seen + jumps) / (1 + jumps)))
    coming = futures.variances(latent.world, mix, latent.courses, number, HORIZONS[-1])
    coming += scheduled(market, number, HORIZONS[-1]).variance
    return np.asarray(np.cumsum(coming, axis=0)[np.array(HORIZONS) - 1])


class Piece(NamedTuple):
    """A session to be told, and where."""

    world: World
    number: int
    day: date
    folder: Path


def write(piece: Piece) -> int:
    """Write the two files of a session; the number of rows in them."""
    market = _market(piece.world, piece.day.year)
    session, names = market.latent.sessions[piece.number], [name.symbol for name in UNIVERSE]
    seconds, told = over_seconds(market, piece.number), over_sessions(market, piece.number)
    starts = session.opens_at + np.arange(session.minutes) * MINUTE_US
    before = np.array([market.closes[piece.number - 1]])
    labels = {
        "simulated": "true", "seed": str(piece.world.seed), "hours": piece.world.hours.value,
        "edge": repr(piece.world.edge),
    }  # fmt: skip
    short = {**_keys(HORIZONS_S, starts, names, "horizon_s"), **_columns(seconds._asdict())}
    columns = told._asdict()
    columns["expected_variance"] = columns.pop("standard_deviation") ** 2
    long = {**_keys(HORIZONS, before, names, "horizon_sessions"), **_columns(columns)}
    for kind, table in (("seconds", pa.table(short)), ("sessions", pa.table(long))):
        pq.write_table(table.replace_schema_metadata(labels), piece.folder / f"{piece.day}.{kind}.parquet")
    return int(seconds.expected_return.size + told.expected_return.size)


def _keys(horizons: tuple[int, ...], times: Ints, names: list[str], label: str) -> dict[str, pa.Array]:
    """Columns that say what a row is about: horizons, in each the times, at each the names."""
    rows = len(times) * len(names)
    places = np.tile(np.arange(len(names), dtype=np.int32), len(horizons) * len(times))
    return {
        "time": pa.array(np.tile(np.repeat(times, len(names)), len(horizons)), pa.timestamp("us", "UTC")),
        "symbol": pa.DictionaryArray.from_arrays(places, names),
        label: pa.array(np.repeat(np.array(horizons, dtype=np.int32), rows)),
    }


def _columns(arrays: dict[str, Floats]) -> dict[str, pa.Array]:
    return {name: pa.array(values.ravel()) for name, values in arrays.items()}


@lru_cache(maxsize=2)
def _market(world: World, year: int) -> Foreseen:
    return foreseen(world, year, year + 1)


def _between(world: World, first: date, last: date) -> Ints:
    """Numbers of the sessions between two days, both included."""
    known = sessions(world.hours, LAST_YEAR)
    found = np.array([one.number for one in known if first <= one.day <= last and one.number > 0], dtype=np.int64)
    if not len(found) or found[-1] + HORIZONS[-1] >= len(known):
        raise BadInput(f"no session to tell of from {first} to {last}: give days from 1990 to {LAST_YEAR - 1}")
    return found


def write_all(world: World, first: date, last: date, folder: Path, processes: int) -> int:
    """Write the sessions between two days, both included, in some processes; the number of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    known = sessions(world.hours, LAST_YEAR)
    wanted = [Piece(world, number, known[number].day, folder) for number in _between(world, first, last).tolist()]
    console = Console(stderr=True)
    with get_context("spawn").Pool(processes) as pool:
        done = pool.imap_unordered(write, wanted)
        return sum(track(done, "sessions", total=len(wanted), console=console, disable=not sys.stderr.isatty()))


def main() -> None:
    """Parse the arguments and write the files."""
    parser = argparse.ArgumentParser(prog="python -m data_ingestion.simulator.truth", description=__doc__)
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
