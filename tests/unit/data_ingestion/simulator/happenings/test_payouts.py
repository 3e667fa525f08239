"""Dividends and splits."""

import numpy as np

from data_ingestion.simulator.happenings.payouts import LEAST_PRICE, RATIOS, dividends, splits
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, GENERIC, SEED


def test_payers_pay_four_times_their_yield() -> None:
    table = dividends(SEED, DETAILED, 2026, 2026)
    regular = ~table.is_special
    for place, subject in enumerate(DETAILED):
        mine = table.amount[regular & (table.name == place)]
        pays = subject.dividend_yield > 0 and not subject.is_index
        assert len(mine) == (4 if pays else 0)
        assert abs(mine.sum() - pays * subject.dividend_yield * subject.price) < 0.001


def test_a_dividend_is_declared_then_goes_ex_then_is_paid() -> None:
    table = dividends(SEED, GENERIC, 1990, 2025)
    assert np.all((table.time_us < table.ex_us) & (table.ex_us < table.paid_us))
    assert np.all(table.amount > 0)
    assert 0 < table.is_special.mean() < 0.02


def test_splits_by_lot_are_rare_and_announced_ahead() -> None:
    table = splits(SEED, GENERIC, 1990, 2025)
    assert 0.01 < len(table.time_us) / (36 * len(GENERIC)) < 0.03
    assert np.all(table.time_us < table.effective_us)


def test_a_split_brings_no_share_below_the_least_price() -> None:
    table = splits(SEED, GENERIC, 1990, 2025)
    assert np.all(np.array([subject.price for subject in GENERIC])[table.name] / table.ratio >= LEAST_PRICE)
    assert {(new, old) for new, old in zip(table.new_shares, table.old_shares, strict=True)} <= set(RATIOS)
    cheap = [subject._replace(price=25.0) for subject in GENERIC[:3]]
    assert len(splits(SEED, cheap, 1990, 2025).time_us) == 0


def test_an_index_declares_nothing() -> None:
    index = [subject for subject in DETAILED if subject.is_index]
    assert [subject.symbol for subject in index] == ["SPX"]
    assert index[0].dividend_yield > 0
    assert len(dividends(SEED, index, 2020, 2021).time_us) == 0


def test_nobody_pays_and_nobody_splits() -> None:
    idle = [subject._replace(dividend_yield=0.0) for subject in DETAILED[-1:]]
    assert len(dividends(SEED, idle, 2020, 2021).time_us) == 0
    assert len(splits(SEED, idle, 2020, 2021).time_us) == 0
