"""Trades and books of two hours: what they are beside each other and over time."""

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import MINUTE_US
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.orders.books import Books, books
from data_ingestion.simulator.orders.listing import listed
from data_ingestion.simulator.orders.prints import Kind
from data_ingestion.simulator.orders.touch import touch
from data_ingestion.simulator.orders.trades import Trades, trades
from data_ingestion.simulator.universe import SYMBOLS, UNIVERSE
from tests.unit.data_ingestion.simulator.orders.made import (
    COLUMNS,
    FIRST,
    LENGTH,
    SESSION,
    autocorrelation,
    imbalance,
    latent,
    minute,
    steps,
    tape,
)

LAGS = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000])
HALF_TICK = 0.5


def moves(traded: Trades) -> Floats:
    """Move of the fair price over the grid step before each trade, in standard deviations, in the trade's direction."""
    whole = tape()
    step = np.maximum(steps(traded.offset), 1)
    moved = whole.log_price[step, traded.name] - whole.log_price[step - 1, traded.name]
    return np.asarray(traded.side * moved / whole.deviation[step, traded.name])


@pytest.mark.parametrize("kind", ["trades", "books"])
def test_sequences_of_each_name_run_on_in_order_of_time(kind: str) -> None:
    stream: Trades | Books = getattr(tape(), kind)
    assert np.all(np.diff(stream.offset) >= 0)
    for name in range(len(SYMBOLS)):
        assert np.all(np.diff(stream.sequence[stream.name == name]) == 1)


def test_trades_of_a_minute_add_up_to_its_volume() -> None:
    made = minute(FIRST)
    for name in range(len(SYMBOLS)):
        assert made.trades.size[made.trades.name == name].sum() == made.volume[name]


def test_signs_remember_a_thousand_trades_by_a_power_law() -> None:
    """Reported for real markets: an exponent near one half, about 0.3 from one trade to the next."""
    traded = tape().trades
    kept = np.mean(
        [
            [autocorrelation(traded.side[traded.name == name].astype(np.float64), lag) for lag in LAGS]
            for name in range(len(SYMBOLS))
        ],
        axis=0,
    )
    assert kept[0] == pytest.approx(0.32, abs=0.06)
    assert np.all(kept[:-1] > 0)
    upto = LAGS <= 128
    exponent = -np.polyfit(np.log(LAGS[upto]), np.log(kept[upto]), 1)[0]
    assert exponent == pytest.approx(0.55, abs=0.15)


def test_impact_grows_with_size_but_less_than_in_proportion() -> None:
    traded = tape().trades
    usual = np.array([np.median(traded.size[traded.name == name]) for name in range(len(SYMBOLS))])
    relative, moved = traded.size / usual[traded.name], moves(traded)
    small, middle, large = (
        moved[(relative >= low) & (relative < high)].mean() for low, high in ((0.3, 0.7), (0.7, 1.5), (4.0, 10.0))
    )
    assert 0.05 < small < middle < large < 4 * small


def test_trades_meet_the_best_prices_and_sweeps_go_beyond() -> None:
    made = minute(FIRST)
    traded, step = made.trades, steps(made.trades.offset)
    best = np.where(traded.side > 0, made.best.ask[step, traded.name], made.best.bid[step, traded.name])
    beyond = (traded.cents - best) * traded.side
    own = (traded.kind == Kind.SINGLE) | (traded.kind == Kind.SPLIT)
    assert not beyond[own].any()
    swept = traded.kind == Kind.SWEEP
    assert beyond[swept].max() >= 2
    assert (beyond[swept] > 0).mean() > 0.3


def test_books_show_the_best_prices_of_their_moment() -> None:
    made = minute(FIRST)
    step = steps(made.books.offset)
    assert np.array_equal(made.books.bid, made.best.bid[step, made.books.name])
    assert np.array_equal(made.books.ask, made.best.ask[step, made.books.name])


def test_depth_is_the_names_own() -> None:
    made = tape().books
    for name in range(len(SYMBOLS)):
        own = made.name == name
        assert np.median(made.bid_sizes[own, 0]) == pytest.approx(COLUMNS.depth[name], rel=0.6)


def test_imbalance_lasts_for_seconds_and_deep_in_the_book_for_longer() -> None:
    whole = tape().books
    own = whole.name == 0
    seconds = np.arange(int(whole.offset[own][0]), LENGTH * MINUTE_US, 1_000_000)
    last = np.searchsorted(whole.offset[own], seconds, side="right") - 1
    top, deep = (imbalance(whole.bid_sizes[own], whole.ask_sizes[own], levels)[last] for levels in (1, 10))
    assert 0.5 < autocorrelation(top, 1) < 0.9
    assert autocorrelation(deep, 1) > 0.65
    assert 0.2 < autocorrelation(deep, 10) < 0.6
    assert autocorrelation(top, 10) < autocorrelation(deep, 10)


def test_a_bought_level_is_thin_until_it_is_replenished() -> None:
    whole = tape()
    ratios = []
    for name in range(len(SYMBOLS)):
        large = (whole.trades.name == name) & (whole.trades.side > 0) & (whole.trades.size > COLUMNS.depth[name] / 2)
        bought, own = whole.trades.offset[large], whole.books.name == name
        age = whole.books.offset[own] - bought[np.searchsorted(bought, whole.books.offset[own], side="right") - 1]
        size = whole.books.ask_sizes[own, 0]
        ratios.append(np.median(size[(age >= 0) & (age < 200_000)]) / np.median(size[age > 10_000_000]))
    assert np.mean(ratios) < 0.75


def test_a_minute_made_alone_is_the_same() -> None:
    whole, place = tape(), 60
    made = minute(FIRST + place)
    for alone, stream in ((made.trades, whole.trades), (made.books, whole.books)):
        inside = stream.offset // MINUTE_US == place
        for one, other in zip(alone[:2], stream[:2], strict=True):
            assert np.array_equal(one, other[inside])
    inside = whole.books.offset // MINUTE_US == place
    assert np.array_equal(made.books.ask_sizes, whole.books.ask_sizes[inside])
    assert np.array_equal(made.trades.cents, whole.trades.cents[whole.trades.offset // MINUTE_US == place])


def test_a_name_is_the_same_whatever_stands_beside_it() -> None:
    chosen = (UNIVERSE[4],)
    market, columns = latent_of(latent().world, chosen), listed(chosen)
    segment = market.segment(SESSION, FIRST)
    best = touch(segment, columns)
    traded = trades(segment, columns, best, market.session_minutes(SESSION).volume[FIRST])
    alone, beside = books(segment, columns, best, traded), minute(FIRST)
    assert np.array_equal(traded.size, beside.trades.size[beside.trades.name == 4])
    assert np.array_equal(alone.bid_sizes, beside.books.bid_sizes[beside.books.name == 4])


def test_another_seed_is_another_market() -> None:
    other = minute(FIRST, market=latent(seed=43))
    assert not np.array_equal(other.trades.offset, minute(FIRST).trades.offset)
    assert not np.array_equal(other.books.bid_sizes[:100], minute(FIRST).books.bid_sizes[:100])


def test_there_may_be_no_books_and_no_trades() -> None:
    made = minute(FIRST)
    traded = trades(made.segment, COLUMNS, made.best, made.volume, 0.0)
    none = books(made.segment, COLUMNS, made.best, traded, 0.0)
    assert not len(traded.name)
    assert not len(none.name)
    assert none.bid_sizes.shape == (0, 10)
    assert len(books(made.segment, COLUMNS, made.best, traded).name) == len(made.books.name)
