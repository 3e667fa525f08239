"""Volatility and momentum on seventeen years of the S&P 500, daily."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.momentum import MOMENTUM
from stream_processing.feature_engineering.volatility import VOLATILITY, per_year
from tests.unit.stream_processing.feature_engineering import scan_laws as laws

TRADING_DAYS = 252


@pytest.fixture(scope="module")
def days() -> dict[str, Floats]:
    root = os.environ.get("MARKET_DATA_DIR")
    path = Path(root or "") / "daily_history" / "arch_sp500_to2015.csv.gz"
    if not root or not path.is_file():
        pytest.skip("MARKET_DATA_DIR is not set: the recorded prices are not part of the project")
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    return {name.lower(): np.array([float(row[name]) for row in rows]) for name in ("Open", "High", "Low", "Close")}


def test_every_estimator_finds_the_volatility_of_the_index(days: dict[str, Floats]) -> None:
    """Close to close it was 20 % a year; those that do not see the night find less."""
    out = laws.named(VOLATILITY[0], days)
    overall = {name: float(per_year(np.nanmean(out[name]), TRADING_DAYS)) for name in out if "variance" in name}
    assert 0.19 < overall["realised_variance_20"] < 0.21
    np.testing.assert_allclose(overall["ewma_variance"], overall["realised_variance_20"], rtol=0.02)
    for name, found in overall.items():
        assert 0.15 < found < 0.21, name
    told = np.isfinite(out["yang_zhang_variance_20"])
    assert np.corrcoef(out["realised_variance_20"][told], out["parkinson_variance_20"][told])[0, 1] > 0.95


def test_every_day_after_the_warm_up_has_all_features(days: dict[str, Floats]) -> None:
    for scan in (*VOLATILITY, *MOMENTUM):
        laws.assert_first_values_come_after_the_warm_up(scan, days)


def test_two_hundred_cuts_change_nothing(days: dict[str, Floats]) -> None:
    cuts = np.random.default_rng(0).integers(0, len(days["close"]), 200).tolist()
    for scan in (*VOLATILITY, *MOMENTUM):
        laws.assert_cuts_change_nothing(scan, days, cuts)
