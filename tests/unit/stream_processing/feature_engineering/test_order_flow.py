import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_processing.feature_engineering.calendar_features import CALENDAR
from stream_processing.feature_engineering.momentum import MOMENTUM
from stream_processing.feature_engineering.order_flow import ORDER_FLOW, bucket_volume, named
from stream_processing.feature_engineering.scan import Scan
from stream_processing.feature_engineering.volatility import VOLATILITY
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE

SCANS = (*VOLATILITY, *MOMENTUM, *ORDER_FLOW)


def test_no_two_features_share_a_name() -> None:
    names = [feature.name for scan in SCANS for feature in scan.features]
    names += [feature.name for feature in (*CALENDAR, *VOLUME_PROFILE)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("scan", SCANS, ids=lambda scan: scan.features[0].name)
def test_no_rows_change_nothing(scan: Scan) -> None:
    state = scan.start()
    out = scan.advance(state, {name: np.empty(0) for name in scan.inputs})
    assert out.shape == (0, len(scan.features))
    one = {name: np.ones(1) for name in scan.inputs}
    np.testing.assert_array_equal(scan.advance(state, one), scan.advance(scan.start(), one))


@pytest.mark.parametrize("scan", SCANS, ids=lambda scan: scan.features[0].name)
def test_rows_without_numbers_have_no_features(scan: Scan) -> None:
    out = scan.advance(scan.start(), {name: np.full(5, np.nan) for name in scan.inputs})
    assert np.isnan(out).all()


def test_a_bucket_is_a_fiftieth_of_a_usual_day() -> None:
    assert bucket_volume([1e6, 3e6, 2e6]) == 40_000.0
    assert bucket_volume([1e6, 2e6]) == 30_000.0
    assert bucket_volume([7e9] * 5 + [1e6] * 20) == 20_000.0
    assert bucket_volume([3.0]) == 1.0
    assert bucket_volume([math.nan, math.inf, 0.0, 5e6]) == 100_000.0
    assert math.isnan(bucket_volume([]))
    assert math.isnan(bucket_volume([0.0, math.nan]))


@given(st.lists(st.floats(min_value=1.0, max_value=1e12), min_size=1, max_size=30))
def test_a_bucket_is_whole_shares_between_those_of_the_extremes(volumes: list[float]) -> None:
    shares = bucket_volume(volumes)
    assert shares == round(shares) >= 1
    assert shares <= max(max(volumes) / 50 + 1, 1)


def test_features_that_share_a_name_are_refused() -> None:
    assert named(CALENDAR)[0] == CALENDAR[0].name
    with pytest.raises(ValueError, match="rename one of"):
        named((*CALENDAR, CALENDAR[0]))
