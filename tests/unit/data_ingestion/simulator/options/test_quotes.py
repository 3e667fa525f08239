import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from data_ingestion.simulator.options.arrays import Floats
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.quotes import MARGIN, Moment, Option, Quotes, habits, quote, spread
from tests.unit.models.quantitative.surface.chains import folder

SYMBOLS = [options.symbol for options in CLASSES]


def option(price: Floats, *, intrinsic: float = 0.0, strike: float = 500.0, years: float = 0.1) -> Option:
    full = np.ones(price.size)
    return Option(price, intrinsic * full, strike * full, years * full)


def moment(size: int, *, share: float = 0.5, activity: float = 1.0, stress: float = 0.0) -> Moment:
    full = np.ones(size)
    return Moment(share * full, activity * full, stress * full)


def shown(symbol: str, price: Floats, seed: int = 0, **when: float) -> Quotes:
    names = np.full(price.size, SYMBOLS.index(symbol))
    noise = np.random.default_rng(seed).standard_normal((4, price.size))
    return quote(habits(CLASSES, names), option(price), moment(price.size, **when), noise)


@given(
    symbol=st.sampled_from(SYMBOLS),
    price=st.floats(1e-6, 3000.0),
    noise=st.lists(st.floats(-5.0, 5.0), min_size=4, max_size=4),
    share=st.floats(0.0, 1.0),
    activity=st.floats(0.2, 3.0),
    stress=st.floats(0.0, 1.5),
)
@settings(max_examples=200, deadline=None)
def test_quotes_are_on_the_tick_around_the_fair_price(
    symbol: str, price: float, noise: list[float], share: float, activity: float, stress: float
) -> None:
    place = np.array([SYMBOLS.index(symbol)])
    when = moment(1, share=share, activity=activity, stress=stress)
    found = quote(habits(CLASSES, place), option(np.array([price])), when, np.array(noise)[:, None])
    below, above = CLASSES[place[0]].ticks
    tick = below if price < 3.0 else above
    bid, ask = int(found.bid_cents[0]), int(found.ask_cents[0])
    assert bid % tick == ask % tick == 0
    assert 0 <= bid < ask
    assert bid == 0 or bid / 100 <= price - MARGIN + 1e-9
    assert ask / 100 >= price + MARGIN - 1e-9
    assert (found.bid_size[0] > 0) == (bid > 0)
    assert found.ask_size[0] > 0


def test_spreads_grow_with_price_time_stress_and_at_the_open() -> None:
    row = habits(CLASSES, np.full(1, SYMBOLS.index("AAPL")))
    usual = spread(row, option(np.array([4.0])), moment(1))[0]
    assert spread(row, option(np.array([40.0])), moment(1))[0] > usual
    assert spread(row, option(np.array([4.0]), years=2.0), moment(1))[0] > 2 * usual
    assert spread(row, option(np.array([4.0]), intrinsic=3.9), moment(1))[0] > usual
    assert spread(row, option(np.array([4.0])), moment(1, stress=1.0))[0] > 1.5 * usual
    assert spread(row, option(np.array([4.0])), moment(1, share=0.0, activity=2.0))[0] > 1.3 * usual
    assert spread(row, option(np.array([4.0])), moment(1, activity=0.5))[0] > usual


def test_each_name_has_its_own_spread_and_size() -> None:
    prices = np.full(2000, 6.0)
    width = {symbol: np.median(np.subtract(*shown(symbol, prices)[1::-1])) for symbol in SYMBOLS}
    assert width["SPY"] < width["AAPL"] <= width["MSFT"] < width["SPX"]
    size = {symbol: np.median(shown(symbol, prices).bid_size) for symbol in SYMBOLS}
    assert size["SPX"] > size["SPY"] > size["NVDA"] > size["META"]
    calm, wild = (np.median(shown("SPY", prices, stress=stress).ask_size) for stress in (0.0, 1.0))
    assert wild < calm


def recorded(name: str, symbol: str) -> tuple[Floats, Option]:
    """Spreads of a recorded download, and the options with the middle of their quotes as price."""
    lines = (folder() / name).read_text(encoding="utf-8").splitlines()
    taken = datetime.strptime(name.split("_")[1], "%Y%m%d").replace(tzinfo=UTC)
    spot = next(float(line.split("Last: ")[1].split(",")[0]) for line in lines if "Last: " in line)
    found = []
    for row in csv.reader(lines):
        if len(row) >= 22 and row[0] != "Expiration Date":
            expiry = datetime.strptime(row[0], "%a %b %d %Y").replace(tzinfo=UTC)
            years = max((expiry - taken) / timedelta(days=365), 0.1 / 365)
            strike = float(row[11])
            for bid, ask, pays in ((row[4], row[5], spot - strike), (row[15], row[16], strike - spot)):
                found.append((float(bid), float(ask), max(pays, 0.0), strike, years))
    bid, ask, intrinsic, strike, years = np.array(found).T
    good = (bid > 0) & (ask > bid)
    assert good.sum() > 1000, symbol
    return (ask - bid)[good], Option(((bid + ask) / 2)[good], intrinsic[good], strike[good], years[good])


BUCKETS = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, np.inf])


@pytest.mark.parametrize(
    ("symbol", "names"),
    [
        ("SPX", ("SPX_20220204_close.csv", "SPX_20220610_close.csv", "SPX_20230207_1734ET.csv")),
        ("QQQ", ("QQQ_20230612_1635ET.csv",)),
    ],
)
def test_spreads_are_within_a_factor_of_two_of_recorded_ones(symbol: str, names: tuple[str, ...]) -> None:
    """Medians by price, in and out of the money, where a hundred quotes were recorded.

    The recorded SPY chain is left out: it was taken when its quotes were being pulled, at spreads several times QQQ's.
    """
    real, made = defaultdict(list), defaultdict(list)
    for name in names:
        spreads, options = recorded(name, symbol)
        row = habits(CLASSES, np.full(spreads.size, SYMBOLS.index(symbol)))
        noise = np.random.default_rng(1).standard_normal((4, spreads.size))
        found = quote(row, options, moment(spreads.size), noise)
        bucket = np.searchsorted(BUCKETS, options.price) * 2 + (options.intrinsic > 0)
        for place in np.unique(bucket):
            real[place].extend(spreads[bucket == place])
            made[place].extend((found.ask_cents - found.bid_cents)[bucket == place] / 100)
    compared = [place for place in real if len(real[place]) >= 100]
    assert len(compared) >= 10
    for place in compared:
        assert 0.5 <= np.median(made[place]) / np.median(real[place]) <= 2.0, place


def test_sizes_are_within_a_factor_of_two_of_recorded_ones() -> None:
    """Of the index, by price, out of the money and deep in it."""
    table = parquet.read_table(folder().parent / "spx_options_1min_20180105" / "quotes.parquet").to_pydict()
    spot, strike = np.array(table["active_underlying_price"]), np.array(table["strike"], np.float64)
    bid, ask = np.array(table["bid"]), np.array(table["ask"])
    is_call = np.array(table["option_type"]) == "C"
    good = (bid > 0) & (spot > 0)
    price = ((bid + ask) / 2)[good]
    intrinsic = np.maximum(np.where(is_call, spot - strike, strike - spot), 0.0)[good]
    options = Option(price, intrinsic, strike[good], np.full(price.size, 0.05))
    row = habits(CLASSES, np.full(price.size, SYMBOLS.index("SPX")))
    noise = np.random.default_rng(1).standard_normal((4, price.size))
    made = quote(row, options, moment(price.size), noise)
    buckets = {
        "below ten dollars": (intrinsic == 0) & (price < 10),
        "dearer": (intrinsic == 0) & (price >= 10) & (price < 30),
        "deep": intrinsic > 100,
    }
    for name, chosen in buckets.items():
        real = np.median(np.concatenate([np.array(table[side])[good][chosen] for side in ("bid_size", "ask_size")]))
        ours = np.median(np.concatenate([made.bid_size[chosen], made.ask_size[chosen]]))
        assert 0.5 <= ours / real <= 2.0, name
