"""Facts of order books, on books made by hand and by a known law."""

import numpy as np
import pytest
from scipy.special import expit

from data_ingestion.simulator.facts import books
from tests.unit.data_ingestion.simulator.facts.test_returns import inside

RANDOM = np.random.default_rng


def test_spreads_are_counted_in_ticks() -> None:
    bid = np.full(1000, 10.0)
    ask = bid + 0.01 * np.where(np.arange(1000) % 10 < 7, 1, np.where(np.arange(1000) % 10 < 9, 2, 5))
    found = books.spread_shares(bid, ask, 0.01, RANDOM(0))
    assert [one.value for one in found] == pytest.approx([0.7, 0.2, 0.1])


def test_depth_and_imbalance_of_a_small_book() -> None:
    bids, asks = np.array([[10.0, 30.0], [30.0, 50.0]]), np.array([[30.0, 10.0], [10.0, 30.0]])
    np.testing.assert_allclose(books.depth_profile(bids, asks), [1.0, 1.5])
    np.testing.assert_allclose(books.imbalance(bids, asks), [-0.5, 0.5])
    np.testing.assert_allclose(books.imbalance(bids, asks, 2), [0.0, 1 / 3])
    assert books.size_spread(bids)[0] == pytest.approx(np.log(3) / 2)


@pytest.mark.parametrize(
    ("later", "flow"),
    [
        ((10.0, 8.0, 10.01, 5.0), 3.0),  # the bid grows by three
        ((10.0, 5.0, 10.01, 2.0), 3.0),  # three are taken from the ask
        ((10.01, 4.0, 10.02, 6.0), 9.0),  # the bid steps up, and the ask of five is gone
        ((9.99, 4.0, 10.01, 5.0), -5.0),  # the bid of five is gone
    ],
)
def test_order_flow_is_what_an_update_adds_to_the_bid_side(later: tuple[float, ...], flow: float) -> None:
    rows = np.array([(10.0, 5.0, 10.01, 5.0), later])
    assert books.order_flow(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])[0] == pytest.approx(flow)


def test_the_next_change_and_the_change_within_a_horizon() -> None:
    times, mid = np.array([0.0, 1.0, 2.0, 3.0]), np.array([5.0, 5.0, 6.0, 6.0])
    np.testing.assert_allclose(books.next_change(mid), [1.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(books.change_within(times, mid, 1.5), [0.0, 1.0, np.nan, np.nan])
    np.testing.assert_allclose(books.as_of(times, mid, 1.0), [5.0, 5.0, 6.0])


def test_a_score_that_moves_the_odds_is_found_with_its_slope() -> None:
    random = RANDOM(1)
    score, times = random.uniform(-1, 1, 30_000), np.arange(30_000) / 10
    change = np.where(random.random(30_000) < expit(score), 1.0, -1.0)
    change[::7] = 0.0
    change[-1] = np.nan
    found = books.foretold(score, change, times)
    assert found.z > 20
    assert books.slope(score[~np.isnan(change)], change[~np.isnan(change)], RANDOM(0)).low > 0.3
    assert inside(books.slope(score, 0.5 * score + random.standard_normal(30_000), RANDOM(0)), 0.5)
    assert books.spans(times, 60.0)[-1] == 49
