import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.order_flow import TRADE_FLOW, VPIN
from tests.unit.stream_processing.feature_engineering import scan_laws as laws

ROWS, WINDOW, BUCKETS = 160, 100, 50
START = 1.7e15


def some_trades(seed: int = 0, rows: int = ROWS) -> dict[str, Floats]:
    """Trades in bursts, most of them with a side, all beside a quote."""
    random = np.random.default_rng(seed)
    mid = 100.0 + 0.01 * np.cumsum(random.integers(-1, 2, rows))
    side = random.choice([-1.0, 1.0], rows)
    return {
        "event_time": START + np.cumsum(random.choice([0, 500, 2_000, 400_000], rows)).astype(np.float64),
        "price": np.round(mid + 0.01 * side, 2),
        "size": random.integers(1, 400, rows).astype(np.float64),
        "side": side,
        "bid": np.round(mid - 0.01, 2),
        "ask": np.round(mid + 0.01, 2),
        "session_day": np.full(rows, 20_000.0),
        "bucket_volume": np.full(rows, 100.0),
    }


def few_trades(*rows: tuple[float, float, float, float]) -> dict[str, Floats]:
    """Trades of (milliseconds, price, size, side) without quotes."""
    at, price, size, side = np.array(rows).T
    nothing = np.zeros(len(rows))
    return {
        "event_time": START + 1_000.0 * at, "price": price, "size": size, "side": side, "bid": nothing, "ask": nothing,
        "session_day": nothing + 20_000.0,
    }  # fmt: skip


def swept(trades: dict[str, Floats], now: int) -> tuple[float, float]:
    """The sweep that a trade belongs to, from its definition: the longest run that ends there."""
    at, price, size, side = (trades[name] for name in ("event_time", "price", "size", "side"))
    for first in range(max(now - WINDOW + 1, 0), now + 1):
        run = slice(first, now + 1)
        one_sided = (side[run] == side[now]).all()
        walks = (np.diff(price[run]) * side[now] >= 0.0).all()
        if one_sided and walks and at[now] - at[first] <= 5_000.0:
            prices = len(np.unique(price[run]))
            found = now + 1 - first >= 3 and prices >= 2
            return (float(size[run].sum() * side[now]), float(prices)) if found else (0.0, 0.0)
    raise AssertionError


@pytest.mark.parametrize("seed", range(3))
def test_windows_of_trades_are_the_formulas(seed: int) -> None:
    trades = some_trades(seed)
    out = laws.named(TRADE_FLOW, trades)
    price, size, side = (trades[name] for name in ("price", "size", "side"))
    mid = 0.5 * (trades["bid"] + trades["ask"])
    spread = 2.0 * side * (price - mid)
    np.testing.assert_allclose(out["effective_spread"], spread, rtol=1e-9)
    for end in range(WINDOW + 1, ROWS + 1, 7):
        window = slice(end - WINDOW, end)
        signed = (size * side)[window].sum() / size[window].sum()
        np.testing.assert_allclose(out["trade_imbalance_100"][end - 1], signed, rtol=1e-12)
        np.testing.assert_allclose(out["effective_spread_100"][end - 1], (spread / mid)[window].mean(), rtol=1e-9)
        changes = np.diff(price[end - WINDOW - 1 : end])
        covariance = np.cov(changes[:-1], changes[1:])[0, 1]
        roll = 2.0 * np.sqrt(max(-covariance, 0.0))
        np.testing.assert_allclose(out["roll_spread_100"][end - 1], roll, rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_sweeps_are_the_longest_runs_that_end_with_a_trade(seed: int) -> None:
    trades = some_trades(seed)
    trades["side"] = np.where(np.arange(ROWS) % 11 < 8, 1.0, -1.0)
    out = laws.named(TRADE_FLOW, trades)
    expected = np.array([swept(trades, now) for now in range(ROWS)])
    np.testing.assert_array_equal(out["sweep_shares"], expected[:, 0])
    np.testing.assert_array_equal(out["sweep_levels"], expected[:, 1])
    assert (expected[:, 0] > 0.0).any()


def test_a_sweep_up_the_book_and_what_is_none() -> None:
    bought = few_trades((0, 10.0, 100, 1), (1, 10.01, 200, 1), (5, 10.02, 50, 1), (6, 10.03, 10, 1), (60, 10.04, 9, 1))
    out = laws.named(TRADE_FLOW, bought)
    assert out["sweep_shares"].tolist() == [0.0, 0.0, 350.0, 260.0, 0.0]
    assert out["sweep_levels"].tolist() == [0.0, 0.0, 3.0, 3.0, 0.0]
    sold = few_trades((0, 10.0, 100, -1), (0, 9.99, 200, -1), (0, 9.99, 50, -1))
    assert laws.named(TRADE_FLOW, sold)["sweep_shares"].tolist() == [0.0, 0.0, -350.0]
    one_price = few_trades(*[(0, 10.0, 100, 1)] * 5)
    assert laws.named(TRADE_FLOW, one_price)["sweep_shares"].tolist() == [0.0] * 5
    unknown = few_trades(*[(0, 10.0, 100, 0)] * 5)
    assert laws.named(TRADE_FLOW, unknown)["sweep_shares"].tolist() == [0.0] * 5


def test_a_sweep_of_more_prints_than_the_window_counts_its_last_hundred() -> None:
    long = few_trades(*[(0, 10.0 + 0.01 * print_, 1, 1) for print_ in range(150)])
    assert laws.named(TRADE_FLOW, long)["sweep_shares"][-1] == WINDOW


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_rolls_spread_is_that_of_a_bouncing_price(side: float) -> None:
    """Prices that bounce between two quotes at random have the spread between them."""
    random = np.random.default_rng(5)
    bounces = random.choice([-0.02, 0.02], 4_000) * side
    trades = few_trades(*[(1_000 * row, 10.0 + bounce, 1.0, 1.0) for row, bounce in enumerate(bounces)])
    np.testing.assert_allclose(np.nanmean(laws.named(TRADE_FLOW, trades)["roll_spread_100"]), 0.04, rtol=0.05)
    rising = few_trades(*[(1_000 * row, 10.0 + (row // 5 % 2) * row * 0.01, 1.0, 1.0) for row in range(101)])
    rising["price"] = 10.0 + np.cumsum(np.repeat([0.0, 0.01], 51)[:101])
    assert laws.named(TRADE_FLOW, rising)["roll_spread_100"][-1] == 0.0


def test_the_side_of_a_trade_by_the_feed_then_the_quotes_then_the_tick() -> None:
    rows = [
        # price, side told, bid, ask, side found
        (10.00, 0.0, 9.99, 10.01, 0.0),  # at the mid, and nothing before
        (10.01, 0.0, 9.99, 10.01, 1.0),
        (10.00, 0.0, 9.99, 10.01, -1.0),  # at the mid after a fall
        (10.00, 0.0, 9.99, 10.01, -1.0),
        (10.01, -1.0, 9.99, 10.01, -1.0),  # the feed knows better
        (9.99, 0.0, 9.99, 10.01, -1.0),
        (9.99, 0.0, 10.01, 9.99, -1.0),  # crossed quotes tell nothing, the tick does
        (10.02, 0.0, 0.0, 10.01, 1.0),  # nor does one side alone
    ]
    table = np.array(rows)
    columns = {
        "price": table[:, 0], "size": np.full(len(rows), 1.0), "side": table[:, 1], "bid": table[:, 2],
        "ask": table[:, 3], "event_time": START + np.arange(len(rows)) * 1e6, "bucket_volume": np.full(len(rows), 1.0),
    }  # fmt: skip
    # After 99 trades of no side each trade changes the imbalance by its own.
    padded = {name: np.concatenate([np.full(WINDOW - 1, values[0]), values]) for name, values in columns.items()}
    padded["event_time"] = START + np.arange(len(padded["price"])) * 1e6
    imbalance = laws.named(TRADE_FLOW, padded)["trade_imbalance_100"][WINDOW - 1 :]
    np.testing.assert_allclose(np.diff(imbalance, prepend=0.0) * WINDOW, table[:, 4], atol=1e-9)


def informed(trades: dict[str, Floats], bucket: int) -> Floats:
    """VPIN share by share: each share has a side, and each bucket is so many shares in a row."""
    out = np.full(len(trades["price"]), np.nan)
    shares: list[float] = []
    for row, (size, side) in enumerate(zip(trades["size"], trades["side"], strict=True)):
        shares += [side] * int(size)
        filled = len(shares) // bucket
        if filled >= BUCKETS:
            last = np.array(shares[(filled - BUCKETS) * bucket : filled * bucket]).reshape(BUCKETS, bucket)
            out[row] = np.abs(last.sum(axis=1)).sum() / (BUCKETS * bucket)
    return out


@pytest.mark.parametrize("bucket", [1, 7, 100, 613, 700])
def test_vpin_is_that_of_single_shares(bucket: int) -> None:
    trades = some_trades()
    trades["bucket_volume"][:] = bucket
    out = laws.named(VPIN, trades)["vpin_50"]
    np.testing.assert_allclose(out, informed(trades, bucket), rtol=1e-12)
    assert np.isfinite(out[-1]) == (bucket < 700)


def test_vpin_of_one_side_is_one_and_of_unknown_sides_nothing() -> None:
    trades = few_trades(*[(row, 10.0, 100.0, 1.0) for row in range(60)]) | {"bucket_volume": np.full(60, 100.0)}
    assert laws.named(VPIN, trades)["vpin_50"][-1] == 1.0
    trades["side"][:] = 0.0
    assert laws.named(VPIN, trades)["vpin_50"][-1] == 0.0


def test_every_session_begins_a_bucket_of_its_own() -> None:
    """Two tapes of which one began earlier agree fifty buckets into a session."""
    trades = some_trades(rows=400)
    trades["session_day"][150:] += 1.0
    long, short = (laws.named(VPIN, laws.rows_between(trades, first, 400))["vpin_50"] for first in (0, 37))
    agree = long[37:] == short
    told = np.isfinite(short)
    assert not agree[told][:20].any()
    filled = np.cumsum(trades["size"][150:]) >= BUCKETS * 100.0
    assert agree[150 - 37 :][filled].all()


def test_one_enormous_trade_fills_all_buckets_at_once() -> None:
    trades = few_trades((0, 10.0, 1e15, -1.0), (1, 10.0, 30.0, 1.0)) | {"bucket_volume": np.full(2, 10.0)}
    np.testing.assert_allclose(laws.named(VPIN, trades)["vpin_50"], [1.0, 1.0])


def test_a_smaller_bucket_closes_the_one_begun() -> None:
    trades = few_trades(*[(row, 10.0, 60.0, 1.0 - 2.0 * (row % 2)) for row in range(80)])
    trades["bucket_volume"] = np.where(np.arange(80) < 1, 1_000.0, 30.0)
    out = laws.named(VPIN, trades)["vpin_50"]
    assert np.isnan(out[24])
    assert out[25] == 1.0  # 60 shares of the first bucket, and two buckets for every trade since


@given(cuts=st.lists(st.integers(0, ROWS), max_size=6), seed=st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_cuts_change_nothing(cuts: list[int], seed: int) -> None:
    holed = laws.with_a_hole(some_trades(seed), "price", 30)
    laws.assert_cuts_change_nothing(TRADE_FLOW, holed, cuts)
    laws.assert_cuts_change_nothing(VPIN, holed, cuts)


def test_rows_change_nothing() -> None:
    laws.assert_rows_change_nothing(TRADE_FLOW, some_trades())
    laws.assert_rows_change_nothing(VPIN, some_trades())


def test_values_begin_after_the_warm_up() -> None:
    laws.assert_first_values_come_after_the_warm_up(TRADE_FLOW, some_trades())
    one_bucket_each = some_trades() | {"size": np.full(ROWS, 100.0)}
    laws.assert_first_values_come_after_the_warm_up(VPIN, one_bucket_each)


@given(garbage=laws.garbage_for(TRADE_FLOW), more=laws.garbage_for(VPIN))
@settings(max_examples=15, deadline=None)
def test_survives_whatever_came_before(garbage: list[list[float]], more: list[list[float]]) -> None:
    laws.assert_survives(TRADE_FLOW, garbage, laws.rows_between(some_trades(), 0, 101))
    laws.assert_survives(VPIN, more, some_trades() | {"size": np.full(ROWS, 400.0)})


@pytest.mark.parametrize(
    ("name", "value"), [("price", np.nan), ("price", 0.0), ("size", -1.0), ("size", 1e16), ("side", np.nan)]
)
def test_a_trade_that_cannot_be_is_passed_over(name: str, value: float) -> None:
    at, trades = 20, some_trades()
    for scan in (TRADE_FLOW, VPIN):
        out = laws.whole(scan, laws.with_a_hole(trades, name, at, value))
        assert np.isnan(out[at]).all()
        np.testing.assert_array_equal(np.delete(out, at, axis=0), laws.whole(scan, laws.without(trades, at)))


def test_a_trade_without_quotes_has_no_spread_and_counts_for_the_rest() -> None:
    at, trades = 20, some_trades()
    clean, out = laws.named(TRADE_FLOW, trades), laws.named(TRADE_FLOW, laws.with_a_hole(trades, "ask", at))
    assert np.isnan(out["effective_spread"][at])
    assert np.isfinite(out["effective_spread_100"][99])
    np.testing.assert_array_equal(out["trade_imbalance_100"], clean["trade_imbalance_100"])
    unquoted = laws.named(TRADE_FLOW, trades | {"bid": np.zeros(ROWS)})
    assert np.isnan(unquoted["effective_spread_100"]).all()
    assert np.isfinite(unquoted["roll_spread_100"][-1])
