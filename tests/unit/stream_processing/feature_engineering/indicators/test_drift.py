import math

import numpy as np
import pytest

from stream_processing.feature_engineering.indicators.drift import warm_up_drift
from stream_processing.feature_engineering.indicators.table import (
    CUMULATIVE,
    FORGOTTEN,
    INDICATORS,
    PATH_DEPENDENT,
    TECHNICAL,
    settled,
)
from tests.unit.stream_processing.feature_engineering.indicators.tapes import joined, walk

PROMISED = 1e-6


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_a_cold_start_agrees_once_it_is_warm(seed: int) -> None:
    drift = warm_up_drift([TECHNICAL], walk(2_500, seed), range(0, 1_500, 51))
    assert drift.keys() == {feature.name for feature in TECHNICAL.features}
    for name, apart in drift.items():
        assert apart < PROMISED or name in CUMULATIVE, (name, apart)
    assert all(drift[name] > 0.01 for name in CUMULATIVE)


@pytest.mark.parametrize("seed", [24, 25])
def test_a_start_in_a_storm_nearly_agrees_too(seed: int) -> None:
    tape = joined(walk(600, seed, 0.06), walk(1_500, seed + 77, 0.006))
    drift = warm_up_drift([TECHNICAL], tape, range(400, 650, 17))
    assert max(x for name, x in drift.items() if name not in {*CUMULATIVE, *PATH_DEPENDENT}) < 10.0 * PROMISED


def test_windows_do_not_drift_at_all() -> None:
    windowed = [scan for scan in INDICATORS if scan.features[0].window != "all bars"]
    assert set(warm_up_drift(windowed, walk(500, 26), range(0, 400, 7)).values()) == {0.0}


def test_there_is_no_drift_to_tell_of_a_tape_shorter_than_the_warm_up() -> None:
    drift = warm_up_drift([TECHNICAL], walk(30, 27), [0, 5])
    assert math.isnan(drift["ema_50"])
    assert drift["bollinger_upper"] == 0.0


def test_settled_is_when_the_past_is_forgotten() -> None:
    weight = 0.1
    once = settled(weight)
    assert (1.0 - weight) ** once <= FORGOTTEN < (1.0 - weight) ** (once - 1)
    values = np.zeros(settled(weight, 3))
    for _ in range(3):  # a cascade that knew 1 in all its stages sees nothing but zeros
        stage, means = 1.0, []
        for value in values:
            stage += weight * (value - stage)
            means.append(stage)
        values = np.array(means)
    assert 0.5 * FORGOTTEN < values[-1] <= FORGOTTEN
