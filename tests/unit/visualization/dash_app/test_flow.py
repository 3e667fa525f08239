import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualization.dash_app.flow import BIN_GROWTH, KEPT_S, Flow

SECOND = 1_000_000
NOW = 1_767_225_600 * SECOND


@given(st.lists(st.integers(100, 60 * SECOND), min_size=1, max_size=300))
def test_quantiles_are_right_to_half_a_bin_and_the_maximum_exactly(latencies_us: list[int]) -> None:
    flow = Flow()
    for latency in latencies_us:
        flow.add(NOW, NOW - latency)
    found, ordered = flow.latency(NOW), sorted(latencies_us)
    assert found is not None
    for share, estimate_ms in ((0.5, found.p50_ms), (0.99, found.p99_ms)):
        exact_ms = ordered[math.ceil(share * len(ordered)) - 1] / 1000
        assert estimate_ms == pytest.approx(exact_ms, rel=BIN_GROWTH**0.5 - 1 + 1e-9)
    assert found.max_ms == ordered[-1] / 1000
    assert found.p50_ms <= found.p99_ms <= found.max_ms


def test_a_rate_is_over_whole_seconds() -> None:
    flow = Flow()
    for second in range(20):
        for _ in range(7):
            flow.add(NOW + second * SECOND, None)
    assert flow.rate_per_s(NOW + 20 * SECOND) == 7.0
    assert flow.rate_per_s(NOW + 25 * SECOND) == 3.5
    assert flow.rate_per_s(NOW + 60 * SECOND) == 0.0
    assert flow.total == 140


def test_age_counts_from_the_end_of_the_last_second_with_a_record() -> None:
    flow = Flow()
    assert flow.age_s(NOW) is None
    flow.add(NOW, None)
    assert flow.age_s(NOW + SECOND // 2) == 0.0
    assert flow.age_s(NOW + 9 * SECOND) == 8.0


def test_old_seconds_are_forgotten_and_late_records_still_counted() -> None:
    flow = Flow()
    for second in range(3 * KEPT_S):
        flow.add(NOW + second * SECOND, NOW + second * SECOND - 5_000)
    flow.add(NOW, None)
    flow.add(NOW + (3 * KEPT_S - 2) * SECOND, None)
    history = flow.history()
    assert len(history) == KEPT_S
    assert [count for _, count, _ in history[-3:]] == [1, 2, 1]
    assert flow.latency(NOW + 10 * KEPT_S * SECOND) is None
