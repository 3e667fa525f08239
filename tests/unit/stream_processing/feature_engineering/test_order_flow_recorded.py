"""Order flow imbalance on ten levels of the E-mini S&P future, one quiet evening."""

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.order_flow import BOOK_FLOW, QUOTE_FLOW
from tests.unit.stream_processing.feature_engineering import scan_laws as laws

LEVELS = range(1, 6)
NAMES = {"bid": "bid_px", "bid_size": "bid_sz", "ask": "ask_px", "ask_size": "ask_sz"}


@pytest.fixture(scope="module")
def books() -> dict[str, Floats]:
    root = os.environ.get("MARKET_DATA_DIR")
    path = Path(root or "") / "es_book_20231225" / "book10.parquet"
    if not root or not path.is_file():
        pytest.skip("MARKET_DATA_DIR is not set: the recorded books are not part of the project")
    table = pq.read_table(path)
    columns = {
        f"{name}_{level}": table[f"{recorded}{level}"].to_numpy().astype(np.float64)
        for level in LEVELS
        for name, recorded in NAMES.items()
    }
    columns |= {name: columns[f"{name}_1"] for name in NAMES}
    return columns | {"event_time": table["ts_event"].to_numpy() / 1_000.0}


def explained(flow: Floats, books: dict[str, Floats]) -> float:
    """Share of the variance of the mid's changes over 10 s that the flow of the same 10 s explains."""
    _, first, span = np.unique(books["event_time"] // 1e7, return_index=True, return_inverse=True)
    mid = 0.5 * (books["bid"] + books["ask"])
    before = mid[np.maximum(first - 1, 0)]
    change = np.append(before[1:], mid[-1]) - before
    return float(np.corrcoef(change, np.bincount(span, weights=np.nan_to_num(flow)))[0, 1] ** 2)


def test_flow_explains_the_price_the_better_the_deeper_it_looks(books: dict[str, Floats]) -> None:
    """Cont, Kukanov and Stoikov found 65 % on average for shares at the best level."""
    out = laws.named(BOOK_FLOW, books)
    best, deepest = (explained(out[f"ofi_level_{level}"], books) for level in (1, 5))
    together = explained(out["ofi_depth_5"], books)
    assert 0.3 < best < deepest < together
    assert together > 0.9


def test_the_first_level_is_the_quotes(books: dict[str, Floats]) -> None:
    quotes, levels = laws.named(QUOTE_FLOW, books), laws.named(BOOK_FLOW, books)
    np.testing.assert_array_equal(quotes["ofi"], levels["ofi_level_1"])
    later = books["event_time"] >= books["event_time"][0] + 24 * 60e6
    np.testing.assert_array_equal(np.isfinite(quotes["ofi_rate_60s"]), later)


def test_two_hundred_cuts_change_nothing(books: dict[str, Floats]) -> None:
    cuts = np.random.default_rng(0).integers(0, len(books["bid"]), 200).tolist()
    for scan in (QUOTE_FLOW, BOOK_FLOW):
        laws.assert_cuts_change_nothing(scan, books, cuts)
