import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.core.clock import MINUTE_US
from data_ingestion.simulator.core.flow import GRID_US, STEPS
from data_ingestion.simulator.orders.prints import LOT, Kind, Mood, Prints, prints

CALM = Mood(np.zeros(STEPS), np.zeros(STEPS), np.zeros(STEPS))


def made(seed: int, count: int, volume: int, mood: Mood = CALM) -> Prints:
    return prints(np.random.default_rng(seed), count, volume, mood)


def orders_of(found: Prints, kind: Kind) -> list[Prints]:
    numbers = np.unique(found.order[found.kind == kind])
    return [Prints(*(column[found.order == number] for column in found)) for number in numbers]


@given(seed=st.integers(0, 2**32), count=st.integers(0, 400), spare=st.integers(0, 10**6))
def test_count_and_volume_are_exact_and_times_in_order(seed: int, count: int, spare: int) -> None:
    found = made(seed, count, count + spare)
    assert all(len(column) == count for column in found)
    assert int(found.size.sum()) == (count + spare if count else 0)
    assert np.all(found.size >= 1)
    assert np.all(np.diff(found.offset) >= 0)
    assert np.all((found.offset >= 0) & (found.offset < MINUTE_US))
    assert np.all((found.quoted_at >= 0) & (found.quoted_at < STEPS))
    assert set(np.unique(found.side)) <= {-1, 1}


def test_more_trades_than_shares_are_trades_of_one_share() -> None:
    assert made(1, 30, 4).size.tolist() == [1] * 30


@pytest.fixture(scope="module")
def busy() -> Prints:
    return made(5, 20_000, 3_000_000)


def test_a_sweep_takes_level_after_level_within_a_millisecond(busy: Prints) -> None:
    sweeps = orders_of(busy, Kind.SWEEP)
    assert len(sweeps) > 100
    for sweep in sweeps:
        assert sweep.level.tolist() == list(range(len(sweep.level)))
        assert sweep.offset[-1] - sweep.offset[0] <= 1_000
        assert len(set(sweep.side)) == len(set(sweep.quoted_at)) == 1


def test_an_iceberg_shows_the_same_size_again_and_again_at_one_price(busy: Prints) -> None:
    icebergs = orders_of(busy, Kind.ICEBERG)
    assert len(icebergs) > 100
    alike = [len(set(each.size)) == 1 for each in icebergs]
    assert np.mean(alike) > 0.98  # a few give up shares to make the volume exact
    for each in icebergs:
        assert set(each.level) == {0}
        assert len(set(each.quoted_at)) == len(set(each.side)) == 1
        assert each.offset[-1] - each.offset[0] < 1_000_000


def test_other_trades_meet_the_best_price_of_their_own_moment(busy: Prints) -> None:
    own = (busy.kind == Kind.SINGLE) | (busy.kind == Kind.SPLIT)
    assert np.array_equal(busy.quoted_at[own], busy.offset[own] // GRID_US)
    assert not busy.level[own].any()
    assert {len(order.size) for order in orders_of(busy, Kind.SINGLE)} == {1}


def test_most_trades_are_odd_lots_and_the_large_ones_whole_lots_of_heavy_tails(busy: Prints) -> None:
    odd = busy.size < LOT
    assert 0.45 < odd.mean() < 0.75
    assert 0.5 < (busy.size[~odd] % LOT == 0).mean() < 0.95
    largest = np.sort(busy.size)[-400:].astype(np.float64)
    hill = 1 / np.log(largest / largest[0])[1:].mean()
    assert 1.2 < hill < 3.5  # reported for real trades: about 1.5; the cap and the lots steepen it


def test_trades_come_in_bunches() -> None:
    waits = np.concatenate([np.diff(made(seed, 120, 10_000).offset) for seed in range(40)])
    assert waits.std() > 1.5 * waits.mean()


@pytest.mark.parametrize("field", ["pressure", "habit", "shock"])
def test_each_mood_leans_signs_its_way(field: str) -> None:
    raised = np.ones(STEPS)
    up, down = (made(2, 5_000, 500_000, CALM._replace(**{field: sign * raised})).side.mean() for sign in (1, -1))
    assert 0.05 < up < 0.5
    assert -0.5 < down < -0.05


def test_signs_tell_of_the_move_that_was_and_not_of_the_one_to_come() -> None:
    shock = np.random.default_rng(8).standard_normal(STEPS)
    found = made(4, 60_000, 10**7, CALM._replace(shock=shock))
    step = found.offset // GRID_US
    first = np.unique(found.order, return_index=True)[1]
    inside = first[(step[first] > 0) & (step[first] < STEPS - 1)]
    before, after = (float((found.side[inside] * shock[step[inside] - back]).mean()) for back in (1, 0))
    assert before > 0.1
    assert abs(after) < 0.03
