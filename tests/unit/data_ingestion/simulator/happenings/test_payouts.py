"""Dividends, splits and rate curves."""

from datetime import date

import numpy as np

from data_ingestion.simulator.happenings.days import number
from data_ingestion.simulator.happenings.payouts import HIGH, NOTICE, dividends, splits, splits_by_price
from data_ingestion.simulator.happenings.rates import TENORS_DAYS, curves
from data_ingestion.simulator.universe import RATE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, GENERIC, SEED


def test_payers_pay_four_times_their_yield() -> None:
    table = dividends(SEED, DETAILED, 2026, 2026)
    regular = ~table.is_special
    for place, subject in enumerate(DETAILED):
        mine = table.amount[regular & (table.name == place)]
        assert len(mine) == (4 if subject.dividend_yield else 0)
        assert abs(mine.sum() - subject.dividend_yield * subject.price) < 0.001


def test_a_dividend_is_declared_then_goes_ex_then_is_paid() -> None:
    table = dividends(SEED, GENERIC, 1990, 2025)
    assert np.all((table.time_us < table.ex_us) & (table.ex_us < table.paid_us))
    assert np.all(table.amount > 0)
    assert 0 < table.is_special.mean() < 0.02


def test_splits_by_lot_are_rare_and_announced_ahead() -> None:
    table = splits(SEED, GENERIC, 1990, 2025)
    assert 0.01 < len(table.time_us) / (36 * len(GENERIC)) < 0.03
    assert np.all(table.time_us < table.effective_us)


def test_nobody_pays_and_nobody_splits() -> None:
    idle = [subject._replace(dividend_yield=0.0) for subject in DETAILED[-1:]]
    assert len(dividends(SEED, idle, 2020, 2021).time_us) == 0
    assert len(splits(SEED, idle, 2020, 2021).time_us) == 0


def test_a_high_price_is_split_and_a_fund_s_is_not() -> None:
    days = np.arange(number(date(2020, 1, 1)), number(date(2021, 1, 1)))
    closes = np.stack([np.linspace(500, 5000, len(days)), np.linspace(500, 5000, len(days))], axis=1)
    table = splits_by_price(days, closes, (DETAILED[0], DETAILED[-1]))
    assert set(table.name.tolist()) == {0}
    assert days[np.argmax(closes[:, 0] > HIGH)] < table.effective_day[0] - NOTICE + 1
    assert closes[-1, 0] / np.prod(table.new_shares) < HIGH
    assert np.all(np.diff(table.effective_day) > NOTICE)


def test_curves_are_flat_at_the_rate_of_option_prices() -> None:
    table = curves(2024, 2025)
    assert table.rates.shape == (252 + 250, len(TENORS_DAYS))
    assert np.all(table.rates == RATE)
