"""Rate curves: a term structure of what was public."""

import numpy as np

from data_ingestion.simulator.happenings.macro import CPI, FOMC, macro
from data_ingestion.simulator.happenings.rates import TENORS_DAYS, at, curves, known
from data_ingestion.simulator.universe import RATE
from tests.unit.data_ingestion.simulator.happenings.market import SEED

TABLE = curves(SEED, 1995, 2025)
YEARS = np.array(TENORS_DAYS) / 365


def test_a_curve_a_session_day_around_the_rate() -> None:
    assert curves(SEED, 2024, 2025).rates.shape == (252 + 250, len(TENORS_DAYS))
    assert np.all(np.abs(TABLE.rates.mean(axis=0) - RATE) < 0.006)
    assert np.all((TABLE.rates > 0.0) & (TABLE.rates < 0.1))


def test_the_long_end_moves_less_than_the_short_end_and_both_slowly() -> None:
    spread = TABLE.rates.std(axis=0)
    assert spread[0] > 1.2 * spread[-1] > 0
    slope = TABLE.rates[:, -1] - TABLE.rates[:, 0]
    assert 0 < np.mean(slope < 0) < 0.5
    moves = np.abs(np.diff(TABLE.rates, axis=0))
    assert moves.max() < 0.015
    assert np.median(moves) < 1e-5


def test_money_is_worth_less_the_later_it_comes() -> None:
    forward = np.diff(TABLE.rates * YEARS, axis=1) / np.diff(YEARS)
    assert forward.min() > 0


def test_curves_move_only_after_a_release() -> None:
    table, released = curves(SEED, 2024, 2024), macro(SEED, 2022, 2024)
    moved = np.flatnonzero(np.abs(np.diff(table.rates, axis=0)).max(axis=1) > 0)
    times = released.time_us[(released.indicator == FOMC) | (released.indicator == CPI)]
    for row in moved.tolist():
        assert np.any((times > table.time_us[row]) & (times < table.time_us[row + 1]))
    assert 10 <= len(moved) <= 20


def test_a_year_alone_is_the_same() -> None:
    alone = curves(SEED, 2024, 2024)
    rows = np.isin(TABLE.time_us, alone.time_us)
    np.testing.assert_array_equal(TABLE.rates[rows], alone.rates)
    assert not np.array_equal(curves(SEED + 1, 2024, 2024).rates, alone.rates)


def test_a_reader_sees_the_curve_published_last() -> None:
    for row in (0, 100):
        moment = int(TABLE.time_us[row])
        np.testing.assert_array_equal(known(TABLE, moment), TABLE.rates[row])
        np.testing.assert_array_equal(known(TABLE, moment - 1), TABLE.rates[row - 1])
    curve = TABLE.rates[50]
    np.testing.assert_allclose(at(curve, YEARS), curve)
    assert at(curve, np.array([5.0]))[0] == curve[-1]
    assert curve[3:5].min() <= at(curve, np.array([0.3]))[0] <= curve[3:5].max()
