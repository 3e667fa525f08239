import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.volume_profile import (
    MOST_PRICES,
    VALUE_SHARE,
    VOLUME_PROFILE,
    Grown,
    VolumeProfile,
    grown,
    profile_of,
    together,
    volume_profile,
)

TICK = 0.01
trades = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 500)), min_size=1, max_size=60)


def columns(rows: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    ticks, sizes = np.array(rows, dtype=np.float64).T
    return ticks * TICK, sizes


def test_features_are_the_numbers_of_the_profile() -> None:
    names = tuple(feature.name for feature in VOLUME_PROFILE)
    assert VolumeProfile._fields == ("prices", "volumes", *names)


def test_a_profile_worked_out_by_hand() -> None:
    price = np.array([10.00, 10.01, 10.01, 10.02, 10.03, 10.04, 10.01])
    size = np.array([100.0, 200.0, 100.0, 150.0, 150.0, 50.0, 100.0])
    profile = volume_profile(price, size, TICK)
    assert profile.prices.tolist() == [10.0, 10.01, 10.02, 10.03, 10.04]
    assert profile.volumes.tolist() == [100.0, 400.0, 150.0, 150.0, 50.0]
    # 400 of 850 at the control; upwards 150 and again 150 make 700, and 595 were asked for.
    assert (profile.point_of_control, profile.value_area_low, profile.value_area_high) == (10.01, 10.01, 10.03)
    np.testing.assert_allclose(profile.value_area_width, 0.02 / 10.01)
    assert profile.control_distance == 0.0


def test_the_area_grows_to_the_heavier_side_and_upwards_on_a_tie() -> None:
    down = volume_profile(np.array([1.0, 2.0, 3.0]), np.array([30.0, 50.0, 20.0]), 1.0)
    assert (down.value_area_low, down.value_area_high) == (1.0, 2.0)
    tie = volume_profile(np.array([1.0, 2.0, 3.0]), np.array([25.0, 50.0, 25.0]), 1.0)
    assert (tie.value_area_low, tie.value_area_high) == (2.0, 3.0)


def test_of_two_peaks_the_one_nearer_to_the_mean_price() -> None:
    profile = volume_profile(np.array([1.0, 2.0, 3.0, 9.0]), np.array([50.0, 10.0, 50.0, 30.0]), 1.0)
    assert profile.point_of_control == 3.0


def test_prices_between_multiples_go_to_the_nearest() -> None:
    profile = volume_profile(np.array([10.004, 10.006, 10.07, 0.002]), np.full(4, 1.0), TICK, 5)
    assert profile.prices.tolist() == [10.0, 10.05]
    assert profile.volumes.tolist() == [2.0, 1.0]


@given(rows=trades)
def test_the_area_holds_its_share_and_no_price_too_many(rows: list[tuple[int, int]]) -> None:
    price, size = columns(rows)
    profile = volume_profile(price, size, TICK)
    assert profile.volumes.sum() == size.sum()
    assert profile.value_area_low <= profile.point_of_control <= profile.value_area_high
    inside = (profile.prices >= profile.value_area_low) & (profile.prices <= profile.value_area_high)
    held = profile.volumes[inside]
    assert held.sum() >= VALUE_SHARE * size.sum() - 1e-9
    if len(held) > 1:  # the price added last was needed, and it stands at an edge
        assert held.sum() - max(held[0], held[-1]) < VALUE_SHARE * size.sum()
    for tick in profile.prices:
        np.testing.assert_array_equal(profile.volumes[profile.prices == tick], [size[np.isclose(price, tick)].sum()])


@given(rows=trades, seed=st.integers(0, 100))
def test_the_order_of_trades_matters_to_the_last_price_alone(rows: list[tuple[int, int]], seed: int) -> None:
    price, size = columns(rows)
    order = np.random.default_rng(seed).permutation(len(price))
    one, other = volume_profile(price, size, TICK), volume_profile(price[order], size[order], TICK)
    for left, right in zip(one[:-1], other[:-1], strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_allclose(other.control_distance, price[order][-1] / one.point_of_control - 1.0, atol=1e-12)


def test_trades_that_cannot_be_are_left_out() -> None:
    price = np.array([10.0, np.nan, -1.0, 10.0, 1e12, 10.0, 10.0])
    size = np.array([1.0, 5.0, 5.0, 0.0, 5.0, np.inf, np.nan])
    profile = volume_profile(price, size, TICK)
    assert (profile.prices.tolist(), profile.volumes.tolist()) == ([10.0], [1.0])


@pytest.mark.parametrize("price", [[], [np.nan]])
def test_a_window_without_trades_has_no_profile(price: list[float]) -> None:
    profile = volume_profile(np.array(price), np.ones(len(price)), TICK)
    assert len(profile.prices) == 0
    assert np.isnan(profile[2:]).all()


@pytest.mark.parametrize("tick", [0.0, -0.01, np.nan, np.inf])
def test_a_tick_must_be_more_than_nothing(tick: float) -> None:
    with pytest.raises(ValueError, match="give a tick above 0"):
        volume_profile(np.ones(1), np.ones(1), tick)


@given(rows=trades, cut=st.integers(0, 60))
def test_a_profile_grows_to_that_of_all_trades(rows: list[tuple[int, int]], cut: int) -> None:
    price, size = columns(rows)
    so_far = grown(grown(Grown(), price[:cut], size[:cut], TICK), price[cut:], size[cut:], TICK)
    once, wanted = profile_of(so_far, float(price[-1]), TICK), volume_profile(price, size, TICK)
    for name, one, other in zip(VolumeProfile._fields, once, wanted, strict=True):
        np.testing.assert_array_equal(one, other, name)


@pytest.mark.parametrize(("prices", "multiple"), [(MOST_PRICES, 1), (MOST_PRICES + 1, 3), (4 * MOST_PRICES, 9)])
def test_a_profile_of_too_many_prices_is_told_in_wider_ones(prices: int, multiple: int) -> None:
    price, size = columns([(1_000 + place, place % 7 + 1) for place in range(prices)])
    so_far = Grown()
    for cut in range(0, prices, 1_000):
        so_far = grown(so_far, price[cut : cut + 1_000], size[cut : cut + 1_000], TICK)
    assert (so_far.multiple, len(so_far.levels) <= MOST_PRICES) == (multiple, True)
    wanted = volume_profile(price, size, TICK, multiple)
    for name, one, other in zip(VolumeProfile._fields, profile_of(so_far, float(price[-1]), TICK), wanted, strict=True):
        np.testing.assert_array_equal(one, other, name)


def test_profiles_together_are_as_wide_as_the_widest() -> None:
    price, size = columns([(1_000 + place, place % 7 + 1) for place in range(MOST_PRICES + 1)])
    wide, fine = grown(Grown(), price, size, TICK), grown(Grown(), price[:90], size[:90], TICK)
    both = together([fine, wide])
    wanted = volume_profile(np.append(price, price[:90]), np.append(size, size[:90]), TICK, 3)
    assert (wide.multiple, fine.multiple, both.multiple) == (3, 1, 3)
    np.testing.assert_array_equal(profile_of(both, 1.0, TICK).volumes, wanted.volumes)
    np.testing.assert_array_equal(profile_of(both, 1.0, TICK).prices, wanted.prices)
