import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.order_flow import OPTION_FLOW, PRICE_IMPACT
from stream_processing.feature_engineering.order_flow_impact_kernels import option_flows
from tests.unit.stream_processing.feature_engineering import scan_laws as laws
from tests.unit.stream_processing.feature_engineering.bars_made import some_bars

ROWS, WINDOW = 130, 60
BARS = some_bars(ROWS)


def some_option_trades(seed: int = 0, rows: int = 60) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    mid = 2.0 + 0.05 * random.integers(0, 10, rows)
    return {
        "session_day": 20_000.0 + np.arange(rows) // 25,
        "price": mid + 0.05 * random.integers(-1, 2, rows),
        "size": random.integers(1, 500, rows).astype(np.float64),
        "bid": mid - 0.05,
        "ask": mid + 0.05,
        "multiplier": np.full(rows, 100.0),
        "open_interest": np.full(rows, 1_200.0),
        "mean_volume_20": np.full(rows, 350.0),
    }


@pytest.mark.parametrize("seed", range(3))
def test_lambda_and_illiquidity_are_the_formulas(seed: int) -> None:
    bars = some_bars(ROWS, seed)
    out = laws.named(PRICE_IMPACT, bars)
    close, volume, signed = (bars[name] for name in ("close", "volume", "signed_volume"))
    for end in range(WINDOW + 1, ROWS + 1, 7):
        window = slice(end - WINDOW, end)
        change = np.diff(close[end - WINDOW - 1 : end])
        slope = np.polynomial.Polynomial.fit(signed[window], change, 1).convert().coef[1]
        np.testing.assert_allclose(out["kyle_lambda_60"][end - 1], slope, rtol=1e-8)
        moved = np.abs(np.diff(np.log(close[end - WINDOW - 1 : end])))
        amihud = (moved / (close * volume)[window]).mean() * 1e6
        np.testing.assert_allclose(out["amihud_60"][end - 1], amihud, rtol=1e-9)


def test_lambda_is_found_where_there_is_one() -> None:
    signed = np.random.default_rng(2).integers(-500, 500, 100).astype(np.float64)
    close = 50.0 + np.cumsum(3e-4 * signed)
    out = laws.named(PRICE_IMPACT, {"close": close, "volume": np.abs(signed), "signed_volume": signed})
    np.testing.assert_allclose(out["kyle_lambda_60"][60:], 3e-4, rtol=1e-9)


def test_seconds_without_volume_are_left_out_and_none_at_all_say_nothing() -> None:
    quiet = {name: values.copy() for name, values in BARS.items()}
    quiet["volume"][70] = quiet["signed_volume"][70] = 0.0
    close, volume = quiet["close"], quiet["volume"]
    moved = np.abs(np.diff(np.log(close)))[-WINDOW:]
    traded = volume[-WINDOW:] > 0.0
    expected = (moved[traded] / (close * volume)[-WINDOW:][traded]).mean() * 1e6
    np.testing.assert_allclose(laws.named(PRICE_IMPACT, quiet)["amihud_60"][-1], expected, rtol=1e-9)
    silent = BARS | {"volume": np.zeros(ROWS), "signed_volume": np.zeros(ROWS)}
    assert np.isnan(laws.whole(PRICE_IMPACT, silent)).all()


@pytest.mark.parametrize(
    ("name", "value"), [("close", np.nan), ("volume", -1.0), ("signed_volume", np.nan), ("signed_volume", 1e9)]
)
def test_a_bar_that_cannot_be_is_forgotten(name: str, value: float) -> None:
    at = 64
    clean, holed = laws.whole(PRICE_IMPACT, BARS), laws.whole(PRICE_IMPACT, laws.with_a_hole(BARS, name, at, value))
    assert np.isnan(holed[at : at + WINDOW + 1]).all()
    np.testing.assert_array_equal(holed[:at], clean[:at])
    np.testing.assert_array_equal(holed[at + WINDOW + 1 :], clean[at + WINDOW + 1 :])


@pytest.mark.parametrize("seed", range(3))
def test_option_flow_is_the_formula(seed: int) -> None:
    trades = some_option_trades(seed)
    out = laws.named(OPTION_FLOW, trades)
    day, price, size = (trades[name] for name in ("session_day", "price", "size"))
    premium = price * size * 100.0
    side = np.sign(price - 0.5 * (trades["bid"] + trades["ask"]))
    for row in range(len(day)):
        today = (day == day[row]) & (np.arange(len(day)) <= row)
        volume, paid, net = size[today].sum(), premium[today].sum(), (premium * side)[today].sum()
        score = (np.log2(1 + volume / 1_200) + np.log2(1 + volume / 350)) * paid / (paid + 100_000)
        expected = (volume / 1_200, volume / 350, premium[row], side[row], net, score, score * net / paid)
        told = [out[feature.name][row] for feature in OPTION_FLOW.features]
        np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-9)


def test_unknown_interest_takes_only_what_needs_it() -> None:
    trades = laws.with_a_hole(some_option_trades(), "open_interest", 3)
    clean, out = laws.named(OPTION_FLOW, some_option_trades()), laws.named(OPTION_FLOW, trades)
    for name in ("option_volume_to_interest", "unusual_flow", "unusual_flow_direction"):
        assert np.isnan(out[name][3])
        np.testing.assert_array_equal(out[name][4:], clean[name][4:])
    np.testing.assert_array_equal(out["option_net_premium"], clean["option_net_premium"])
    np.testing.assert_array_equal(out["option_volume_to_mean_20"], clean["option_volume_to_mean_20"])


@pytest.mark.parametrize(
    ("price", "bid", "ask", "side"),
    [
        (1.1, 1.0, 1.1, 1.0), (1.3, 1.0, 1.1, 1.0), (1.0, 1.0, 1.1, -1.0), (1.5, 1.0, 2.0, 0.0),
        (0.05, 0.0, 0.05, 1.0), (1.0, 0.0, 0.0, 0.0), (1.0, 1.2, 1.1, 0.0), (1.0, np.nan, 1.1, 0.0),
    ],
)  # fmt: skip
def test_the_side_of_an_option_trade(price: float, bid: float, ask: float, side: float) -> None:
    trade = {name: values[:1] for name, values in some_option_trades().items()}
    trade |= {"price": np.array([price]), "bid": np.array([bid]), "ask": np.array([ask])}
    assert laws.named(OPTION_FLOW, trade)["option_side"][0] == side


def test_a_quiet_series_is_not_unusual_for_a_handful_of_contracts() -> None:
    trade = {name: values[:1] for name, values in some_option_trades().items()}
    trade |= {"size": np.array([5.0]), "open_interest": np.zeros(1), "mean_volume_20": np.zeros(1)}
    out = laws.named(OPTION_FLOW, trade)
    assert out["option_volume_to_interest"][0] == 0.05
    assert out["unusual_flow"][0] < 0.01


@given(cuts=st.lists(st.integers(0, 60), max_size=6), seed=st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_cuts_change_nothing(cuts: list[int], seed: int) -> None:
    laws.assert_cuts_change_nothing(PRICE_IMPACT, laws.with_a_hole(BARS, "close", 30), [2 * cut for cut in cuts])
    laws.assert_cuts_change_nothing(OPTION_FLOW, laws.with_a_hole(some_option_trades(seed), "price", 30), cuts)


def test_rows_change_nothing() -> None:
    laws.assert_rows_change_nothing(PRICE_IMPACT, BARS)
    laws.assert_rows_change_nothing(OPTION_FLOW, some_option_trades())


def test_values_begin_after_the_warm_up() -> None:
    laws.assert_first_values_come_after_the_warm_up(PRICE_IMPACT, BARS)
    laws.assert_first_values_come_after_the_warm_up(OPTION_FLOW, some_option_trades())


@given(garbage=laws.garbage_for(PRICE_IMPACT), more=laws.garbage_for(OPTION_FLOW))
@settings(max_examples=20, deadline=None)
def test_survives_whatever_came_before(garbage: list[list[float]], more: list[list[float]]) -> None:
    laws.assert_survives(PRICE_IMPACT, garbage, laws.rows_between(BARS, 0, 62))
    laws.assert_survives(OPTION_FLOW, more, some_option_trades())


@pytest.mark.parametrize(
    ("name", "value"), [("price", np.nan), ("size", 0.0), ("multiplier", np.inf), ("session_day", np.nan)]
)
def test_an_option_trade_that_cannot_be_is_passed_over(name: str, value: float) -> None:
    at, trades = 20, some_option_trades()
    out = laws.whole(OPTION_FLOW, laws.with_a_hole(trades, name, at, value))
    assert np.isnan(out[at]).all()
    np.testing.assert_array_equal(np.delete(out, at, axis=0), laws.whole(OPTION_FLOW, laws.without(trades, at)))


def test_contracts_side_by_side_say_what_each_says_alone() -> None:
    tapes = [some_option_trades(seed, rows) for seed, rows in enumerate((5, 1, 40))]
    alone = [OPTION_FLOW.start() for _ in tapes]
    said = [OPTION_FLOW.advance(state, tape) for state, tape in zip(alone, tapes, strict=True)]
    rows = np.vstack([np.column_stack([tape[name] for name in OPTION_FLOW.inputs]) for tape in tapes])
    states, out = np.zeros((3, OPTION_FLOW.size)), np.empty((46, len(OPTION_FLOW.features)))
    option_flows(states, rows, np.array([5, 6, 46]), out)
    np.testing.assert_array_equal(out, np.vstack(said))
    np.testing.assert_array_equal(states, alone)
