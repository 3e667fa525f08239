"""Statements as known at the time: worked by hand, restated, split, and cut anywhere."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import DividendDeclared, FundamentalsFiled, SplitAnnounced
from contracts.ids import make_id
from stream_processing.feature_engineering.fundamentals import (
    DIVIDENDS_KEPT,
    FILINGS_KEPT,
    FUNDAMENTALS,
    SPLITS_KEPT,
    START,
    FundamentalsState,
    features,
    update,
)
from stream_processing.feature_engineering.fundamentals_ratios import POINTS
from stream_processing.feature_engineering.point_in_time import DAY_US, replayed
from tests.unit.stream_processing.feature_engineering.happened import (
    SYMBOLS,
    cuts,
    events_of,
    folded,
    is_sound,
    same,
    shuffled,
    warm_ups,
)

QUARTER = 91 * DAY_US
LAG = 40 * DAY_US
NOW = 20 * QUARTER
KINDS = (FundamentalsFiled, SplitAnnounced, DividendDeclared)
Known = FundamentalsFiled | SplitAnnounced | DividendDeclared


def filing(quarter: int, *, revision: int = 0, at: int | None = None, **items: float) -> FundamentalsFiled:
    """Quarter 0 is the oldest; by default a firm of steady size."""
    known_at = (quarter + 1) * QUARTER + LAG if at is None else at
    values = {
        "revenue": 100.0, "net_income": 10.0, "operating_cash_flow": 12.0, "assets": 500.0, "liabilities": 300.0,
        "equity": 200.0, "shares_outstanding": 50,
    } | items  # fmt: skip
    return msgspec.convert(
        {
            "type": "FundamentalsFiled",
            "event_id": make_id("filing", quarter, revision, known_at),
            "event_time": known_at,
            "source": "test",
            "simulated": True,
            "symbol": "ACME",
            "form": "10-Q",
            "period_ended_at": (quarter + 1) * QUARTER,
            "revision": revision,
            **values,
        },
        FundamentalsFiled,
    )


def split(effective_at: int, ratio: int, at: int = 0, old: int = 1) -> SplitAnnounced:
    return SplitAnnounced(
        event_id=make_id("split", effective_at, at),
        event_time=at,
        source="test",
        simulated=True,
        symbol="ACME",
        new_shares=ratio,
        old_shares=old,
        effective_at=effective_at,
    )


def dividend(ex_at: int, amount: float, at: int, *, special: bool = False) -> DividendDeclared:
    return DividendDeclared(
        event_id=make_id("dividend", ex_at, at, int(special)),
        event_time=at,
        source="test",
        simulated=True,
        symbol="ACME",
        amount=amount,
        special=special,
        ex_at=ex_at,
        paid_at=ex_at + DAY_US,
    )


def after(*events: Known) -> FundamentalsState:
    return folded(START, update, events)


GROWING = [
    filing(
        quarter,
        revenue=100.0 + 10 * quarter,
        net_income=10.0 + quarter,
        operating_cash_flow=15.0 + quarter,
        assets=500.0 + 10 * quarter,
        liabilities=300.0,
        equity=200.0 + 10 * quarter,
        shares_outstanding=50 - quarter,
    )
    for quarter in range(9)
]


def test_ratios_by_hand() -> None:
    found = features(after(*GROWING), NOW, 2.0)
    # Quarters 5 to 8: revenue 150+160+170+180, income 15+16+17+18, cash 20+21+22+23; a year before 110..140, 11..14.
    assert found["revenue_year"] == 660.0
    assert found["net_income_year"] == 66.0
    assert found["cash_flow_year"] == 86.0
    assert found["net_margin"] == pytest.approx(0.1)
    assert found["net_margin_change"] == pytest.approx(0.1 - 50 / 500)
    assert found["cash_margin"] == pytest.approx(86 / 660)
    assert found["return_on_equity"] == pytest.approx(66 / 260)
    assert found["return_on_assets"] == pytest.approx(66 / 560)
    assert found["asset_turnover"] == pytest.approx(660 / 560)
    assert found["accruals"] == pytest.approx(-20 / 560)
    assert found["leverage"] == pytest.approx(300 / 580)
    assert found["revenue_growth"] == pytest.approx(180 / 140 - 1)
    assert found["revenue_growth_change"] == pytest.approx(180 / 140 - 170 / 130)
    assert found["net_income_growth"] == pytest.approx(18 / 14 - 1)
    assert found["income_change"] == pytest.approx((66 - 50) / 560)
    assert found["asset_growth"] == pytest.approx(580 / 540 - 1)
    assert found["share_change"] == pytest.approx(math.log(42 / 46))
    assert found["market_value_log"] == pytest.approx(math.log(84))
    assert found["earnings_yield"] == pytest.approx(66 / 84)
    assert found["book_to_price"] == pytest.approx(280 / 84)
    assert found["sales_yield"] == pytest.approx(660 / 84)
    assert found["cash_flow_yield"] == pytest.approx(86 / 84)
    assert found["filing_age_days"] == pytest.approx((NOW - GROWING[-1].event_time) / DAY_US)
    assert found["period_age_days"] == pytest.approx(11 * 91)
    assert found["restatements"] == 0


def test_quality_points_by_hand() -> None:
    # Income and cash above zero, cash above income, return 66/580 > 50/540, less leverage, fewer shares and more
    # turnover (660/580 > 500/540) give seven; the margin is the same, 0.1.
    assert len(POINTS) == 8
    assert features(after(*GROWING), NOW, None)["quality_score"] == 7
    losing = [filing(quarter, net_income=-10.0 - quarter, operating_cash_flow=-20.0) for quarter in range(8)]
    # Only that there are no more shares than before.
    assert features(after(*losing), NOW, None)["quality_score"] == 1


def test_breaking_even_is_no_point_and_no_base() -> None:
    even = [filing(quarter, net_income=0.0, operating_cash_flow=0.0, equity=0.0) for quarter in range(8)]
    found = features(after(*even), NOW, 2.0)
    # Nothing changes: the one point is that there are no more shares.
    assert found["quality_score"] == 1
    assert math.isnan(found["book_to_price"])
    assert math.isnan(found["net_income_growth"])
    small = [filing(quarter, net_income=0.1, operating_cash_flow=0.2, equity=0.1) for quarter in range(8)]
    assert features(after(*small), NOW, 2.0)["quality_score"] == 4
    assert features(after(*small), NOW, 2.0)["book_to_price"] == pytest.approx(0.001)


def test_new_shares_cost_a_point() -> None:
    fewer, more = (
        [filing(quarter, shares_outstanding=50 + step * quarter) for quarter in range(8)] for step in (-1, 1)
    )
    kept, lost = (features(after(*events), NOW, None) for events in (fewer, more))
    assert (kept["quality_score"], lost["quality_score"]) == (4, 3)
    assert kept["share_change"] == pytest.approx(math.log(43 / 47))
    barely = [filing(quarter, shares_outstanding=1000 + (quarter == 7)) for quarter in range(8)]
    assert features(after(*barely), NOW, None)["quality_score"] == 3


@pytest.mark.parametrize(("begin", "end", "mean"), [(0.4, 0.2, 0.3), (-1.0, 3.0, None), (3.0, -1.0, None)])
def test_a_mean_of_equity_is_of_what_is_above_zero(begin: float, end: float, mean: float | None) -> None:
    events = [filing(quarter, equity=end if quarter == 4 else begin) for quarter in range(5)]
    found = features(after(*events), NOW, None)["return_on_equity"]
    assert math.isnan(found) if mean is None else found == pytest.approx(40 / mean)


def test_windows_say_how_many_quarters_they_are() -> None:
    windows = {feature.name: feature.window for feature in FUNDAMENTALS}
    assert windows["leverage"] == "the last filed quarter"
    assert windows["return_on_assets"] == "the last 5 filed quarters"


def test_nothing_is_said_of_negative_equity_of_losses_and_without_a_price() -> None:
    broke = [filing(quarter, equity=-5.0, net_income=-1.0, liabilities=505.0) for quarter in range(9)]
    found = features(after(*broke), NOW, 2.0)
    assert math.isnan(found["return_on_equity"])
    assert math.isnan(found["book_to_price"])
    assert math.isnan(found["net_income_growth"])
    assert math.isnan(found["payout_ratio"])
    assert found["leverage"] == pytest.approx(1.01)
    assert found["earnings_yield"] == pytest.approx(-0.04)
    for price in (None, 0.0, -1.0, math.nan, math.inf):
        unpriced = features(after(*broke), NOW, price)
        assert math.isnan(unpriced["earnings_yield"])
        assert math.isnan(unpriced["dividend_yield"])
        assert unpriced["leverage"] == found["leverage"]


def test_a_restatement_counts_from_its_publication_on_and_never_before() -> None:
    first = [filing(quarter) for quarter in range(6)]
    restated = filing(3, revision=1, at=NOW, net_income=2.0, assets=492.0, equity=192.0)
    state = after(*first, restated)
    before, then = features(state, NOW - 1, 1.0), features(state, NOW, 1.0)
    assert same(before, features(after(*first), NOW - 1, 1.0))
    assert (before["net_income_year"], then["net_income_year"]) == (40.0, 32.0)
    assert (before["restatements"], then["restatements"]) == (0, 1)
    assert then["filing_age_days"] == 0
    again = update(state, filing(3, revision=2, at=NOW + DAY_US, net_income=1.0))
    assert features(again, NOW + DAY_US, 1.0)["net_income_year"] == 31.0
    assert features(again, NOW + DAY_US, 1.0)["restatements"] == 2
    assert same(features(again, NOW, 1.0), then)


def test_a_first_filing_that_comes_after_its_restatement_does_not_replace_it() -> None:
    restated, first = filing(0, revision=1, at=NOW, assets=400.0), filing(0, at=NOW + 1)
    assert features(after(restated, first), NOW + 1, None)["leverage"] == 0.75


def test_a_missing_quarter_ends_the_year() -> None:
    state = after(*(filing(quarter) for quarter in (0, 1, 2, 3, 5, 6, 7)))
    assert math.isnan(features(state, NOW, None)["revenue_year"])
    found = features(update(state, filing(4, at=NOW)), NOW, None)
    assert found["revenue_year"] == 400.0


def test_a_split_multiplies_counts_filed_before_it() -> None:
    first = [filing(quarter) for quarter in range(5)]
    effective = first[4].event_time + DAY_US
    state = update(after(*first), split(effective, 4))
    before, then = features(state, effective - 1, 8.0), features(state, effective, 2.0)
    assert before["market_value_log"] == then["market_value_log"] == pytest.approx(math.log(400))
    assert then["share_change"] == 0.0
    # Filed after the split in its terms, although the quarter ended before it.
    late = update(state, filing(5, at=effective + DAY_US, shares_outstanding=200))
    found = features(late, effective + DAY_US, 2.0)
    assert found["market_value_log"] == pytest.approx(math.log(400))
    assert found["share_change"] == pytest.approx(0.0)
    three_for_two = update(after(*first), split(effective, 3, old=2))
    assert features(three_for_two, NOW, 0.5)["market_value_log"] == pytest.approx(math.log(50 * 1.5 * 0.5))
    at_once = update(after(*first), split(first[4].event_time, 4))
    assert features(at_once, NOW, 2.0)["market_value_log"] == pytest.approx(math.log(100))
    unannounced = update(after(*first), split(effective, 4, at=NOW))
    assert features(unannounced, NOW - 1, 8.0)["market_value_log"] == pytest.approx(math.log(400))


def test_dividends_of_a_year_by_hand() -> None:
    first = [filing(quarter) for quarter in range(5)]
    at = first[4].event_time + 30 * DAY_US
    state = after(
        *first,
        dividend(at - 365 * DAY_US, 9.0, at - 380 * DAY_US),
        dividend(at - 200 * DAY_US, 0.4, at - 220 * DAY_US),
        dividend(at - 10 * DAY_US, 0.1, at - 20 * DAY_US),
        dividend(at - 9 * DAY_US, 5.0, at - 20 * DAY_US, special=True),
        dividend(at + 6 * DAY_US, 0.1, at),
        dividend(at + 3 * DAY_US, 0.2, at + 1),
        split(at - 100 * DAY_US, 4),
    )
    found = features(state, at, 2.0)
    assert found["dividend_yield"] == pytest.approx((0.4 / 4 + 0.1) / 2)
    assert found["payout_ratio"] == pytest.approx(0.2 * 50 / 40)
    assert found["ex_dividend_days"] == 6.0
    assert features(state, at + 1, 2.0)["ex_dividend_days"] == pytest.approx(3.0)
    assert math.isnan(features(after(*first), at, 2.0)["ex_dividend_days"])


def test_every_feature_warms_up_as_its_row_says() -> None:
    rows = [
        features(state, at, 10.0)
        for at, state in replayed(START, update, GROWING, [event.event_time for event in GROWING])
    ]
    found = warm_ups(rows)
    for feature in FUNDAMENTALS:
        if feature.name != "ex_dividend_days":
            assert found[feature.name] == feature.warm_up, feature.name


def test_before_the_first_filing_there_is_nothing() -> None:
    found = features(START, NOW, 10.0)
    assert found.pop("dividend_yield") == 0.0
    assert all(math.isnan(value) for value in found.values())


def test_no_later_event_changes_what_was_known() -> None:
    instants = np.array_split(cuts(1), len(SYMBOLS))
    restated = 0
    for symbol, mine in zip(SYMBOLS, instants, strict=True):
        events = events_of(KINDS, symbol)
        ahead = folded(START, update, events)
        for at, state in replayed(START, update, events, mine.tolist()):
            price = 50.0 + at % 100
            known = features(state, at, price)
            assert is_sound(FUNDAMENTALS, known)
            assert same(known, features(ahead, at, price))
            assert not math.isnan(known["income_change"])
            restated += known["restatements"] > 0
    assert restated > 5


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_arrival_and_repeats_change_nothing(seed: int) -> None:
    events = events_of(KINDS, SYMBOLS[seed])
    assert folded(START, update, shuffled(events, seed)) == folded(START, update, events)


def test_a_state_is_bounded_and_survives_being_written_down() -> None:
    state = after(*(filing(quarter) for quarter in range(2 * FILINGS_KEPT)))
    assert len(state.filings) == FILINGS_KEPT
    for day in range(2 * DIVIDENDS_KEPT):
        state = update(update(state, split(day * DAY_US, 2)), dividend(day * DAY_US, 0.5, 0))
    assert (len(state.splits), len(state.dividends)) == (SPLITS_KEPT, DIVIDENDS_KEPT)
    for form in (msgspec.json, msgspec.msgpack):
        assert form.decode(form.encode(state), type=FundamentalsState) == state


def test_a_state_does_not_change_and_refuses_what_it_does_not_know() -> None:
    with pytest.raises(AttributeError):
        START.filings = ()  # type: ignore[misc]
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"fillings": []}', type=FundamentalsState)


AMOUNT = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(*[AMOUNT] * 6, st.integers(1, 2**63 - 1)), min_size=9, max_size=9), st.floats())
def test_no_amount_makes_an_infinity_or_an_error(quarters: list[tuple[float, ...]], price: float) -> None:
    names = ("revenue", "net_income", "operating_cash_flow", "assets", "liabilities", "equity", "shares_outstanding")
    columns: list[dict[str, Any]] = [dict(zip(names, items, strict=True)) for items in quarters]
    events = [filing(place, **items) for place, items in enumerate(columns)]
    assert is_sound(FUNDAMENTALS, features(after(*events), NOW, price))
