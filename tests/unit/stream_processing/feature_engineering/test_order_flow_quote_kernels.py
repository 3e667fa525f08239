import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.order_flow import BOOK_FLOW, QUOTE_FLOW
from tests.unit.stream_processing.feature_engineering import scan_laws as laws

ROWS, LEVELS = 60, 5
START = 1.7e15


def some_quotes(seed: int = 0, rows: int = ROWS, apart_s: float = 60.0) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    bid = 100.0 + 0.01 * np.cumsum(random.integers(-1, 2, rows))
    return {
        "event_time": START + np.floor(np.cumsum(random.uniform(0.0, 1e6 * apart_s, rows))),
        "bid": bid,
        "bid_size": random.integers(1, 900, rows).astype(np.float64),
        "ask": bid + 0.01 * random.integers(1, 3, rows),
        "ask_size": random.integers(1, 900, rows).astype(np.float64),
    }


def some_books(seed: int = 0) -> dict[str, Floats]:
    best = some_quotes(seed)
    random = np.random.default_rng(seed + 1)
    books: dict[str, Floats] = {}
    for level in range(1, LEVELS + 1):
        missing = random.random((2, ROWS)) < 0.1 * (level - 1)
        books |= {
            f"bid_{level}": np.where(missing[0], 0.0, best["bid"] - 0.01 * level),
            f"bid_size_{level}": np.where(missing[0], 0.0, random.integers(1, 900, ROWS)),
            f"ask_{level}": np.where(missing[1], 0.0, best["ask"] + 0.01 * level),
            f"ask_size_{level}": np.where(missing[1], 0.0, random.integers(1, 900, ROWS)),
        }
    return books


def imbalance(bid: Floats, bid_size: Floats, ask: Floats, ask_size: Floats) -> Floats:
    """Equation of Cont, Kukanov and Stoikov, with the price of an ask that nobody quotes at infinity."""
    ask = np.where(ask == 0.0, np.inf, ask)
    b, b0, q, q0 = bid[1:], bid[:-1], bid_size[1:], bid_size[:-1]
    a, a0, s, s0 = ask[1:], ask[:-1], ask_size[1:], ask_size[:-1]
    return (b >= b0) * q - (b <= b0) * q0 - (a <= a0) * s + (a >= a0) * s0


@pytest.mark.parametrize("apart_s", [0.1, 3.0, 60.0])
def test_imbalance_and_its_rates_are_the_formulas(apart_s: float) -> None:
    quotes = some_quotes(3, 900 if apart_s < 1.0 else ROWS, apart_s)
    flow = imbalance(quotes["bid"], quotes["bid_size"], quotes["ask"], quotes["ask_size"])
    out = laws.named(QUOTE_FLOW, quotes)
    np.testing.assert_array_equal(out["ofi"], np.concatenate([[np.nan], flow]))
    at = quotes["event_time"][1:]
    age = (at[:, None] - at[None, :]) / 1e6
    for half_life in (1.0, 10.0, 60.0):
        weights = np.where(age >= 0.0, 0.5 ** (np.maximum(age, 0.0) / half_life), 0.0)
        expected = weights @ flow * np.log(2.0) / half_life
        expected[at - quotes["event_time"][0] < 24e6 * half_life] = np.nan
        np.testing.assert_allclose(out[f"ofi_rate_{half_life:.0f}s"][1:], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_every_level_of_a_book_is_a_quote_of_its_own(seed: int) -> None:
    books = some_books(seed)
    out = laws.named(BOOK_FLOW, books)
    flows = np.array(
        [
            imbalance(*(books[f"{name}_{level}"] for name in ("bid", "bid_size", "ask", "ask_size")))
            for level in range(1, LEVELS + 1)
        ]
    )
    for level, flow in enumerate(flows, 1):
        np.testing.assert_array_equal(out[f"ofi_level_{level}"][1:], flow)
    sizes = sum(books[f"{side}_size_{level}"] for side in ("bid", "ask") for level in range(1, LEVELS + 1))
    assert isinstance(sizes, np.ndarray)
    depth = (sizes[1:] + sizes[:-1]) / (4 * LEVELS)
    np.testing.assert_allclose(out["ofi_depth_5"][1:], flows.sum(axis=0) / depth, rtol=1e-12)


@pytest.mark.parametrize(
    ("before", "now", "flow"),
    [
        ((9.0, 100.0, 10.0, 50.0), (9.0, 130.0, 10.0, 50.0), 30.0),  # thirty added to the bid
        ((9.0, 100.0, 10.0, 50.0), (9.1, 20.0, 10.0, 50.0), 20.0),  # a better bid
        ((9.0, 100.0, 10.0, 50.0), (8.9, 70.0, 10.0, 50.0), -100.0),  # the bid was taken
        ((9.0, 100.0, 10.0, 50.0), (9.0, 100.0, 10.0, 20.0), 30.0),  # thirty taken from the ask
        ((9.0, 100.0, 10.0, 50.0), (9.0, 100.0, 9.9, 10.0), -10.0),  # a better ask
        ((9.0, 100.0, 10.0, 50.0), (9.0, 100.0, 0.0, 0.0), 50.0),  # the ask was taken, nobody quotes it
        ((9.0, 100.0, 0.0, 0.0), (9.0, 100.0, 10.0, 40.0), -40.0),
        ((9.0, 100.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), -100.0),
        ((0.0, 0.0, 0.0, 0.0), (0.0, 7.0, 0.0, 7.0), 0.0),  # a size without a price is nobody's
    ],
)
def test_what_an_event_contributes(before: tuple[float, ...], now: tuple[float, ...], flow: float) -> None:
    columns = dict(zip(QUOTE_FLOW.inputs, np.array([(START, *before), (START, *now)]).T, strict=True))
    assert laws.named(QUOTE_FLOW, columns)["ofi"][1] == flow


@given(cuts=st.lists(st.integers(0, ROWS), max_size=6), seed=st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_cuts_change_nothing(cuts: list[int], seed: int) -> None:
    laws.assert_cuts_change_nothing(QUOTE_FLOW, laws.with_a_hole(some_quotes(seed), "bid", 9), cuts)
    laws.assert_cuts_change_nothing(BOOK_FLOW, laws.with_a_hole(some_books(seed), "ask_size_3", 9), cuts)


def test_rows_change_nothing() -> None:
    laws.assert_rows_change_nothing(QUOTE_FLOW, some_quotes())
    laws.assert_rows_change_nothing(BOOK_FLOW, some_books())


def test_values_begin_after_the_warm_up() -> None:
    assert np.isfinite(laws.named(QUOTE_FLOW, some_quotes())["ofi"][QUOTE_FLOW.features[0].warm_up :]).all()
    laws.assert_first_values_come_after_the_warm_up(BOOK_FLOW, some_books())


@given(garbage=laws.garbage_for(QUOTE_FLOW), book_garbage=laws.garbage_for(BOOK_FLOW, 2))
@settings(max_examples=20, deadline=None)
def test_survives_whatever_came_before(garbage: list[list[float]], book_garbage: list[list[float]]) -> None:
    laws.assert_survives(QUOTE_FLOW, garbage, some_quotes(rows=70))
    laws.assert_survives(BOOK_FLOW, book_garbage, laws.rows_between(some_books(), 0, 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 1e16])
@pytest.mark.parametrize("name", ["bid", "bid_size", "ask", "ask_size"])
def test_a_row_that_cannot_be_is_passed_over(name: str, value: float) -> None:
    at, quotes, books = 20, some_quotes(), some_books()
    for scan, columns, place in ((QUOTE_FLOW, quotes, name), (BOOK_FLOW, books, f"{name}_4")):
        out = laws.whole(scan, laws.with_a_hole(columns, place, at, value))
        assert np.isnan(out[at]).all()
        np.testing.assert_array_equal(np.delete(out, at, axis=0), laws.whole(scan, laws.without(columns, at)))


def test_a_wrong_clock_does_no_lasting_damage() -> None:
    quotes = some_quotes(apart_s=3.0)
    quotes["event_time"][10] = 9e15
    after = laws.whole(QUOTE_FLOW, quotes)[12:]
    assert np.isfinite(after).all()
    assert (np.abs(after[:, 1]) > 0.0).all()


def test_an_empty_book_has_no_depth_to_scale_by() -> None:
    empty = {name: np.zeros(2) for name in BOOK_FLOW.inputs}
    out = laws.named(BOOK_FLOW, empty)
    assert out["ofi_level_1"][1] == 0.0
    assert np.isnan(out["ofi_depth_5"][1])


def test_a_rate_forgets_where_its_tape_began() -> None:
    quotes = some_quotes(rows=1_500, apart_s=3.0)
    early = laws.whole(QUOTE_FLOW, quotes)[400:]
    late = laws.whole(QUOTE_FLOW, laws.rows_between(quotes, 400, 1_500))
    told = np.isfinite(late)
    assert told[-1].all()
    np.testing.assert_allclose(late[told], early[told], atol=1e-3)
