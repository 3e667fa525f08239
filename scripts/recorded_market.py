"""The recorded market data in the form that the stylised facts are measured on. Nothing of it enters the project."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from data_ingestion.simulator.facts.intervals import Floats
from data_ingestion.simulator.facts.recording import Books, Days, Intraday, Premium, Recording, VolatilityPath
from data_ingestion.simulator.facts.smiles import Chain

FAILED: Final = 0.02
"""Implied volatility that stands for a failed solve."""
ES_TICK: Final = 0.25
LEVELS: Final = range(1, 11)
CHAINS: Final = {
    "SPX 2022-02": ("SPX_20220204_close.csv", "2022-02-04"),
    "SPX 2022-06": ("SPX_20220610_close.csv", "2022-06-10"),
    "SPX 2023-02": ("SPX_20230207_1734ET.csv", "2023-02-07"),
    "SPY 2023-06": ("SPY_20230602_close.csv", "2023-06-02"),
    "QQQ 2023-06": ("QQQ_20230612_1635ET.csv", "2023-06-12"),
}
"""File and the day whose quotes it holds: its own header names the day of the download."""

MINUTE_CHAIN: Final = "SPX 2018-01"
NOON: Final = pd.Timestamp("2018-01-05 12:00")


def recorded(folder: Path) -> Recording:
    """Everything that the market-data folder holds."""
    minute = pd.read_parquet(folder / "spx_options_1min_20180105" / "quotes.parquet")
    chains = ((name, _chain(folder / "option_chains" / file, day)) for name, (file, day) in CHAINS.items())
    return Recording(
        days=_days(folder / "daily_history"),
        premium=_premium(folder / "daily_history"),
        intraday=_intraday(minute),
        books=_books(folder / "es_book_20231225" / "book10.parquet"),
        path=_path(minute),
        chains=(*chains, (MINUTE_CHAIN, _chain_of_a_minute(minute))),
    )


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, parse_dates=True, na_values=[".", "0.0"])


def _days(folder: Path) -> Days:
    stocks = _table(folder / "skfolio_sp500_dataset_to2015.csv.gz").transform(np.log).diff().iloc[1:]
    index = _table(folder / "skfolio_sp500_index_to2015.csv.gz")["SP500"].transform(np.log).diff().reindex(stocks.index)
    nasdaq = _table(folder / "arch_nasdaq_to2015.csv.gz")[["Open", "Close"]].dropna().transform(np.log)
    night = (nasdaq["Open"] - nasdaq["Close"].shift(1)).iloc[1:]
    day = (nasdaq["Close"] - nasdaq["Open"]).iloc[1:]
    return Days(stocks.to_numpy(), index.to_numpy(), night.to_numpy(), day.to_numpy())


def _premium(folder: Path) -> Premium:
    index = _table(folder / "skfolio_sp500_index_to2015.csv.gz")["SP500"].transform(np.log).diff()
    implied = _table(folder / "arch_vix_to2015.csv.gz")["vix"].dropna()
    return Premium((implied.to_numpy() / 100) ** 2, index.reindex(implied.index).to_numpy())


def _intraday(minute: pd.DataFrame) -> Intraday:
    """One morning of the index: the spot that its options imply, and the volume of the options."""
    grouped = minute.groupby("quote_datetime")
    spot = grouped["implied_underlying_price"].median()
    volume = grouped["trade_volume"].sum().to_numpy(dtype=np.float64)
    return Intraday(np.diff(np.log(spot.to_numpy()))[None], volume[None, 1:])


def _path(minute: pd.DataFrame) -> VolatilityPath:
    """Spot and volatility at the money of the expiry four weeks away."""
    expiry = sorted(minute["expiration"].unique())[1]
    own = minute[(minute["expiration"] == expiry) & (minute["implied_volatility"] > FAILED) & (minute["bid"] > 0)]
    near = own[np.abs(np.log(own["strike"] / own["implied_underlying_price"])) < 0.003]  # noqa: PLR2004 - at the money
    grouped = near.groupby("quote_datetime")
    spot, volatility = grouped["implied_underlying_price"].median(), grouped["implied_volatility"].mean()
    return VolatilityPath(np.log(spot.to_numpy()), np.log(volatility.to_numpy()))


def _books(path: Path) -> Books:
    book = pd.read_parquet(path)

    def columns(prefix: str) -> Floats:
        return book[[f"{prefix}{level}" for level in LEVELS]].to_numpy(dtype=np.float64)

    times = (book["ts_event"] - book["ts_event"].iloc[0]).to_numpy(dtype=np.float64) / 1e9
    bid, ask = book["bid_px1"].to_numpy(), book["ask_px1"].to_numpy()
    return Books(times, bid, ask, columns("bid_sz"), columns("ask_sz"), ES_TICK)


def _chain(path: Path, day: str) -> Chain:
    """Out-of-the-money side of each strike, quoted and with an implied volatility."""
    with path.open() as lines:
        skip = next(number for number, line in enumerate(lines) if line.startswith("Expiration"))
    table = pd.read_csv(path, skiprows=skip)
    expiry = pd.to_datetime(table["Expiration Date"], format="%a %b %d %Y")
    years: Floats = np.asarray((expiry - pd.Timestamp(day)).dt.days / 365, dtype=np.float64)
    strike = table["Strike"].to_numpy(dtype=np.float64)
    sides = []
    forward = _forwards(table, years)
    for suffix, sign in (("", 1.0), (".1", -1.0)):
        side = table[[f"{name}{suffix}" for name in ("IV", "Bid", "Ask", "Delta")]].to_numpy(dtype=np.float64)
        moneyness = np.log(strike / forward)
        known = (sign * moneyness >= 0) & (side[:, 0] > 0) & (side[:, 1] > 0) & (years > 0)
        sides.append(np.column_stack([moneyness, years, side[:, :3], np.abs(side[:, 3])])[known])
    return Chain(*np.concatenate(sides).T)


def _chain_of_a_minute(minute: pd.DataFrame) -> Chain:
    """The same of the index at noon of the recorded day, with sizes; what expires on the day is left out."""
    noon = minute[(minute["quote_datetime"] == NOON) & (minute["expiration"] > NOON.normalize())]
    known = noon[(noon["implied_volatility"] > FAILED) & (noon["bid"] > 0)]
    years = (known["expiration"] + pd.Timedelta(hours=16) - NOON).dt.total_seconds() / (365 * 86_400)
    moneyness = np.log(known["strike"] / known["implied_underlying_price"])
    outside = moneyness * np.where(known["option_type"] == "C", 1.0, -1.0) >= 0
    size = (known["bid_size"] + known["ask_size"]) / 2
    quoted = [known[name] for name in ("implied_volatility", "bid", "ask")]
    columns = [moneyness, years, *quoted, known["delta"].abs(), size]
    return Chain(*(np.asarray(column, dtype=np.float64)[outside] for column in columns))


def _forwards(table: pd.DataFrame, years: Floats) -> Floats:
    """Of each row's expiry: the strike plus call less put where these are nearest to each other."""
    gap = ((table["Bid"] + table["Ask"]) / 2 - (table["Bid.1"] + table["Ask.1"]) / 2).to_numpy(dtype=np.float64)
    strike, found = table["Strike"].to_numpy(dtype=np.float64), np.empty(len(table))
    for one in np.unique(years):
        own = years == one
        place = int(np.argmin(np.abs(gap[own])))
        found[own] = strike[own][place] + gap[own][place]
    return found
