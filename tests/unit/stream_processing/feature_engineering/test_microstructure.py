import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.quantitative.blocks import evaluate
from stream_processing.feature_engineering.microstructure import IMBALANCE_LEVELS, LEVELS, MICROSTRUCTURE

prices = st.floats(min_value=0.01, max_value=1e9)
sizes = st.lists(st.integers(min_value=0, max_value=10**15), min_size=LEVELS, max_size=LEVELS)


def compute(bid: float, ask: float, bids: list[int], asks: list[int]) -> dict[str, float]:
    results = evaluate(MICROSTRUCTURE, bid, ask, *map(float, bids), *map(float, asks))
    return {name: float(value) for name, value in zip(MICROSTRUCTURE.outputs, results, strict=True)}


def padded(*sizes: int) -> list[int]:
    return [*sizes, *[0] * (LEVELS - len(sizes))]


def test_a_book_worked_out_by_hand() -> None:
    result = compute(189.99, 190.01, padded(300, 500), padded(200, 400))
    assert np.isclose(result["mid"], 190.0)
    assert np.isclose(result["spread"], 0.02)
    assert np.isclose(result["imbalance_1"], 100 / 500)
    assert np.isclose(result["imbalance_3"], 200 / 1400)
    assert np.isclose(result["microprice"], (189.99 * 200 + 190.01 * 300) / 500)


@given(bid=prices, spread=st.floats(min_value=0.0, max_value=10.0), bids=sizes, asks=sizes)
def test_results_keep_the_contract_of_the_event(bid: float, spread: float, bids: list[int], asks: list[int]) -> None:
    ask = bid + spread
    result = compute(bid, ask, bids, asks)
    for level in IMBALANCE_LEVELS:
        assert -1.0 <= result[f"imbalance_{level}"] <= 1.0
    slack = 4 * np.spacing(ask)
    assert bid - slack <= result["microprice"] <= ask + slack
    assert bid - slack <= result["mid"] <= ask + slack
    assert result["spread"] >= 0.0


@given(bid=prices, spread=st.floats(min_value=0.0, max_value=10.0), bids=sizes, asks=sizes)
def test_swapping_the_sides_turns_every_imbalance_around(
    bid: float, spread: float, bids: list[int], asks: list[int]
) -> None:
    one, other = compute(bid, bid + spread, bids, asks), compute(bid, bid + spread, asks, bids)
    for level in IMBALANCE_LEVELS:
        assert one[f"imbalance_{level}"] == -other[f"imbalance_{level}"]
    # The microprice leans to the thin side by the same amount, seen from the mid.
    assert np.isclose(one["microprice"] - one["mid"], other["mid"] - other["microprice"], atol=4 * np.spacing(bid + 10))


@given(bids=sizes, asks=sizes, factor=st.integers(min_value=1, max_value=8))
def test_imbalances_do_not_depend_on_the_unit_of_size(bids: list[int], asks: list[int], factor: int) -> None:
    scale = 2**factor  # a power of two scales doubles exactly
    one = compute(99.0, 101.0, bids, asks)
    other = compute(99.0, 101.0, [size * scale for size in bids], [size * scale for size in asks])
    assert one == other


def test_an_empty_side_and_an_empty_book() -> None:
    only_bids = compute(99.0, 101.0, padded(5), padded())
    assert only_bids["imbalance_10"] == 1.0
    assert only_bids["microprice"] == 101.0
    empty = compute(99.0, 101.0, padded(), padded())
    assert (empty["imbalance_1"], empty["microprice"]) == (0.0, 100.0)


def test_rows_are_computed_by_themselves() -> None:
    bid = np.array([99.0, 9.0])
    size: NDArray[np.float64] = np.array([1.0, 3.0])
    results = evaluate(MICROSTRUCTURE, bid, bid + 2.0, *[size] * LEVELS, *[size * 3] * LEVELS)
    by_name = dict(zip(MICROSTRUCTURE.outputs, results, strict=True))
    assert by_name["mid"].tolist() == [100.0, 10.0]
    assert by_name["imbalance_10"].tolist() == [-0.5, -0.5]
