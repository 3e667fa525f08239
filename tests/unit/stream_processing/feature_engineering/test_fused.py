import pickle

import numpy as np

from stream_processing.feature_engineering.fused import fuse
from stream_processing.feature_engineering.indicators.table import INDICATORS, TECHNICAL
from tests.unit.stream_processing.feature_engineering.indicators.tapes import cut, walk


def test_says_what_each_of_them_says() -> None:
    tape = walk(500, 31)
    each = np.column_stack([scan.advance(scan.start(), tape) for scan in INDICATORS])
    np.testing.assert_array_equal(TECHNICAL.advance(TECHNICAL.start(), tape), each)
    assert TECHNICAL.features == tuple(feature for scan in INDICATORS for feature in scan.features)
    assert TECHNICAL.size == sum(scan.size for scan in INDICATORS)


def test_no_rows_are_no_work() -> None:
    state = TECHNICAL.start()
    assert TECHNICAL.advance(state, cut(walk(5, 32), 0, 0)).shape == (0, len(TECHNICAL.features))
    assert not state.any()


def test_it_can_be_sent_to_another_process_and_fused_again() -> None:
    tape = walk(60, 33)
    twice = pickle.loads(pickle.dumps(fuse([fuse(INDICATORS[:3]), fuse(INDICATORS[3:])])))  # noqa: S301 - our own
    np.testing.assert_array_equal(twice.advance(twice.start(), tape), TECHNICAL.advance(TECHNICAL.start(), tape))
