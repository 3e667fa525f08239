"""Announcements: their calendar, and how jumps follow surprises."""

import numpy as np

from data_ingestion.simulator.happenings.days import DAY_US
from data_ingestion.simulator.happenings.earnings import SURPRISE_REVENUE, earnings
from data_ingestion.simulator.happenings.strengths import EARNINGS_CORRELATION, EARNINGS_DAYS
from data_ingestion.simulator.happenings.subjects import FUNDS
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, GENERIC, SEED


def test_companies_announce_four_times_a_year_and_funds_never() -> None:
    table = earnings(SEED, DETAILED, 2015, 2019)
    counts = np.bincount(table.name, minlength=len(DETAILED))
    assert {subject.symbol for subject, count in zip(DETAILED, counts, strict=True) if count == 0} == FUNDS
    assert set(counts[counts > 0]) == {20}


def test_announcements_follow_the_quarter_and_name_the_next() -> None:
    table = earnings(SEED, GENERIC, 2015, 2019)
    lag_days = table.time_us / DAY_US - table.period_end
    assert lag_days.min() > 14
    assert lag_days.max() < 45
    mine = table.name == 3
    assert table.next_us[mine][:-1].tolist() == table.time_us[mine][1:].tolist()
    assert np.all(np.diff(table.time_us) >= 0)


def test_a_company_keeps_to_its_time_of_day() -> None:
    table = earnings(SEED, GENERIC, 2015, 2019)
    early = [set(table.is_early[table.name == name].tolist()) for name in range(len(GENERIC))]
    assert all(len(kinds) == 1 for kinds in early)
    assert 0.3 < np.mean([True in kinds for kinds in early]) < 0.7


def test_jumps_have_the_stated_variance_tails_and_tie_to_the_surprise() -> None:
    table = earnings(SEED, GENERIC, 2000, 2024)
    size = table.jump / np.sqrt(table.variance)
    error = 1 / np.sqrt(len(size))
    assert abs(size.mean()) < 4 * error
    assert abs(size.std() - 1) < 0.03
    assert abs(np.corrcoef(size, table.surprise)[0, 1] - EARNINGS_CORRELATION) < 4 * error
    assert (size**4).mean() / (size**2).mean() ** 2 > 3.5
    usual = GENERIC[0].usual_day
    assert np.allclose(table.variance[table.name == 0], EARNINGS_DAYS * usual**2)


def test_the_surprise_is_what_the_numbers_say() -> None:
    table = earnings(SEED, GENERIC, 2000, 2024)
    better = table.eps_actual - table.eps_expected
    clear = np.abs(better) > 0.001
    assert np.all(np.sign(better[clear]) == np.sign(table.surprise[clear]))
    sales = (table.revenue_actual / table.revenue_expected - 1).std()
    assert abs(sales / SURPRISE_REVENUE - 1) < 0.1
