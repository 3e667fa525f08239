"""Closes of days and names in any order, and put into the terms of the last day."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.fundamentals import FundamentalsState
from stream_processing.feature_engineering.fundamentals_facts import Dividend, Split
from stream_processing.feature_engineering.point_in_time import DAY_US
from stream_processing.feature_engineering.sector_trends import ROWS_NEEDED, sector_trends
from stream_processing.feature_engineering.slow.panel import Panel, adjusted, new_shares, trends, with_closes

ENDS = np.arange(1, 6, dtype=np.int64) * DAY_US
NOW = 10 * DAY_US
NOTHING = FundamentalsState()


def split(effective_at: int, ratio: float, known_at: int = 0) -> Split:
    return Split(effective_at, known_at, f"split {effective_at}", ratio)


def dividend(ex_at: int, amount: float, known_at: int = 0) -> Dividend:
    return Dividend(ex_at, known_at, f"dividend {ex_at}", amount, special=False)


@settings(max_examples=25)
@given(
    st.dictionaries(st.tuples(st.integers(1, 400), st.sampled_from("abc")), st.floats(1, 9), min_size=1),
    st.integers(0, 100),
)
def test_a_panel_holds_the_last_days_however_they_come(closes: dict[tuple[int, str], float], seed: int) -> None:
    at_once, one_by_one = with_closes(Panel(), closes), Panel()
    keys = sorted(closes)
    for place in np.random.default_rng(seed).permutation(len(keys)):
        one_by_one = with_closes(one_by_one, {keys[place]: closes[keys[place]]})
    assert at_once == one_by_one == with_closes(at_once, closes)
    for row, end in enumerate(at_once.ends):
        for column, symbol in enumerate(at_once.symbols):
            value = at_once.matrix()[row, column]
            assert value == closes[end, symbol] if (end, symbol) in closes else np.isnan(value)


def test_days_and_names_that_no_window_needs_are_let_go() -> None:
    panel = with_closes(Panel(), {(end, "b"): 1.0 for end in range(1, 4)} | {(1, "a"): 2.0})
    assert (panel.ends, panel.symbols) == ((1, 2, 3), ("a", "b"))
    full = with_closes(panel, {(end, "b"): 1.0 for end in range(2, ROWS_NEEDED + 2)})
    assert (len(full.ends), full.ends[0], full.symbols) == (ROWS_NEEDED, 2, ("b",))
    assert with_closes(full, {(1, "a"): 5.0}) == full


def test_a_split_divides_what_is_before_it() -> None:
    closes = np.array([100.0, 100.0, 25.0, 25.0, 25.0])
    company = FundamentalsState(splits=(split(2 * DAY_US, 4.0),))
    np.testing.assert_array_equal(adjusted(closes, ENDS, company, NOW), np.full(5, 25.0))


def test_a_dividend_lowers_what_is_before_it_by_its_share_of_the_close() -> None:
    closes = np.array([50.0, 50.0, np.nan, 49.0, 49.0])
    company = FundamentalsState(dividends=(dividend(3 * DAY_US, 1.0),))
    np.testing.assert_allclose(adjusted(closes, ENDS, company, NOW), [49.0, 49.0, np.nan, 49.0, 49.0])


def test_a_dividend_declared_before_a_split_is_in_the_terms_of_then() -> None:
    closes = np.array([200.0, 100.0, 98.0, 98.0, 98.0])
    company = FundamentalsState(splits=(split(DAY_US, 2.0),), dividends=(dividend(2 * DAY_US, 4.0),))
    np.testing.assert_allclose(adjusted(closes, ENDS, company, NOW), np.full(5, 98.0))
    on_one_day = FundamentalsState(splits=(split(2 * DAY_US, 2.0),), dividends=(dividend(2 * DAY_US, 4.0),))
    closes = np.array([200.0, 200.0, 98.0, 98.0, 98.0])
    np.testing.assert_allclose(adjusted(closes, ENDS, on_one_day, NOW), np.full(5, 98.0))


@pytest.mark.parametrize(
    "company",
    [
        FundamentalsState(splits=(split(2 * DAY_US, 4.0, known_at=NOW + 1),)),
        FundamentalsState(splits=(split(5 * DAY_US, 4.0),)),
        FundamentalsState(dividends=(dividend(2 * DAY_US, 1.0, known_at=NOW + 1),)),
        FundamentalsState(dividends=(dividend(5 * DAY_US, 1.0),)),
        FundamentalsState(dividends=(dividend(DAY_US // 2, 1.0),)),
        FundamentalsState(dividends=(dividend(2 * DAY_US, 60.0),)),
    ],
    ids=["split unknown", "split to come", "dividend unknown", "ex to come", "ex before", "more than the price"],
)
def test_what_is_not_known_or_not_within_changes_nothing(company: FundamentalsState) -> None:
    closes = np.full(5, 50.0)
    np.testing.assert_array_equal(adjusted(closes, ENDS, company, NOW), closes)


def test_splits_multiply_within_a_span_its_ends_included() -> None:
    splits = [split(1, 2.0), split(2, 3.0), split(3, 5.0)]
    assert new_shares(splits, 1, 3) == 30.0
    assert new_shares(splits, 2, 2) == 3.0
    assert new_shares(splits, 4, 9) == 1.0


def test_trends_are_those_of_the_panel_with_each_name_of_no_sector_alone() -> None:
    random = np.random.default_rng(3)
    closes = 50 * np.exp(np.cumsum(0.01 * random.standard_normal((ROWS_NEEDED, 4)), axis=0))
    names = ("a", "b", "c", "d")
    panel = with_closes(
        Panel(),
        {
            ((row + 1) * DAY_US, name): closes[row, at].item()
            for row in range(ROWS_NEEDED)
            for at, name in enumerate(names)
        },
    )
    found = trends(panel, dict.fromkeys(names, NOTHING), {"a": "x", "b": "x"}, NOW)
    direct = sector_trends(closes, ("x", "x", "only c", "only d"))
    for at, name in enumerate(names):
        assert found[name] == {
            feature: values[-1, at] for feature, values in direct.items() if np.isfinite(values[-1, at])
        }
    assert "sector_momentum_60d" in found["a"]
    assert "sector_momentum_60d" not in found["c"]
    assert "momentum_60d" in found["c"]
