"""The facts of one market as rows of a sheet: the same rows for every market that has the data."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.facts import books, memory, returns, smiles, together
from data_ingestion.simulator.facts.intervals import Floats, Interval, around
from data_ingestion.simulator.facts.recording import Books, Days, Intraday, Premium, Recording, VolatilityPath

LAGS: Final = (1, 5, 20, 60, 120, 250)
BOOK_LAGS_S: Final = (1, 5, 10, 30, 60)
HORIZONS_S: Final = (1, 5, 10, 30)


class Row(NamedTuple):
    """One fact of one market. Section and fact together name it."""

    section: str
    fact: str
    found: Interval


def rows(recording: Recording, seed: int = 0) -> Iterator[Row]:
    """Every fact that the recording has the data for. `seed`: of the bootstrap."""
    random = np.random.default_rng(seed)
    if recording.days is not None:
        yield from _daily("Stocks, daily", recording.days.stocks, random)
        yield from _daily("Index, daily", recording.days.market[:, None], random)
        yield from _together(recording.days, random)
    if recording.premium is not None:
        yield from _premium(recording.premium, random)
    if recording.intraday is not None:
        yield from _intraday(recording.intraday, random)
    if recording.books is not None:
        yield from _spread_and_depth(recording.books, random)
        yield from _order_flow(recording.books, random)
    if recording.path is not None:
        yield from _path(recording.path, random)
    yield from _chains(recording)


def _daily(section: str, panel: Floats, random: np.random.Generator) -> Iterator[Row]:
    def row(fact: str, found: Interval) -> Row:
        return Row(section, fact, found)

    yield row("excess kurtosis", returns.excess_kurtosis(panel, random))
    yield row("excess kurtosis, clipped at 6 deviations", returns.clipped_kurtosis(panel, random))
    for sessions in (5, 22):
        summed = returns.aggregated(panel, sessions)
        yield row(f"excess kurtosis of {sessions}-day returns", returns.excess_kurtosis(summed, random, 12))
    yield row("tail index (Hill, 2.5 %)", returns.tail_index(panel, random))
    yield row("skewness", returns.skewness(panel, random))
    yield row("skewness of 22-day returns", returns.skewness(returns.aggregated(panel, 22), random, 12))
    yield row("1 % loss over 1 % gain", returns.gain_loss(panel, random))
    yield row("moves over 5 local deviations a year", returns.jumps_a_year(panel, random))
    size = np.abs(panel)
    yield row("autocorrelation of returns, lag 1", memory.autocorrelation(panel, 1, random))
    for lag in LAGS:
        yield row(f"autocorrelation of sizes, lag {lag}", memory.autocorrelation(size, lag, random))
    for lag in (1, 20):
        yield row(f"autocorrelation of squares, lag {lag}", memory.autocorrelation(panel**2, lag, random))
    yield row("decay of autocorrelation of sizes (exponent)", memory.decay(size, LAGS[1:-1], random))
    for lag in (1, 5, 20, 60):
        yield row(f"leverage: return with size {lag} later", memory.leverage(panel, lag, random))
    yield row("spread of log variance of 22 days", memory.variance_spread(panel, random))
    yield row("spread of its change", memory.variance_change(panel, random))


def _together(days: Days, random: np.random.Generator) -> Iterator[Row]:
    section = "Names together"
    yield Row(section, "mean pairwise correlation", together.pairwise_correlation(days.stocks, random))
    groups = together.correlation_by_variance(days.stocks, days.market, random)
    for number, found in enumerate(groups, 1):
        yield Row(section, f"the same, fifth {number} of months by index variance", found)
    yield Row(section, "overnight share of variance", together.overnight_share(days.night, days.day, random))


def _premium(premium: Premium, random: np.random.Generator) -> Iterator[Row]:
    section = "Variance premium"
    found = together.variance_premium(premium.implied, premium.returns, random)
    yield Row(section, "mean log of implied over realised variance, 21 days", found)
    slope, correlation = together.elasticity(premium.returns[1:], np.diff(np.log(premium.implied)) / 2, random)
    yield Row(section, "change of log volatility index per log return", slope)
    yield Row(section, "its correlation", correlation)


def _intraday(intraday: Intraday, random: np.random.Generator) -> Iterator[Row]:
    section = "Minutes of the day"
    if len(intraday.returns) >= 10:  # noqa: PLR2004 - one session has no spread over sessions
        first, last = together.edges_over_middle(intraday.returns**2, random)
        yield Row(section, "variance, first half hour over middle", first)
        yield Row(section, "variance, last half hour over middle", last)
        first, last = together.edges_over_middle(intraday.volume, random)
        yield Row(section, "volume, first half hour over middle", first)
        yield Row(section, "volume, last half hour over middle", last)
    minutes = intraday.returns[:, : 210 if intraday.returns.shape[1] > 210 else None]  # noqa: PLR2004
    square = minutes**2
    parts = np.array_split(square, 7, axis=1)
    ratio = [part.mean(axis=1) for part in (parts[0], parts[-1])]
    height = float(np.log(ratio[0].mean() / ratio[1].mean()))
    error = float(np.sqrt(sum(part.var() / part.mean() ** 2 / part.size for part in (parts[0], parts[-1]))))
    yield Row(section, "log variance, first half hour over the fourth hour's first half", around(height, error))


def _spread_and_depth(book: Books, random: np.random.Generator) -> Iterator[Row]:
    section = "Book"
    shares = books.spread_shares(book.bid, book.ask, book.tick, random)
    for name, found in zip(("1 tick", "2 ticks", "3 ticks or more"), shares, strict=True):
        yield Row(section, f"share of spreads of {name}", found)
    depth = books.depth_profile(book.bid_sizes, book.ask_sizes)
    for level in (2, 3, 5, 10):
        yield Row(section, f"size at level {level} over the best", around(float(depth[level - 1]), 0.0))
    spread = books.size_spread(book.bid_sizes)
    for level in (1, 2, 5, 10):
        yield Row(section, f"spread of log size at level {level}", around(float(spread[level - 1]), 0.0))


def _order_flow(book: Books, random: np.random.Generator) -> Iterator[Row]:
    section = "Order flow"
    mid = (book.bid + book.ask) / 2
    best = books.imbalance(book.bid_sizes, book.ask_sizes)
    ten = books.imbalance(book.bid_sizes, book.ask_sizes, book.bid_sizes.shape[1])
    yield Row(section, "best imbalance tells the next mid move: AUC",
              books.foretold(best, books.next_change(mid), book.times_s).interval)  # fmt: skip
    for horizon in HORIZONS_S:
        change = books.change_within(book.times_s, mid, horizon)
        found = books.foretold(best, change, book.times_s).interval
        yield Row(section, f"best imbalance tells the move in {horizon} s: AUC", found)
    change = books.change_within(book.times_s, mid, 10)
    yield Row(section, "ten-level imbalance tells the move in 10 s: AUC",
              books.foretold(ten, change, book.times_s).interval)  # fmt: skip
    yield Row(section, "ticks expected in 10 s per unit of best imbalance",
              books.slope(best, change / book.tick, random))  # fmt: skip
    sampled = books.as_of(book.times_s, best, 1.0)[:, None]
    for lag in BOOK_LAGS_S:
        yield Row(section, f"autocorrelation of best imbalance, {lag} s",
                  memory.autocorrelation(sampled, lag, random, 60))  # fmt: skip
    yield Row(section, "memory d of best imbalance (local Whittle)", memory.long_memory(sampled[:, 0]))
    flow = np.sign(books.order_flow(book.bid, book.bid_sizes[:, 0], book.ask, book.ask_sizes[:, 0]))
    flow = flow[flow != 0]
    for lag in (1, 5, 20):
        yield Row(section, f"autocorrelation of signs of order flow, {lag} updates",
                  memory.autocorrelation(flow[:, None], lag, random, 500))  # fmt: skip
    yield Row(section, "memory d of signs of order flow (local Whittle)", memory.long_memory(flow))


def _path(path: VolatilityPath, random: np.random.Generator) -> Iterator[Row]:
    slope, correlation = together.elasticity(np.diff(path.log_spot), np.diff(path.log_volatility), random)
    yield Row("Options", "change of log volatility per log return, a minute", slope)
    yield Row("Options", "its correlation", correlation)


def _chains(recording: Recording) -> Iterator[Row]:
    for name, chain in recording.chains:
        section = f"Options, {name}"
        yield Row(section, "skew: slope of the put wing, 20 to 60 days", smiles.skew(chain))
        yield Row(section, "volatility at −0.25 √T over the money's, less one", around(smiles.curvature(chain), 0.0))
        yield Row(section, "elasticity of volatility to time to expiry", smiles.term_slope(chain))
        spreads = smiles.relative_spreads(chain)
        for (low, high), found in zip(smiles.DELTAS, spreads, strict=True):
            yield Row(section, f"relative spread, delta {low} to {high}", found)
        for share, size in smiles.sizes(chain):
            yield Row(section, f"size of a quote, {share} quantile", around(size, 0.0))
