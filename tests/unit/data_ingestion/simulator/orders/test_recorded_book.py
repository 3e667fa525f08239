"""The simulated books beside recorded ones: ten levels of the E-mini S&P future on a quiet evening.

A future of one large tick and no odd lots is not a share, so the factors are loose: they are stated with each test.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.universe import SYMBOLS, Ints
from tests.unit.data_ingestion.simulator.orders.made import autocorrelation, imbalance, tape

TICK = 0.25
LEVELS = range(1, 11)


class Sides(NamedTuple):
    """Books once a second, (seconds, levels), and the spread in ticks."""

    bid: Ints
    ask: Ints
    ticks: Floats


@pytest.fixture(scope="module")
def recorded() -> Sides:
    root = os.environ.get("MARKET_DATA_DIR")
    path = Path(root or "") / "es_book_20231225" / "book10.parquet"
    if not root or not path.is_file():
        pytest.skip("MARKET_DATA_DIR is not set: the recorded books are not part of the project")
    table = pq.read_table(path)
    bid, ask = (np.stack([table[f"{side}_sz{n}"].to_numpy() for n in LEVELS], axis=1) for side in ("bid", "ask"))
    ticks = (table["ask_px1"].to_numpy() - table["bid_px1"].to_numpy()) / TICK
    chosen = _each_second(table["ts_event"].to_numpy() // 1_000)
    return Sides(np.maximum(bid, 1)[chosen], np.maximum(ask, 1)[chosen], ticks[chosen])


@pytest.fixture(scope="module")
def simulated() -> Sides:
    """SPY, the like of the future among the names: a spread of one tick."""
    made = tape().books
    own = made.name == SYMBOLS.index("SPY")
    chosen = _each_second(made.offset[own])
    ticks = (made.ask - made.bid)[own].astype(np.float64)
    return Sides(made.bid_sizes[own][chosen], made.ask_sizes[own][chosen], ticks[chosen])


def _each_second(micros: Ints) -> Ints:
    seconds = np.arange(micros[0], micros[-1], 1_000_000)
    return np.asarray(np.searchsorted(micros, seconds, side="right") - 1)


def test_depth_by_level(recorded: Sides, simulated: Sides) -> None:
    """Median depth of each level over the best one's, within a factor of 1.5."""
    profiles = [np.median(each.bid + each.ask, axis=0) for each in (recorded, simulated)]
    real, ours = (profile / profile[0] for profile in profiles)
    assert np.all((ours / real > 1 / 1.5) & (ours / real < 1.5))


def test_spread_of_depth_by_level(recorded: Sides, simulated: Sides) -> None:
    """Standard deviation of the log of sizes: largest at the best level, each within a factor of 2."""
    real, ours = (np.log(each.bid).std(axis=0) for each in (recorded, simulated))
    assert real.argmax() == ours.argmax() == 0
    assert np.all((ours / real > 0.5) & (ours / real < 2.0))


def test_how_far_books_lean(recorded: Sides, simulated: Sides) -> None:
    """Standard deviation of the imbalance of one, three and ten levels, within a factor of 1.5."""
    for levels in (1, 3, 10):
        real, ours = (imbalance(each.bid, each.ask, levels).std() for each in (recorded, simulated))
        assert 1 / 1.5 < ours / real < 1.5


def test_how_long_books_lean(recorded: Sides, simulated: Sides) -> None:
    """Autocorrelation of the imbalance after a second, within 0.35; deep levels keep it for longer in both.

    The recorded one of ten levels is still 0.8 after ten seconds where ours is 0.4: what lasts longer than the
    pressure moves no price within the horizon, and is left out.
    """
    for levels in (1, 3, 10):
        real, ours = (autocorrelation(imbalance(each.bid, each.ask, levels), 1) for each in (recorded, simulated))
        assert abs(real - ours) < 0.35
    for each in (recorded, simulated):
        assert autocorrelation(imbalance(each.bid, each.ask, 10), 5) > autocorrelation(
            imbalance(each.bid, each.ask, 1), 5
        )


def test_spreads(recorded: Sides, simulated: Sides) -> None:
    """One tick in most seconds (both above 75 %), two in most others."""
    for each in (recorded, simulated):
        assert (each.ticks == 1).mean() > 0.75
        assert (each.ticks <= 2).mean() > 0.98
