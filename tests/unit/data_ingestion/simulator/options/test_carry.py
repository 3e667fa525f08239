"""Rates, yields and adjustments that options take from what happens."""

from datetime import date

import numpy as np
import pytest

from data_ingestion.simulator.happenings import rates
from data_ingestion.simulator.happenings.days import DAY_US, number
from data_ingestion.simulator.happenings.terms import payouts, shares
from data_ingestion.simulator.options.arrays import Ints
from data_ingestion.simulator.options.board import Expiries
from data_ingestion.simulator.options.carry import MOST_YIELD, Carry, adjustments, carry
from models.quantitative.times import years_between
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SPLITTING

SYMBOLS = [subject.symbol for subject in DETAILED]
SPY, SPX, AMZN, META = (SYMBOLS.index(symbol) for symbol in ("SPY", "SPX", "AMZN", "META"))
KNOWN = payouts(SPLITTING, DETAILED)
DAY = number(date(2026, 3, 2))
OPENS_AT = DAY * DAY_US + 14 * 3600 * 1_000_000
SPOT = np.array([subject.price for subject in DETAILED])
CURVE = np.array([0.03, 0.031, 0.032, 0.034, 0.036, 0.038, 0.039, 0.040])
AHEAD = np.array([0.3, 10.0, 100.0, 380.0, 800.0])


def expiries(name: int) -> Expiries:
    """Of one name, at some days from the open."""
    times = OPENS_AT + (AHEAD * DAY_US).astype(np.int64)
    return Expiries(np.full(len(AHEAD), name), times, np.arange(len(AHEAD)))


def made(name: int, day: int = DAY) -> Carry:
    return carry(KNOWN, DETAILED, CURVE, OPENS_AT, day, SPOT, expiries(name))


def regular(name: int) -> tuple[Ints, list[float]]:
    table = KNOWN.dividends
    mine = (table.name == name) & ~table.is_special & (table.ex_day > DAY)
    return table.ex_us[mine], table.amount[mine].tolist()


def test_the_yield_gives_the_forward_that_the_dividends_give() -> None:
    known = expiries(SPY)
    found = made(SPY)
    years = years_between(OPENS_AT, known.expires_at)
    growth = np.exp(-found.dividend_yield(known, OPENS_AT) * years)
    times, amounts = regular(SPY)
    for place, expires_at in enumerate(known.expires_at.tolist()):
        paid = [
            amount * np.exp(-rates.at(CURVE, np.asarray(ahead)) * ahead)
            for time, amount in zip(times.tolist(), amounts, strict=True)
            if time < expires_at and (ahead := float(years_between(OPENS_AT, np.array(time)))) > 0
        ]
        assert growth[place] == pytest.approx(1 - sum(paid) / SPOT[SPY])
    assert growth[0] == 1.0
    assert found.dividend_yield(known, OPENS_AT)[-1] == pytest.approx(DETAILED[SPY].dividend_yield, rel=0.2)


def test_the_share_that_is_paid_does_not_change_through_a_session() -> None:
    known, found = expiries(SPY), made(SPY)
    later = OPENS_AT + DAY_US // 4
    first, second = (
        found.dividend_yield(known, moment)[1:] * years_between(moment, known.expires_at[1:])
        for moment in (OPENS_AT, later)
    )
    np.testing.assert_allclose(first, second)


def test_an_index_keeps_its_yield_and_who_pays_nothing_has_none() -> None:
    np.testing.assert_array_equal(made(SPX).dividend_yield(expiries(SPX), OPENS_AT), DETAILED[SPX].dividend_yield)
    assert not made(AMZN).dividend_yield(expiries(AMZN), OPENS_AT).any()


def test_a_dividend_the_day_before_expiry_is_a_yield_that_an_event_can_carry() -> None:
    ex = int(regular(SPY)[0][0])
    moment = ex - DAY_US // 12
    soon = Expiries(np.array([SPY]), np.array([ex + DAY_US // 2]), np.array([0]))
    found = carry(KNOWN, DETAILED, CURVE, moment, ex // DAY_US - 1, SPOT, soon)
    assert found.dividend_yield(soon, moment)[0] == MOST_YIELD
    assert carry(KNOWN, DETAILED, CURVE, ex, ex // DAY_US, SPOT, soon).paid[0] == 0.0


def test_dividends_are_those_of_the_day_s_shares() -> None:
    split = number(date(2026, 9, 22))
    last = expiries(META)._replace(expires_at=OPENS_AT + ((AHEAD + 250) * DAY_US).astype(np.int64))
    before, after = (carry(KNOWN, DETAILED, CURVE, OPENS_AT, day, SPOT, last).paid for day in (split - 1, split))
    np.testing.assert_allclose(np.expm1(before), 4 * np.expm1(after))


def test_rates_are_the_curve_s() -> None:
    np.testing.assert_allclose(made(SPY).rate, np.interp(AHEAD, rates.TENORS_DAYS, CURVE), rtol=1e-3)


def test_contracts_are_adjusted_for_splits_and_special_dividends_alone() -> None:
    events = adjustments(KNOWN, len(DETAILED))
    assert [(event.day, event.ratio) for event in events[AMZN] if event.day.year == 2026] == [(date(2026, 2, 18), 1.5)]
    special = KNOWN.dividends.is_special
    assert sum(event.special_dividend > 0 for one in events for event in one) == special.sum() > 0
    assert sum(event.ratio != 1.0 for one in events for event in one) == len(KNOWN.splits.name)
    for name, one in enumerate(events):
        assert [event.day for event in one] == sorted(event.day for event in one)
        mine = special & (KNOWN.dividends.name == name)
        day = KNOWN.dividends.ex_day[mine]
        dollars = KNOWN.dividends.amount[mine] / shares(KNOWN.splits, np.array(name), day)
        assert sorted(event.special_dividend for event in one if event.special_dividend) == pytest.approx(
            sorted(dollars)
        )
