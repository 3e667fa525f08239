"""Chains for the tests of surfaces: made up from a smile, or parsed from recorded CSV downloads."""

import csv
import os
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from contracts.instruments import parse_occ
from contracts.sessions import MICROS, NEW_YORK
from models.quantitative.american.implied_vol import de_americanised_price
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.surface.forward import ExpiryQuotes
from models.quantitative.surface.svi import SVI, ssvi_slice
from models.quantitative.times import years_between

RECORDED = {
    "SPX_20220204_close.csv": "2022-02-04 16:00",
    "SPX_20220610_close.csv": "2022-06-10 16:00",
    "SPX_20230207_1734ET.csv": "2023-02-07 16:00",
    "SPY_20230602_close.csv": "2023-06-02 16:00",
    "QQQ_20230612_1635ET.csv": "2023-06-12 16:00",
}
"""Downloads and the New York time of their quotes: all were taken after the close, so it is that of the close."""
FUND_RATE = 0.052
"""Continuous, per year, in June 2023: the funds' options are American."""
WINDOWS = (0.05, 0.075, 0.1, 0.125, 0.15, 0.2)
"""Of strikes around the forward."""
_LAST = re.compile(r"Last: ([0-9.]+)")
_CALL, _PUT, _CALL_BID, _PUT_BID = 1, 12, 4, 15


class RecordedChain(NamedTuple):
    underlying_price: float
    is_american: bool
    expiries: list[ExpiryQuotes]
    """Those with time left, by time."""


def folder() -> Path:
    """The recorded downloads; skips the test where they are not at hand."""
    root = os.environ.get("MARKET_DATA_DIR")
    if not root or not (Path(root) / "option_chains").is_dir():
        pytest.skip("MARKET_DATA_DIR is not set: the recorded chains are not part of the project")
    return Path(root) / "option_chains"


def recorded(name: str) -> RecordedChain:
    """Parse one download."""
    taken = datetime.strptime(RECORDED[name], "%Y-%m-%d %H:%M").replace(tzinfo=NEW_YORK)
    text = (folder() / name).read_text(encoding="utf-8")
    last = _LAST.search(text)
    assert last is not None
    contracts: dict[tuple[str, int], list[tuple[float, float, float, float]]] = defaultdict(list)
    for row in csv.reader(text.splitlines()):
        if len(row) < 22 or row[0] == "Expiration Date":
            continue
        for symbol, bid, is_call in ((_CALL, _CALL_BID, 1.0), (_PUT, _PUT_BID, 0.0)):
            contract = parse_occ(row[symbol])
            quote = contract.strike, is_call, float(row[bid]), float(row[bid + 1])
            contracts[contract.root, contract.expires_at].append(quote)
    expiries = []
    for (_, expires_at), quotes in contracts.items():
        years = float(years_between(int(taken.timestamp()) * MICROS, expires_at))
        if years > 0.0:
            expiries.append(ExpiryQuotes(years, *np.array(quotes).T))
    return RecordedChain(float(last[1]), not name.startswith("SPX"), sorted(expiries, key=lambda quotes: quotes.years))


SPOT, RATE, DIVIDEND = 100.0, 0.04, 0.015
RHO, ETA, GAMMA = -0.6, 1.1, 0.4
VOLS = ((0.02, 0.17), (0.08, 0.18), (0.25, 0.19), (0.5, 0.2), (1.0, 0.21))
"""Years and volatility at the money of the made-up chain's expiries."""
TICK = 0.01


def smile(years: float, vol: float) -> SVI:
    """The smile that the made-up chain is priced with: an SSVI surface, so it is free of arbitrage."""
    theta = vol**2 * years
    return ssvi_slice(theta, RHO, ETA / (theta**GAMMA * (1.0 + theta) ** (1.0 - GAMMA)))


def made_up(years: float, vol: float, seed: int | None = None) -> ExpiryQuotes:
    """Calls and puts around the smile; with a seed bids and asks lie unevenly around their prices, on ticks."""
    forward = SPOT * np.exp((RATE - DIVIDEND) * years)
    width = max(vol * np.sqrt(years), 0.03)
    strikes = np.unique(np.round(forward * np.exp(width * np.linspace(-4.0, 3.0, 57)) * 2.0) / 2.0)
    strike, is_call = (axis.ravel() for axis in np.meshgrid(strikes, [1.0, 0.0]))
    sigma = np.sqrt(smile(years, vol).total_variance(np.log(strike / forward)) / years)
    price = european(SPOT, strike, years, RATE, DIVIDEND, sigma, is_call).price
    half = 0.01 + 0.01 * price
    if seed is None:
        return ExpiryQuotes(years, strike, is_call, price - half, price + half)
    shift = np.random.default_rng(seed).uniform(-0.7, 0.7, price.size) * half
    bid, ask = np.floor((price + shift - half) / TICK) * TICK, np.ceil((price + shift + half) / TICK) * TICK
    return ExpiryQuotes(years, strike, is_call, np.maximum(bid, 0.0), ask)


def to_european(
    price: Floats, spot: float, strike: Floats, years: float, rate: float, dividend: float, is_call: Floats
) -> Floats:
    """European prices of American ones, as `forward.ToEuropean`."""
    return de_americanised_price(price, spot, strike, years, rate, dividend, is_call).price
