import timeit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.short_term import logistic, order_flow
from models.short_term.bars import BarContext
from models.short_term.order_flow import FEATURES, Trained, feature_row, predict, predict_all, train
from tests.unit.models.market import START, micro

BARS = BarContext(volatility=5e-5, last_return=2e-4, bar_ids=("a" * 32,), simulated=True)
FALLING = BARS._replace(last_return=-BARS.last_return)
MODEL = Trained(scales=(0.4, 0.35, 0.3, 0.25, 0.1, 2.0), weights=(0.1, 0.05, -0.02, 0.3, 0.07, 0.01), calibration=0.9)
ROWS = st.lists(st.floats(-1e6, 1e6), min_size=len(FEATURES), max_size=len(FEATURES))


def test_the_row_by_hand() -> None:
    row = dict(zip(FEATURES, feature_row(micro(START, mid=200.0, spread=0.04, imbalance=0.5), BARS), strict=True))
    deviation = 5e-5 * 10**0.5
    assert row["imbalance_1"] == row["imbalance_3"] == row["imbalance_5"] == row["imbalance_10"] == 0.5
    assert row["microprice_lead"] == pytest.approx(0.01 / 200 / deviation)
    assert row["last_return_scaled"] == pytest.approx(2e-4 / deviation)


@given(st.floats(-1, 1), st.floats(0.001, 1.0))
def test_the_mirrored_market_gets_the_opposite_probability(imbalance: float, spread: float) -> None:
    up = predict(MODEL, feature_row(micro(START, imbalance=imbalance, spread=spread), BARS))
    down = predict(MODEL, feature_row(micro(START, imbalance=-imbalance, spread=spread), FALLING))
    assert up + down == pytest.approx(1.0, abs=1e-12)


def test_a_balanced_market_is_a_coin() -> None:
    assert predict(MODEL, [0.0] * len(FEATURES)) == 0.5


@given(ROWS)
def test_one_row_and_many_agree_and_stay_inside(row: list[float]) -> None:
    alone = predict(MODEL, row)
    assert 0.0 < alone < 1.0
    assert predict_all(MODEL, np.array([row, row])).tolist() == pytest.approx([alone, alone], abs=1e-12)


def test_extreme_rows_count_as_the_edge_of_what_was_seen() -> None:
    edge = [scale * order_flow.MAX_SCALED for scale in MODEL.scales]
    assert predict(MODEL, [value * 1e9 for value in edge]) == predict(MODEL, edge)


def test_even_absurd_weights_give_a_probability() -> None:
    absurd = Trained((1.0,) * len(FEATURES), (1e9,) * len(FEATURES), 1e9)
    assert predict(absurd, [1.0] * len(FEATURES)) == pytest.approx(1.0)
    assert predict(absurd, [-1.0] * len(FEATURES)) == pytest.approx(0.0, abs=1e-12)


def test_training_recovers_what_made_the_rows_and_calibration_corrects_overconfidence() -> None:
    random = np.random.default_rng(1)
    features = random.standard_normal((40_000, len(FEATURES))) * np.array([0.4, 0.3, 0.3, 0.2, 0.1, 0.0])
    later = features[20_000:]
    truth = logistic.sigmoid(features @ np.array([1.0, 0.0, 0.0, 2.0, 0.0, 0.0]))
    outcome = (random.random(40_000) < truth).astype(np.float64)
    half = (random.random(20_000) < logistic.sigmoid(0.5 * np.log(truth / (1 - truth))[20_000:])).astype(np.float64)
    same = train(features[:20_000], outcome[:20_000], later, outcome[20_000:])
    fainter = train(features[:20_000], outcome[:20_000], later, half)
    assert np.abs(predict_all(same, later) - truth[20_000:]).mean() < 0.015
    assert same.calibration == pytest.approx(1.0, abs=0.1)
    assert fainter.calibration == pytest.approx(0.5, abs=0.1)
    assert same.weights[-1] == 0.0, "a feature that is always zero has no weight"


def test_training_is_frozen_to_nine_digits() -> None:
    random = np.random.default_rng(2)
    features = random.standard_normal((500, len(FEATURES)))
    outcome = (features[:, 0] + random.standard_normal(500) > 0).astype(np.float64)
    first = train(features, outcome, features, outcome)
    shuffled = random.permutation(500)
    again = train(features[shuffled], outcome[shuffled], features, outcome)
    assert first == again, "the order in which a machine adds rows does not show"


def test_a_prediction_is_fast() -> None:
    book, repeats = micro(START, imbalance=0.3), 2_000
    best_s = min(timeit.repeat(lambda: predict(MODEL, feature_row(book, BARS)), number=repeats, repeat=5)) / repeats
    assert best_s < 50e-6
