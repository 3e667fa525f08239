"""Statements: identities, lags, restatements, and quality in the numbers."""

import numpy as np

from data_ingestion.simulator.happenings.days import DAY_US
from data_ingestion.simulator.happenings.earnings import earnings
from data_ingestion.simulator.happenings.filings import RESTATED, filings
from tests.unit.data_ingestion.simulator.happenings.market import GENERIC, SEED

TABLE = filings(SEED, GENERIC, 2000, 2019)


def test_the_balance_balances() -> None:
    np.testing.assert_allclose(TABLE.assets, TABLE.liabilities + TABLE.equity)
    assert np.all(TABLE.revenue > 0)
    assert np.all(TABLE.shares > 0)


def test_lags_are_those_of_quarterly_and_annual_reports() -> None:
    lag_days = TABLE.time_us / DAY_US - TABLE.period_end
    first = TABLE.revision == 0
    quarterly, annual = lag_days[first & ~TABLE.is_annual], lag_days[first & TABLE.is_annual]
    assert 36 < quarterly.min() < quarterly.max() < 50
    assert 57 < annual.min() < annual.max() < 72
    assert np.all(np.diff(TABLE.time_us) >= 0)


def test_a_company_announces_before_it_files() -> None:
    announced = earnings(SEED, GENERIC, 2000, 2019)
    when = dict(zip(zip(announced.name, announced.period_end, strict=True), announced.time_us, strict=True))
    filed = zip(TABLE.name, TABLE.period_end, TABLE.time_us, strict=True)
    assert all(when[name, end] < time_us for name, end, time_us in filed)


def test_some_filings_are_restated_later_and_for_the_worse() -> None:
    again = TABLE.revision == 1
    assert abs(again.sum() / (~again).sum() - RESTATED) < 0.01
    keys = list(zip(TABLE.name.tolist(), TABLE.period_end.tolist(), strict=True))
    first = {key: row for row, key in enumerate(keys) if not again[row]}
    for row in np.flatnonzero(again):
        original = first[keys[row]]
        assert TABLE.time_us[original] < TABLE.time_us[row]
        assert TABLE.net_income[row] <= TABLE.net_income[original]


def test_quality_shows_in_margins_and_lasts() -> None:
    first = TABLE.revision == 0
    margin = TABLE.net_income / TABLE.revenue
    lasting, shown = [], []
    for name in range(len(GENERIC)):
        mine = first & (TABLE.name == name)
        order = np.argsort(TABLE.period_end[mine])
        quality = TABLE.quality[mine][order]
        lasting.append(np.corrcoef(quality[1:], quality[:-1])[0, 1])
        shown.append(np.corrcoef(quality, margin[mine][order])[0, 1])
    assert 0.5 < np.mean(lasting) < 0.95
    assert np.mean(shown) > 0.7
    assert abs(TABLE.quality.std() - 1) < 0.1
