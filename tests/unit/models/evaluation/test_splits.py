import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.splits import purged_time_split


@given(st.integers(0, 2**32), st.integers(1, 50), st.integers(0, 50))
def test_no_label_reaches_into_the_next_part(seed: int, horizon: int, extra: int) -> None:
    event_time = np.random.default_rng(seed).integers(0, 100_000, 300)
    parts = purged_time_split(event_time, horizon, horizon + extra)
    for earlier, later in ((parts.train, parts.calibrate), (parts.calibrate, parts.test)):
        assert event_time[earlier].max() + horizon <= event_time[later].min()
    assert not np.any(parts.train & parts.calibrate | parts.calibrate & parts.test | parts.train & parts.test)


def test_parts_follow_the_shares_of_time_not_of_rows() -> None:
    dense_start = np.concatenate([np.arange(0, 100), np.arange(100, 1001, 10)]).astype(np.int64)
    parts = purged_time_split(dense_start, 1, 10, (0.5, 0.25, 0.25))
    assert dense_start[parts.train].max() < 500 <= dense_start[parts.calibrate].min() - 10
    assert dense_start[parts.calibrate].max() < 750 <= dense_start[parts.test].min() - 10


def test_a_purge_shorter_than_the_horizon_is_refused() -> None:
    with pytest.raises(ValueError, match="leak"):
        purged_time_split(np.arange(100, dtype=np.int64), horizon=10, purge=9)


@pytest.mark.parametrize(
    ("event_time", "shares", "complaint"),
    [
        (np.arange(0), (0.6, 0.2, 0.2), "no rows"),
        (np.arange(10), (0.6, 0.2, 0.1), "sum to one"),
        (np.arange(10), (1.2, -0.4, 0.2), "positive"),
        (np.arange(10), (0.6, 0.2, 0.2), "calibrate part is empty"),
        (np.full(10, 5), (0.6, 0.2, 0.2), "train part is empty"),
    ],
)
def test_what_cannot_be_split_is_refused(
    event_time: np.ndarray, shares: tuple[float, float, float], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        purged_time_split(event_time.astype(np.int64), horizon=5, purge=5, shares=shares)
