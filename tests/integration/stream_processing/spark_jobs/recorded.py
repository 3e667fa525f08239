"""Recorded option chains as quotes on the wire, each beside what its vendor made of it.

Every quote is stamped as its vendor must have seen it, so that what differs is our arithmetic and not our inputs:

- Cboe's sample of 2018-01-05 says what its underlying was worth, and takes no dividends (see `test_vendor_greeks`).
- Cboe's downloads say neither rate nor yield: parity of calls and puts says them by expiry. Its index deltas call for
  an underlying worth the discounted forward and no yield, as in the sample; the funds keep price and yield apart, for
  they may be exercised before expiry.
- The broker's snapshot of SPY says its rate and counts days to expiry with both ends; one yield fits its volatilities.
"""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow.parquet
import pytest

from contracts.events import OptionQuoteReceived
from contracts.ids import make_id
from contracts.instruments import OptionContract, Right, parse_occ
from contracts.sessions import MICROS, NEW_YORK
from models.quantitative.surface.forward import Forward, implied_forward
from models.quantitative.times import years_between
from tests.unit.models.quantitative import test_vendor_greeks as sample
from tests.unit.models.quantitative.surface.chains import FUND_RATE, RECORDED, folder, recorded, to_european

SAMPLE: Final = "SPX_20180105"
SNAPSHOT: Final = "SPY_20200129"
MINUTES_APART: Final = 20
"""Of the sample's minutes that are replayed."""
STRIKES_APART: Final = 4
"""Of the index's strikes in a download that are replayed; a fund has fewer, and American ones tell more."""
SNAPSHOT_YIELD: Final = 0.0175
"""Continuous, per year."""
FAILED_PERCENT: Final = 5.0
"""The broker's mark of a volatility it did not find."""
DAY_US: Final = 86_400 * MICROS
_SIZE: Final = 10


class Vendor(NamedTuple):
    """What a vendor says of a quote, in the units of `GreeksComputed`; NaN where it says nothing."""

    implied_vol: float
    delta: float
    gamma: float
    vega: float = np.nan
    theta: float = np.nan


class Stamp(NamedTuple):
    """The state of the world as the vendor saw it."""

    event_time: int
    underlying_price: float
    rate: float
    dividend_yield: float


class RecordedQuote(NamedTuple):
    """A quote and its vendor's answer."""

    quote: OptionQuoteReceived
    vendor: Vendor


def _quote(
    contract: OptionContract, stamp: Stamp, bid: float, ask: float, source: str, expires_at: int | None = None
) -> OptionQuoteReceived:
    return OptionQuoteReceived(
        event_id=make_id(OptionQuoteReceived.__name__, source, contract.symbol, stamp.event_time),
        event_time=stamp.event_time,
        source=source,
        simulated=False,
        contract=contract.symbol,
        underlying=contract.underlying,
        expires_at=contract.expires_at if expires_at is None else expires_at,
        strike=contract.strike,
        right=contract.right,
        style=contract.style,
        multiplier=100,
        bid=bid,
        ask=ask,
        bid_size=_SIZE,
        ask_size=_SIZE,
        underlying_price=stamp.underlying_price,
        underlying_time=stamp.event_time,
        rate=stamp.rate,
        dividend_yield=stamp.dividend_yield,
        sequence=0,
    )


def _micros(local: datetime) -> int:
    return round(local.replace(tzinfo=NEW_YORK).timestamp()) * MICROS


def _file(*parts: str) -> Path:
    root = os.environ.get("MARKET_DATA_DIR")
    path = Path(root or "", *parts)
    if not root or not path.is_file():
        pytest.skip("MARKET_DATA_DIR is not set: the recorded chains are not part of the project")
    return path


def index_minutes() -> Iterator[RecordedQuote]:
    """Some minutes of the sample's index options; those that expire on the day are left out, as in its unit test."""
    table = pyarrow.parquet.read_table(_file("spx_options_1min_20180105", "quotes.parquet"))
    expiries = sorted(set(table["expiration"].to_pylist()))[-sample.EXPIRIES :]
    minutes = sorted(set(table["quote_datetime"].to_pylist()))[::MINUTES_APART]
    chosen = np.isin(table["expiration"], expiries) & np.isin(table["quote_datetime"], minutes)
    for row in table.filter(chosen).to_pylist():
        contract = OptionContract(row["root"], row["expiration"].date(), row["option_type"], float(row["strike"]))
        stamp = Stamp(_micros(row["quote_datetime"]), row["implied_underlying_price"], sample.RATE, 0.0)
        vol = row["implied_volatility"]
        vendor = Vendor(
            np.nan if vol == sample.FAILED_VOL else vol, row["delta"], row["gamma"], row["vega"], row["theta"]
        )
        yield RecordedQuote(_quote(contract, stamp, row["bid"], row["ask"], SAMPLE), vendor)


def download(name: str) -> Iterator[RecordedQuote]:
    """The contracts of one of Cboe's downloads; what has expired gets any stamp."""
    chain = recorded(name)
    at = _micros(datetime.fromisoformat(RECORDED[name]))
    terms: Mapping[str, Any] = {"rate": FUND_RATE, "to_european": to_european} if chain.is_american else {}
    spot = chain.underlying_price
    forwards = {expiry.years: implied_forward(expiry, spot, **terms) for expiry in chain.expiries}

    def stamp(expires_at: int) -> Stamp:
        found: Forward | None = forwards.get(float(years_between(at, expires_at)))
        if found is None:
            return Stamp(at, spot, 0.0, 0.0)
        if chain.is_american:
            return Stamp(at, spot, found.rate, found.dividend_yield)
        return Stamp(at, found.forward * found.discount, found.rate, 0.0)

    lines = csv.reader((folder() / name).read_text(encoding="utf-8").splitlines())
    rows = dropwhile(lambda cells: cells[:1] != ["Expiration Date"], lines)
    for line in islice(rows, 1, None, 1 if chain.is_american else STRIKES_APART):
        for symbol, *cells in (line[1:10], line[12:21]):
            contract = parse_occ(symbol)
            _, _, bid, ask, _, vol, delta, gamma = map(float, cells)
            source = name.removesuffix(".csv")
            quote = _quote(contract, stamp(contract.expires_at), bid, ask, source)
            yield RecordedQuote(quote, Vendor(vol or np.nan, delta, gamma))


def snapshot() -> Iterator[RecordedQuote]:
    """The broker's snapshot: two expiries of SPY, of which one ends on the day."""
    chain = json.loads(_file("spy_chain_json", "spy_options_response.json").read_text())
    for expiry, strikes in (*chain["callExpDateMap"].items(), *chain["putExpDateMap"].items()):
        day, _, days = expiry.partition(":")
        for (row,) in strikes.values():
            right: Right = "C" if row["putCall"] == "CALL" else "P"
            contract = OptionContract(chain["symbol"], date.fromisoformat(day), right, row["strikePrice"])
            at = row["quoteTimeInLong"] * 1_000
            stamp = Stamp(at, chain["underlyingPrice"], chain["interestRate"] / 100.0, SNAPSHOT_YIELD)
            expires_at = at + (int(days) + 1) * DAY_US
            percent = float(row["volatility"])
            vendor = Vendor(
                percent / 100.0 if percent > FAILED_PERCENT else np.nan,
                *(float(row[name]) for name in Vendor._fields[1:]),
            )
            yield RecordedQuote(_quote(contract, stamp, row["bid"], row["ask"], SNAPSHOT, expires_at), vendor)


CHAINS: Final[Mapping[str, Callable[[], Iterator[RecordedQuote]]]] = {
    SAMPLE: index_minutes,
    SNAPSHOT: snapshot,
    **{name.removesuffix(".csv"): partial(download, name) for name in RECORDED},
}
"""By source: how its quotes are read."""
