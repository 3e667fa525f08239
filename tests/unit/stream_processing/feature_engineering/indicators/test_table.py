import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.indicators.table import CUMULATIVE, INDICATORS, PATH_DEPENDENT, TECHNICAL
from stream_processing.feature_engineering.scan import Scan
from tests.unit.stream_processing.feature_engineering.indicators.tapes import (
    COLUMNS,
    assert_like,
    cut,
    reference,
    told,
    walk,
)
from tests.unit.stream_processing.feature_engineering.scan_laws import assert_survives, garbage_for

ROWS = 1_000
TALIB_LACKS = {
    "bollinger_percent_b",
    "bollinger_bandwidth",
    "ichimoku_conversion",
    "ichimoku_base",
    "ichimoku_span_a",
    "ichimoku_span_b",
    "vwap_upper",
    "vwap_middle",
    "vwap_lower",
}


def test_names_are_unique_and_fit_for_columns() -> None:
    names = [feature.name for feature in TECHNICAL.features]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert {*CUMULATIVE, *PATH_DEPENDENT} < set(names)


def test_only_what_talib_lacks_has_no_reference() -> None:
    assert {feature.name for feature in TECHNICAL.features} - reference(walk(60, 0)).keys() == TALIB_LACKS


@pytest.mark.parametrize("scan", INDICATORS, ids=lambda scan: scan.features[0].name)
def test_a_row_of_the_table_starts_as_one_and_stays(scan: Scan) -> None:
    assert set(scan.inputs) <= set(COLUMNS)
    (warm_up,) = {feature.warm_up for feature in scan.features}
    values = scan.advance(scan.start(), walk(ROWS, 11))
    assert np.isnan(values[:warm_up]).all()
    assert np.isfinite(values[warm_up:]).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), volatility=st.sampled_from((0.001, 0.01, 0.04)), tick=st.sampled_from((0.0, 0.05)))
def test_values_are_talibs_on_any_walk(seed: int, volatility: float, tick: float) -> None:
    tape = walk(ROWS, seed, volatility, tick)
    theirs = reference(tape)
    ours = told(TECHNICAL, tape)
    for feature in TECHNICAL.features:
        if feature.name in theirs:
            assert_like(ours[feature.name], theirs[feature.name], feature)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), scale=st.sampled_from((1e-4, 1.0, 1e7)), busy=st.sampled_from((0.0, 1.0, 1e9)))
def test_values_are_finite_and_in_their_bounds(seed: int, scale: float, busy: float) -> None:
    tape = {
        name: values * (busy if name == "volume" else scale) for name, values in walk(ROWS, seed, 0.02, 0.5).items()
    }
    values = TECHNICAL.advance(TECHNICAL.start(), tape)
    assert not np.isinf(values).any()
    assert np.isfinite(values[-1]).all()
    for feature, column in zip(TECHNICAL.features, values.T, strict=True):
        bounds = re.fullmatch(r"(−?\d+) to (\d+)", feature.unit)
        if bounds:
            low, high = (float(bound.replace("−", "-")) for bound in bounds.groups())
            assert np.nanmin(column) >= low - 1e-9, feature.name
            assert np.nanmax(column) <= high + 1e-9, feature.name


def test_what_comes_later_changes_nothing() -> None:
    """The prefix property: 200 random cuts, at each of which the state is put away as bytes and taken up again."""
    tape = walk(ROWS, 12, tick=0.01)
    whole = TECHNICAL.advance(TECHNICAL.start(), tape)
    rng = np.random.default_rng(13)
    for cutting in range(200):
        at = int(rng.integers(0, ROWS + 1))
        state = TECHNICAL.start()
        before = TECHNICAL.advance(state, cut(tape, 0, at))
        kept = np.frombuffer(state.tobytes(), dtype=np.float64).copy()
        assert np.isfinite(kept).all()
        after = TECHNICAL.advance(kept, cut(tape, at))
        np.testing.assert_array_equal(np.concatenate((before, after)), whole, err_msg=f"cut {cutting} at {at}")


@settings(max_examples=60, deadline=None)
@given(garbage=garbage_for(TECHNICAL))
def test_garbage_leaves_nothing_infinite_behind(garbage: list[list[float]]) -> None:
    assert_survives(TECHNICAL, garbage, walk(ROWS, 14))
