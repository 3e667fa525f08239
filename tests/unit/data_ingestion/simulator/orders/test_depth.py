import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.core.components import Floats
from data_ingestion.simulator.orders import depth

ROWS = 20_000


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def leaning(**states: float) -> Floats:
    """Leans of one book in which only these states are not zero."""
    columns = (np.array([states.get(name, 0.0)]) for name in ("pressure", "decoy", "habit", "stands"))
    return np.asarray(depth.leans(*columns)[0])


def test_the_pressure_leans_all_levels_the_fair_price_the_best_and_what_moves_nothing_the_best_two() -> None:
    assert np.all(leaning(pressure=1.0) >= 0.1)
    assert leaning(stands=1.0)[0] > 4 * leaning(pressure=1.0)[0]
    assert not leaning(stands=1.0)[1:].any()
    for name in ("decoy", "habit"):
        assert np.all(leaning(**{name: 1.0})[:2] > 0)
        assert not leaning(**{name: 1.0})[2:].any()


@given(*[st.floats(-3, 3)] * 4)
def test_leans_of_opposite_states_are_opposite(pressure: float, decoy: float, habit: float, stands: float) -> None:
    lean = depth.leans(*(np.array([state, -state]) for state in (pressure, decoy, habit, stands)))
    assert lean[0] == pytest.approx(-lean[1])


def test_sizes_lean_as_told_around_the_usual_shape() -> None:
    lean = np.tile(leaning(pressure=1.0), (ROWS, 1))
    bid, ask = depth.sizes(random(), lean, np.full(ROWS, 500.0), 1.0)
    found = np.log(bid / ask) / 2
    lasting = np.where(np.arange(depth.LEVELS) < depth.LASTING, 20, 1)  # so many books in a row are much the same
    assert np.all(np.abs(found.mean(axis=0) - lean[0]) < 4 * depth.NOISE * np.sqrt(lasting / ROWS))
    assert found.std(axis=0) == pytest.approx(depth.NOISE, rel=0.1)
    assert np.median(np.sqrt(bid * ask), axis=0) == pytest.approx(500 * depth.SHAPE, rel=0.1)


def test_noise_lasts_at_the_best_levels_and_what_both_sides_share_at_all() -> None:
    for lasts, begins, of_both in ((depth.LASTS_S, depth.LASTING, -1), (depth.COMMON_LASTS_S, depth.LEVELS, 1)):
        bid, ask = depth.sizes(random(), np.zeros((ROWS, depth.LEVELS)), np.ones(ROWS), lasts)
        found = np.log(bid * ask**of_both / depth.SHAPE ** (1 + of_both))
        kept = (found[1:] * found[:-1]).mean(axis=0) / found.var(axis=0)
        assert kept[:begins] == pytest.approx(0.5, abs=0.05)
        assert kept[begins:] == pytest.approx(0.0, abs=0.05)


def test_what_a_book_tells_leaves_little_of_the_pressure_unknown() -> None:
    """At four books a second the variance that a filter is left with is that of the documented equation."""
    theta, rate = np.log(2) / 10.0, 4.0
    gained = rate * depth.INFORMATION
    left = (-2 * theta + np.sqrt(4 * theta**2 + 8 * theta * gained)) / (2 * gained)
    assert gained * left**2 + 2 * theta * left == pytest.approx(2 * theta)
    assert left == pytest.approx(0.04, abs=0.005)
    assert np.sqrt(1 - left) > 0.97


def test_walls_stand_deep_in_one_side_and_go_again() -> None:
    offset = np.arange(0, 60_000_000, 10_000)
    raised = depth.walls(random(), offset, 60_000_000)
    assert set(np.unique(raised)) == {0.0, depth.WALL_LOG_SIZE}
    first, end = depth.WALL_LEVELS
    assert not raised[:, :, :first].any()
    assert not raised[:, :, end:].any()
    standing = (raised > 0).sum(axis=1) * 0.01
    assert 0 < standing.max() <= depth.WALLS * (depth.WALL_LONGEST_S + 0.01)
    assert (standing > 0).sum() <= depth.WALLS


def test_a_trade_takes_from_the_best_level_until_it_is_replenished() -> None:
    offset = np.array([0, 1_000_000, 1_000_001, 1_700_000, 9_000_000])
    left = depth.left(offset, np.array([1_000_000]), np.array([0.5]))
    assert left[0] == 1.0
    assert left[1:3] == pytest.approx(0.5, abs=1e-5)
    assert left[3] == pytest.approx(1 - 0.5 / np.e)
    assert left[4] == pytest.approx(1.0, abs=1e-4)


def test_a_huge_trade_leaves_something_and_no_trade_takes_nothing() -> None:
    offset = np.array([5, 6])
    none = np.zeros(0, np.int64)
    assert depth.left(offset, np.array([5]), np.array([40.0])).min() == pytest.approx(1 - depth.MOST_TAKEN)
    assert depth.left(offset, none, np.zeros(0)).tolist() == [1.0, 1.0]


def test_sizes_are_whole_and_at_least_one() -> None:
    assert depth.whole(np.array([0.0, 0.4, 1.4, 99.6])).tolist() == [1, 1, 1, 100]
