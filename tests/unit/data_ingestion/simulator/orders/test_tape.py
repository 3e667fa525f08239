"""Trades and books of two hours: what they are beside each other and over time."""

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import MINUTE_US
from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.core.flow import STEPS, STEPS_PER_S
from data_ingestion.simulator.facts.books import foretold, next_change, order_flow
from data_ingestion.simulator.facts.memory import long_memory
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.orders.books import Books, books
from data_ingestion.simulator.orders.depth import DEPTH_BY_VOLATILITY
from data_ingestion.simulator.orders.listing import excitement, listed
from data_ingestion.simulator.orders.prints import Kind
from data_ingestion.simulator.orders.touch import touch
from data_ingestion.simulator.orders.trades import Trades, trades
from data_ingestion.simulator.universe import CENTS, SYMBOLS, UNIVERSE
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

LAGS = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256])
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


def test_signs_remember_hundreds_of_trades_by_a_power_law() -> None:
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
    assert np.all(kept > 0)
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


def test_depth_is_the_names_own_and_falls_with_volatility() -> None:
    made = tape().books
    lively = np.median([excitement(minute(FIRST + at).segment, COLUMNS) for at in range(0, LENGTH, 10)], axis=0)
    usual = COLUMNS.depth * lively**DEPTH_BY_VOLATILITY
    for name in range(len(SYMBOLS)):
        own = made.name == name
        assert np.median(made.bid_sizes[own, 0]) == pytest.approx(usual[name], rel=0.4)


def test_imbalance_lasts_and_what_all_levels_share_of_it_for_as_long_as_the_pressure() -> None:
    whole = tape().books
    own = whole.name == 0
    seconds = np.arange(int(whole.offset[own][0]), LENGTH * MINUTE_US, 1_000_000)
    last = np.searchsorted(whole.offset[own], seconds, side="right") - 1
    top, deep = (imbalance(whole.bid_sizes[own], whole.ask_sizes[own], levels)[last] for levels in (1, 10))
    assert 0.5 < autocorrelation(top, 1) < 0.9
    assert 0.1 < autocorrelation(top, 60) < 0.4
    assert autocorrelation(deep, 1) > 0.75
    assert 0.3 < autocorrelation(deep, 10) < 0.7


def test_the_best_level_leans_to_the_next_move_of_the_mid_and_most_where_ticks_are_large() -> None:
    """Of the recorded future, whose tick is twice as large again beside its volatility: 0.73."""
    whole, found = tape(), []
    for name in range(len(SYMBOLS)):
        own = whole.books.name == name
        middle = (whole.books.bid + whole.books.ask)[own] / 2
        lean = imbalance(whole.books.bid_sizes[own], whole.books.ask_sizes[own], 1)
        found.append(foretold(lean, next_change(middle), whole.books.offset[own] / 1e6).value)
    a_second = np.median(whole.deviation, axis=0) * np.exp(whole.log_price[0]) * CENTS * np.sqrt(STEPS_PER_S)
    assert np.corrcoef(np.log(a_second), found)[0, 1] < -0.8
    assert all(auc > 0.6 for auc, ticks in zip(found, a_second, strict=True) if ticks < 1)
    assert min(found) > 0.5


def test_signs_of_order_flow_remember() -> None:
    """Of the recorded future: 0.44 and 0.18, with a memory d of 0.15."""
    whole = tape().books
    kept, memory = [], []
    for name in range(len(SYMBOLS)):
        one = [column[whole.name == name].astype(np.float64) for column in whole[3:]]
        flow = np.sign(order_flow(one[0], one[2][:, 0], one[1], one[3][:, 0]))
        changed = flow[flow != 0]
        assert 0.05 < (flow == 0).mean() < 0.55
        kept.append([autocorrelation(changed, lag) for lag in (1, 5)])
        memory.append(long_memory(changed).value)
    assert np.mean(kept, axis=0) == pytest.approx([0.25, 0.09], abs=0.06)
    assert np.mean(memory) == pytest.approx(0.15, abs=0.05)


@pytest.mark.parametrize("levels", [1, 10])
def test_without_an_edge_no_lean_of_the_book_earns_a_round_trip(levels: int) -> None:
    """Bought at the ask while the book leans most, sold at the bid some time later; and the other way round."""
    market = latent_of(latent().world._replace(edge=0.0), UNIVERSE)
    earned = []
    for place in range(20):
        made = minute(FIRST + place, market=market)
        bid, ask, name = made.best.bid, made.best.ask, made.books.name
        lean, step = imbalance(made.books.bid_sizes, made.books.ask_sizes, levels), steps(made.books.offset)
        later = step + STEPS_PER_S
        for side in (1, -1):
            chosen = (side * lean > np.quantile(side * lean, 0.9)) & (later < STEPS)
            paid = (ask if side > 0 else bid)[step[chosen], name[chosen]]
            got = (bid if side > 0 else ask)[later[chosen], name[chosen]]
            earned.append(side * (got - paid))
    assert np.concatenate(earned).mean() < -0.5


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
