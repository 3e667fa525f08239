"""Short, so that it also runs where nothing is compiled: every kernel against TA-Lib or against the formula."""

import numpy as np
import pytest

from stream_processing.feature_engineering.indicators.table import INDICATORS, TECHNICAL
from stream_processing.feature_engineering.scan import Floats, Scan
from tests.unit.stream_processing.feature_engineering.indicators.tapes import (
    COLUMNS,
    Tape,
    assert_like,
    cut,
    flat,
    joined,
    reference,
    told,
    walk,
)

LONGEST = max(feature.warm_up for feature in TECHNICAL.features)


@pytest.mark.parametrize(
    "tape",
    [walk(LONGEST + 100, 1), walk(LONGEST + 100, 2, 0.002, 0.1), walk(LONGEST + 100, 3, 0.05)],
    ids=["walk", "ticks", "wild"],
)
def test_values_are_talibs(tape: Tape) -> None:
    theirs = reference(tape)
    ours = told(TECHNICAL, tape)
    for feature in TECHNICAL.features:
        if feature.name in theirs:
            assert_like(ours[feature.name], theirs[feature.name], feature)


def test_what_talib_lacks() -> None:
    tape = walk(120, 4)
    ours = told(TECHNICAL, tape)
    at = 119

    def last(name: str, bars: int) -> Floats:
        return tape[name][at + 1 - bars : at + 1]

    def middle(bars: int) -> float:
        return float(last("high", bars).max() + last("low", bars).min()) / 2.0

    assert ours["ichimoku_conversion"][at] == pytest.approx(middle(9), rel=1e-14)
    assert ours["ichimoku_base"][at] == pytest.approx(middle(26), rel=1e-14)
    assert ours["ichimoku_span_a"][at] == pytest.approx((middle(9) + middle(26)) / 2.0, rel=1e-14)
    assert ours["ichimoku_span_b"][at] == pytest.approx(middle(52), rel=1e-14)
    closes = last("close", 20)
    lower, upper = closes.mean() - 2.0 * closes.std(), closes.mean() + 2.0 * closes.std()
    assert ours["bollinger_percent_b"][at] == pytest.approx((closes[-1] - lower) / (upper - lower), rel=1e-12)
    assert ours["bollinger_bandwidth"][at] == pytest.approx((upper - lower) / closes.mean(), rel=1e-12)
    centre = np.average(last("vwap", 20), weights=last("volume", 20))
    spread = np.sqrt(np.average((last("vwap", 20) - centre) ** 2, weights=last("volume", 20)))
    assert ours["vwap_middle"][at] == pytest.approx(centre, rel=1e-14)
    assert ours["vwap_upper"][at] == pytest.approx(centre + 2.0 * spread, rel=1e-13)
    assert ours["vwap_lower"][at] == pytest.approx(centre - 2.0 * spread, rel=1e-13)


@pytest.mark.parametrize("price", [100.0, 100.1, 0.0003])
@pytest.mark.parametrize("volume", [1e4, 0.0])
def test_a_market_that_stands_still(price: float, volume: float) -> None:
    ours = {name: values[-1] for name, values in told(TECHNICAL, flat(LONGEST + 1, price, volume)).items()}
    at_price = {
        name
        for name in ours
        if name.startswith(("sma", "ema", "hull", "ichimoku", "keltner", "donchian", "vwap", "parabolic"))
    } | {"bollinger_upper", "bollinger_middle", "bollinger_lower"}
    for name in at_price:
        assert ours[name] == pytest.approx(price, rel=1e-14), name
    apart = {"bollinger_percent_b": 0.5, "obv": volume, "aroon_up_14": 100.0, "aroon_down_14": 100.0}
    for name in ours.keys() - at_price:
        assert ours[name] == pytest.approx(apart.get(name, 0.0), abs=1e-13), name


@pytest.mark.parametrize("price", [100.0, 100.1])
def test_a_market_that_comes_to_a_stop_is_as_talib_has_it(price: float) -> None:
    tape = joined(walk(LONGEST, 5), flat(60, price))
    theirs = reference(tape)
    ours = told(TECHNICAL, tape)
    for feature in TECHNICAL.features:
        if feature.name in theirs:
            assert_like(ours[feature.name], theirs[feature.name], feature)


def test_without_volume_the_others_go_on_as_talib_has_it() -> None:
    tape = dict(walk(LONGEST + 60, 6))
    tape["volume"] = np.where(np.arange(LONGEST + 60) < LONGEST, tape["volume"], 0.0)
    theirs = reference(tape)
    ours = told(TECHNICAL, tape)
    for feature in TECHNICAL.features:
        if feature.name in {"obv", "ad_line", "chaikin_oscillator", "mfi_14"}:
            assert_like(ours[feature.name], theirs[feature.name], feature)
    assert ours["mfi_14"][-1] == 0.0
    assert ours["vwap_middle"][-1] == pytest.approx(tape["vwap"][-20:].mean(), rel=1e-14)
    assert ours["vwap_upper"][-1] == pytest.approx(tape["vwap"][-20:].mean() + 2.0 * tape["vwap"][-20:].std())


def test_prices_of_zero_divide_nothing() -> None:
    ours = told(TECHNICAL, flat(LONGEST + 1, 0.0))
    assert all(np.isfinite(values[-1]) for values in ours.values())


@pytest.mark.parametrize("absurd", [np.nan, np.inf, -np.inf, -1.0, 1e-300, 1e300])
def test_a_row_that_is_absurd_has_no_value_and_leaves_no_trace(absurd: float) -> None:
    tape = walk(LONGEST + 30, 7)
    clean = TECHNICAL.advance(TECHNICAL.start(), tape)
    at = LONGEST + 10
    hole = {name: np.array([absurd]) for name in COLUMNS}
    dirty = TECHNICAL.advance(TECHNICAL.start(), joined(joined(cut(tape, 0, at), hole), cut(tape, at)))
    assert np.isnan(dirty[at]).all()
    np.testing.assert_array_equal(np.delete(dirty, at, axis=0), clean)


@pytest.mark.parametrize("scan", INDICATORS, ids=lambda scan: scan.features[0].name)
def test_a_row_at_a_time_is_the_whole_tape(scan: Scan) -> None:
    tape = walk(60, 8)
    state = scan.start()
    by_row = np.concatenate([scan.advance(state, cut(tape, i, i + 1)) for i in range(60)])
    np.testing.assert_array_equal(by_row, scan.advance(scan.start(), tape))
