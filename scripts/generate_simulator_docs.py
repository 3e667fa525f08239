"""Write `docs/simulator.md` and `docs/simulator/*.svg`: the simulated market measured beside recorded ones.

Run as `python scripts/generate_simulator_docs.py`, with MARKET_DATA_DIR set to the folder of recorded data; without it
the simulated side stands alone. The same data and code write the same files.
"""

import os
import sys
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from recorded_market import CHAINS as RECORDED_CHAINS
from recorded_market import MINUTE_CHAIN, recorded

from data_ingestion.simulator.core.clock import Hours, sessions
from data_ingestion.simulator.core.latent import LAST_YEAR
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts import books, memory, simulated, simulated_books, simulated_chains, together
from data_ingestion.simulator.facts.battery import Sample, past_returns, search, surprise
from data_ingestion.simulator.facts.charts import Line, Panel, figure
from data_ingestion.simulator.facts.intervals import Floats, Interval
from data_ingestion.simulator.facts.recording import Recording
from data_ingestion.simulator.facts.sheet import Row, rows
from data_ingestion.simulator.orders.books import BOOKS_PER_S
from data_ingestion.simulator.truth import attainable

REPOSITORY: Final = Path(__file__).resolve().parents[1]
DOCS: Final = REPOSITORY / "docs"
SEED: Final = 42
NAMES: Final = 20
YEARS: Final = (1990, 2015)
BOOK_SYMBOL: Final = "SPY"
BOOK_RATE: Final = 11.4
"""Updates a second, as the recorded book has."""
BOOK_DAY: Final = date(2026, 3, 4)
HORIZON_S: Final = 10.0
SHORT_DAYS, SHORT_GAP = 48, 21
"""Sessions that the short horizon is searched in, and how many sessions one is after the other: years, not one stretch
that may have a trend by chance."""
ATTAINED: Final = ("2016-01-01", "2025-12-31")
EVERY: Final = 10
LAGS: Final = (1, 2, 5, 10, 20, 40, 60, 120, 250)
CHAINS: Final = {
    **{name: (date.fromisoformat(day), -1) for name, (_, day) in RECORDED_CHAINS.items()},
    MINUTE_CHAIN: (date(2018, 1, 5), 150),
}
"""Of each recorded chain, the same day and minute of the simulated world: a calm or a wild day only by chance."""
REST: Final = {
    "Minutes of the day": "Recorded: one quiet morning of the S&P 500 (5 January 2018), so its ratio alone.",
    "Book": (
        "Recorded: 32 minutes of the E-mini S&P future; simulated: 32 minutes of a share so cheap that a tick is as"
        " large beside its volatility. How books and prices go together depends on that: the names of the tape, whose"
        " ticks are smaller, are foretold less by their best level."
    ),
}
"""Notes under a section's heading."""


def simulated_recording() -> Recording:
    """The simulated side, in exchange hours."""
    world = World(SEED, Hours.EXCHANGE)
    number, minutes = session_number(BOOK_DAY), range(180, 212)
    share = simulated_books.share_of(world, number, minutes)
    return Recording(
        days=simulated.days(world, NAMES, YEARS),
        premium=simulated.premium(world, (2010, 2015)),
        intraday=simulated.intraday(world, simulated.INDEX, (2015, 2015)),
        books=simulated_books.recording(world, share, number, minutes, BOOK_RATE),
        path=simulated.path(world, simulated.INDEX, BOOK_DAY),
        chains=tuple((name, simulated_chains.chain(SEED, name[:3], *moment)) for name, moment in CHAINS.items()),
    )


def session_number(day: date) -> int:
    """Of the session of a day in exchange hours."""
    return next(session.number for session in sessions(Hours.EXCHANGE, LAST_YEAR) if session.day == day)


def shown(found: Interval | None) -> str:
    """A figure and its 95 % half-width."""
    if found is None:
        return "—"
    error = found.high - found.value
    return f"{found.value:.3f} ± {error:.3f}" if error else f"{found.value:.3f}"


def table(real: list[Row], made: list[Row]) -> Iterator[str]:
    """Sections of facts, the two sides joined by name."""
    sides = [{(row.section, row.fact): row.found for row in side} for side in (real, made)]
    keys = list(dict.fromkeys([*sides[0], *sides[1]]))
    keys.sort(key=lambda key: [row.section for row in [*real, *made]].index(key[0]))
    for section, members in groupby(keys, key=lambda key: key[0]):
        yield f"\n### {section}\n"
        if section in REST:
            yield REST[section] + "\n"
        yield "| fact | recorded | simulated |\n| --- | --- | --- |"
        for key in members:
            yield f"| {key[1]} | {shown(sides[0].get(key))} | {shown(sides[1].get(key))} |"


def plots(sides: dict[str, Recording]) -> dict[str, str]:
    """SVG by file name."""
    daily = [
        Panel(
            "autocorrelation of sizes, stocks",
            "sessions",
            tuple(_memory(sides, "stocks", leverage=False)),
            logarithmic=True,
        ),
        Panel(
            "autocorrelation of sizes, index",
            "sessions",
            tuple(_memory(sides, "index", leverage=False)),
            logarithmic=True,
        ),
        Panel("leverage, index", "sessions", tuple(_memory(sides, "index", leverage=True)), logarithmic=True),
        Panel("correlation by index variance", "fifth of months", tuple(_by_variance(sides))),
    ]
    order = [
        Panel("size by level over the best", "level", tuple(_depth(sides))),
        Panel("autocorrelation of best imbalance", "seconds", tuple(_imbalance(sides)), logarithmic=True),
    ]
    return {"daily.svg": figure(daily, 2), "books.svg": figure(order, 2)}


def _line(name: str, across: tuple[int, ...], found: list[Interval]) -> Line:
    height, error = (np.array([getattr(one, field) for one in found]) for field in ("value", "error"))
    return Line(name, np.array(across, dtype=np.float64), height, error)


def _memory(sides: dict[str, Recording], kind: str, *, leverage: bool) -> Iterator[Line]:
    for name, side in sides.items():
        if side.days is not None:
            panel = side.days.stocks if kind == "stocks" else side.days.market[:, None]
            random = np.random.default_rng(0)
            first = panel if leverage else np.abs(panel)
            yield _line(name, LAGS, [memory.lagged(first, np.abs(panel), lag, random) for lag in LAGS])


def _by_variance(sides: dict[str, Recording]) -> Iterator[Line]:
    for name, side in sides.items():
        if side.days is not None:
            random = np.random.default_rng(0)
            found = together.correlation_by_variance(side.days.stocks, side.days.market, random)
            yield _line(name, (1, 2, 3, 4, 5), list(found))


def _depth(sides: dict[str, Recording]) -> Iterator[Line]:
    for name, side in sides.items():
        if side.books is not None:
            depth = books.depth_profile(side.books.bid_sizes, side.books.ask_sizes)
            yield Line(name, np.arange(1.0, 1 + len(depth)), depth)


def _imbalance(sides: dict[str, Recording]) -> Iterator[Line]:
    lags = (1, 2, 5, 10, 30, 60)
    for name, side in sides.items():
        if side.books is not None:
            best = books.imbalance(side.books.bid_sizes, side.books.ask_sizes)
            panel = books.as_of(side.books.times_s, best, 1.0)[:, None]
            random = np.random.default_rng(0)
            yield _line(name, lags, [memory.autocorrelation(panel, lag, random, 60) for lag in lags])


def oracle_section() -> Iterator[str]:
    """The attainable skill at the short horizon, and the oracle's share of it."""
    yield "\n## Attainable skill, and an oracle of observables\n"
    yield (
        f"{BOOK_SYMBOL}, {HORIZON_S:.0f} s, four hours of three sessions; the oracle is fitted on five others and reads"
        " books only, as does the Kalman filter, which knows the law and is not fitted. Best: what the truth itself"
        " scores.\n"
    )
    yield (
        "| books a second | best Brier score | best log score | best AUC | oracle's share of the Brier skill | of the"
        " log skill | filter's share of the Brier skill |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    world, number = World(SEED, Hours.EXCHANGE), session_number(BOOK_DAY)
    for rate in (BOOKS_PER_S, BOOK_RATE):
        days = [
            simulated_books.observed(world, BOOK_SYMBOL, number + day, range(30, 270), rate, HORIZON_S)
            for day in range(8)
        ]
        found = simulated_books.judged(days[:5], days[5:], HORIZON_S)
        best = found.attainable
        scores = [f"{one.value:.5f} ± {one.high - one.value:.5f}" for one in (best.brier, best.log_score)]
        yield (
            f"| {rate:.1f} | {scores[0]} | {scores[1]} | {best.auc:.4f} | {shown(found.brier_share)} |"
            f" {shown(found.log_share)} | {shown(found.filter_share)} |"
        )


def attainable_section() -> Iterator[str]:
    """What the full state attains at each horizon."""
    yield "\n## Best attainable scores, by horizon\n"
    yield (
        f"Ten names, {ATTAINED[0]} to {ATTAINED[1]}, every {EVERY}th session; expected scores of the truth itself, so"
        " no forecast beats them. Beside them the Brier score of the best constant: over sessions nearly all that can"
        " be known is the drift. QLIKE judges variance; over seconds its floor is that of one squared normal.\n"
    )
    yield (
        "| horizon | Brier score | skill over 1/4 | log score | constant's Brier score | QLIKE |"
        "\n| --- | --- | --- | --- | --- | --- |"
    )
    first, last = map(date.fromisoformat, ATTAINED)
    for best in attainable(World(SEED, Hours.EXCHANGE), first, last, EVERY):
        scores = (best.brier, best.brier_skill, best.log_score)
        cells = [f"{one.value:.5f} ± {one.high - one.value:.5f}" for one in scores]
        yield f"| {best.horizon} | {' | '.join(cells)} | {best.constant:.5f} | {shown(best.qlike)} |"


def battery_section() -> Iterator[str]:
    """The search in the market without an edge, and with the edge beside it at the short horizon."""
    yield "\n## A search for an edge\n"
    yield "Areas under the curve, with errors clustered by session; z is the distance from one half in standard errors."
    daily = search(daily_sample())
    yield "\nNext session, relative to the mean of 100 generic names, from past sessions, 2006 to 2025:\n"
    yield "| predictor | no edge: AUC | z |\n| --- | --- | --- |"
    yield from (f"| {one.predictor} | {shown(one.auc.interval)} | {one.auc.z:+.2f} |" for one in daily)
    short = [search(short_sample(edge)) for edge in (0.0, 1.0)]
    yield f"\nThe fair price of {BOOK_SYMBOL} in {HORIZON_S:.0f} s, one hour of {SHORT_DAYS} sessions, a month apart:\n"
    yield "| predictor | no edge: AUC | z | with edge: AUC | z |\n| --- | --- | --- | --- | --- |"
    for none, some in zip(*short, strict=True):
        cells = [f"{shown(one.auc.interval)} | {one.auc.z:+.2f}" for one in (none, some)]
        yield f"| {none.predictor} | {cells[0]} | {cells[1]} |"
    chances = [surprise(found) for found in (daily, short[0])]
    yield (
        "\nChance that luck alone gives a largest |z| as in the market without an edge:"
        f" {chances[0]:.2f} (sessions), {chances[1]:.2f} (seconds)."
    )


def daily_sample(names: int = 100) -> Sample:
    """Past returns and sizes as features of the next session's direction relative to the names' mean; no edge."""
    days = simulated.days(World(SEED, Hours.EXCHANGE, 0.0), names, (2006, 2025))
    level = np.cumsum(days.stocks, axis=0)
    labels, past = past_returns(level, (1, 5, 21, 126))
    size = np.abs(past[..., :1])
    features = np.concatenate([past, size], axis=-1)[126:-1]
    relative: Floats = days.stocks[127:] - days.stocks[127:].mean(axis=1, keepdims=True)
    day = np.repeat(np.arange(len(relative)), names)
    return Sample((*labels, "size of the last return"), features.reshape(len(day), -1), relative.ravel() > 0, day)


def short_sample(edge: float) -> Sample:
    """Leans of the book and past moves as features of the direction of the fair price, at moments a horizon apart."""
    world, number = World(SEED, Hours.EXCHANGE, edge), session_number(BOOK_DAY)
    seen = [
        simulated_books.observed(world, BOOK_SYMBOL, each, range(60, 120), BOOKS_PER_S, HORIZON_S)
        for each in range(number - (SHORT_DAYS - 1) * SHORT_GAP, number + 1, SHORT_GAP)
    ]
    return simulated_books.sample(seen, HORIZON_S)


def main() -> int:
    """Write the page and its plots."""
    folder = os.environ.get("MARKET_DATA_DIR")
    real, made = recorded(Path(folder)) if folder else Recording(), simulated_recording()
    parts = [
        "# The simulated market, measured\n",
        (
            "Written by `scripts/generate_simulator_docs.py`. Simulated figures: seed 42, exchange hours; ± is half"
            " of a 95 % interval (block bootstrap, clustered by day, or standard error). Recorded data are not"
            " part of this project; they are read from the market-data folder.\n\n"
            "Measured is the market that `make run` streams, but in exchange hours.\n"
        ),
        "![Daily facts](simulator/daily.svg)\n\n![Books](simulator/books.svg)\n\n## Stylised facts",
        *table(list(rows(real)), list(rows(made))),
        *attainable_section(),
        *oracle_section(),
        *battery_section(),
    ]
    (DOCS / "simulator").mkdir(exist_ok=True)
    for name, text in plots({"real": real, "simulated": made}).items():
        (DOCS / "simulator" / name).write_text(text)
    (DOCS / "simulator.md").write_text("\n".join(parts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
