"""Queues at the best prices: signs of orders that remember, and sizes that follow them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.orders.queues import Orders, orders, shown
from data_ingestion.simulator.universe import Ints
from tests.unit.data_ingestion.simulator.orders.made import autocorrelation

ROWS = 40_000
NONE: Ints = np.zeros(0, np.int64)
GAP_US = 250_000


def signs(habit: Floats, seed: int = 1) -> Floats:
    made = orders(np.random.default_rng(seed), habit, np.arange(len(habit)) * GAP_US, NONE, NONE)
    return np.where(made.buys, 1.0, -1.0)


def test_signs_of_orders_come_in_runs() -> None:
    found = signs(np.zeros(ROWS))
    assert abs(found.mean()) < 0.06
    kept = [autocorrelation(found, lag) for lag in (1, 5, 40)]
    assert kept[0] > 0.45
    assert kept[0] > 1.3 * kept[1] > 0.2
    assert kept[2] == pytest.approx(0.0, abs=0.06)


def test_a_habit_leans_signs_for_as_long_as_it_lasts() -> None:
    for sign in (1.0, -1.0):
        assert 0.1 < sign * signs(np.full(ROWS, sign)).mean() < 0.4


def test_an_update_after_trades_has_the_sign_of_the_last_and_goes_the_whole_way() -> None:
    offset = np.arange(10) * GAP_US
    traded_at = np.array([GAP_US - 2, GAP_US - 1, 3 * GAP_US, 7 * GAP_US + 1])
    for seed in range(20):
        made = orders(np.random.default_rng(seed), np.zeros(10), offset, traded_at, np.array([1, -1, 1, -1]))
        assert made.buys[[1, 3, 8]].tolist() == [False, True, False]
        assert np.flatnonzero(made.share == 1.0).tolist() == [1, 3, 8]


def test_there_may_be_no_updates() -> None:
    none = orders(np.random.default_rng(1), np.zeros(0), NONE, np.array([5]), np.array([1]))
    assert not len(none.buys)
    assert not len(shown(np.zeros(0), np.zeros(0), none.buys, none)[0])


def test_a_new_price_has_new_queues_and_an_order_moves_them_in_its_direction_only() -> None:
    bid, ask = np.array([100.0, 200.0, 200.0, 50.0, 70.0]), np.array([100.0, 200.0, 50.0, 300.0, 80.0])
    made_by = Orders(np.array([True, True, True, False, False]), np.full(5, 0.5))
    bids, asks = shown(bid, ask, np.array([True, False, False, False, True]), made_by)
    assert bids.tolist() == [100.0, 150.0, 175.0, 112.5, 70.0]
    assert asks.tolist() == [100.0, 100.0, 75.0, 187.5, 80.0]


sizes = st.lists(st.tuples(*[st.floats(1.0, 1e4)] * 2, st.booleans(), st.floats(0.0, 1.0)), min_size=2, max_size=60)


@given(sizes)
def test_net_flow_at_standing_prices_has_the_sign_of_the_order(rows: list[tuple[float, float, bool, float]]) -> None:
    bid, ask, buys, share = (np.array(column) for column in zip(*rows, strict=True))
    fresh = np.arange(len(rows)) == 0
    bids, asks = shown(bid, ask, fresh, Orders(buys.astype(np.bool_), share))
    net = np.diff(bids) - np.diff(asks)
    assert np.all(np.where(buys[1:], net, -net) >= 0)
    assert min(bids.min(), asks.min()) >= 1.0 - 1e-9
    assert max(bids.max(), asks.max()) <= 1e4 + 1e-6
