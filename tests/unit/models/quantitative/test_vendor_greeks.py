"""A vendor's Greeks for S&P 500 options on 2018-01-05, reproduced from its volatilities."""

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from models.quantitative.blocks import Floats
from models.quantitative.european import european

RATE = 0.013
"""The vendor's, continuous per year; it takes the index's implied price for spot, and no dividends."""
FAILED_VOL = 0.02
"""The vendor's mark of a volatility it did not find."""
LARGEST_MEAN_ERRORS = {"delta": 5e-4, "gamma": 1e-4, "vega": 5e-3, "theta": 3e-3}
"""Delta and gamma per 1.00, vega per vol point, theta per calendar day."""
EXPIRIES = 2
"""The later ones of three; the first expires on the day."""


@pytest.fixture(scope="module")
def quotes() -> dict[str, Floats]:
    root = os.environ.get("MARKET_DATA_DIR")
    path = Path(root or "") / "spx_options_1min_20180105" / "quotes.parquet"
    if not root or not path.is_file():
        pytest.skip("MARKET_DATA_DIR is not set: the vendor's sample is not part of the project")
    table = pyarrow.parquet.read_table(path).to_pydict()
    columns = {name: np.asarray(values) for name, values in table.items()}
    later = np.isin(columns["expiration"], np.unique(columns["expiration"])[-EXPIRIES:])
    solved = columns["implied_volatility"] != FAILED_VOL
    return {name: values[later & solved] for name, values in columns.items()}


def test_greeks_are_the_vendors(quotes: dict[str, Floats]) -> None:
    close = quotes["expiration"].astype("datetime64[s]") + np.timedelta64(16, "h")
    years = (close - quotes["quote_datetime"].astype("datetime64[s]")) / np.timedelta64(365, "D")
    result = european(
        quotes["implied_underlying_price"],
        quotes["strike"],
        years,
        RATE,
        0.0,
        quotes["implied_volatility"],
        quotes["option_type"] == "C",
    )
    assert quotes["strike"].size > 100_000
    assert not result.reason_code.any()
    for expiry in np.unique(quotes["expiration"]):
        rows = quotes["expiration"] == expiry
        for name, largest in LARGEST_MEAN_ERRORS.items():
            ours = getattr(result, name)[rows]
            if name == "theta":  # the vendor's is never above zero; deep puts in the money do gain with time
                ours = np.minimum(ours, 0.0)
            off = np.mean(np.abs(ours - quotes[name][rows]))
            assert off <= largest, f"{name} of {expiry}: {off:.2e}"
