"""Releases: calendars by rule, vintages, and jumps of the market."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from data_ingestion.simulator.happenings.days import day_of
from data_ingestion.simulator.happenings.macro import CPI, EMPLOYMENT, FOMC, GDP, INDICATORS, macro
from data_ingestion.simulator.happenings.strengths import DAYS_A_YEAR, MARKET_VOLATILITY

TABLE = macro(7, 1995, 2024)


def local(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("place", "count", "weekdays", "clock"),
    [
        (EMPLOYMENT, 24, {4}, (8, 30)),
        (CPI, 12, {0, 1, 2, 3, 4}, (8, 30)),
        (FOMC, 8, {2}, (14, 0)),
        (GDP, 12, {3}, (8, 30)),
    ],
)
def test_releases_keep_to_their_calendar(place: int, count: int, weekdays: set[int], clock: tuple[int, int]) -> None:
    moments = [local(time_us) for time_us in TABLE.time_us[TABLE.indicator == place].tolist()]
    assert len(moments) == count * 30
    assert {moment.weekday() for moment in moments} <= weekdays
    assert {(moment.hour, moment.minute) for moment in moments} == {clock}


def test_employment_is_on_the_first_friday_after_its_month() -> None:
    first = (TABLE.indicator == EMPLOYMENT) & (TABLE.revision == 0)
    for time_us, end in zip(TABLE.time_us[first].tolist(), TABLE.period_end[first].tolist(), strict=True):
        moment = local(time_us)
        assert moment.day <= 7
        assert (moment.year, moment.month) == (day_of(end).year, day_of(end).month)


def test_revisions_come_later_without_consensus_or_effect() -> None:
    again = TABLE.revision > 0
    assert np.all(np.isnan(TABLE.consensus) == again)
    assert not np.any(TABLE.jump[again])
    assert not np.any(TABLE.variance[again])
    assert set(TABLE.indicator[again].tolist()) == {EMPLOYMENT, GDP}


def test_each_vintage_names_the_one_before_and_each_period_the_last_known() -> None:
    jobs = TABLE.indicator == EMPLOYMENT
    first = np.flatnonzero(jobs & (TABLE.revision == 0))
    revised = np.flatnonzero(jobs & (TABLE.revision == 1))
    by_period = dict(zip(TABLE.period_end[first].tolist(), TABLE.actual[first].tolist(), strict=True))
    for row in revised:
        assert TABLE.previous[row] == by_period[int(TABLE.period_end[row])]
    # The revision of a month comes with the next month's number, which therefore compares with it.
    assert TABLE.previous[first][1:].tolist() == TABLE.actual[revised][:-1].tolist()


def test_the_policy_rate_moves_in_quarters() -> None:
    decisions = TABLE.actual[TABLE.indicator == FOMC]
    assert np.all(decisions * 4 == np.rint(decisions * 4))
    assert decisions.min() >= 0


def test_jumps_have_the_stated_size_and_sign() -> None:
    usual = MARKET_VOLATILITY / np.sqrt(DAYS_A_YEAR)
    for place, row in enumerate(INDICATORS):
        first = (TABLE.indicator == place) & (TABLE.revision == 0)
        jump, surprise = TABLE.jump[first] / usual, TABLE.surprise[first]
        error = 4 / np.sqrt(first.sum())
        assert abs(jump.std() / row.jump_days - 1) < error
        assert abs(np.corrcoef(jump, surprise)[0, 1] - row.correlation) < error
        assert np.allclose(TABLE.variance[first], (row.jump_days * usual) ** 2)
