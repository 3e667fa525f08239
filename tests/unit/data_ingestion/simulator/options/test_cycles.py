from datetime import date, timedelta

import pytest

from contracts import sessions
from data_ingestion.simulator.options.classes import CLASSES, Kind, OptionClass, generic
from data_ingestion.simulator.options.cycles import listed

OF = {options.symbol: options for options in CLASSES}
DAY = date(2026, 3, 3)


def days(options: OptionClass, day: date = DAY) -> list[date]:
    return [expiry.day for expiry in listed(options, day)]


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "SPX"])
def test_an_expiry_of_today_is_listed_on_every_session_of_the_large_three(symbol: str) -> None:
    for session in sessions.sessions(DAY, DAY + timedelta(days=30)):
        assert session.day in days(OF[symbol], session.day)


@pytest.mark.parametrize("options", CLASSES, ids=lambda options: options.symbol)
def test_all_names_have_weeklies_monthlies_and_leaps(options: OptionClass) -> None:
    found = days(options)
    assert {date(2026, 3, 6), date(2026, 3, 13), date(2026, 3, 20), date(2026, 3, 27)} <= set(found)
    assert date(2026, 4, 2) in found  # the Friday is Good Friday
    assert {date(2026, 4, 17), date(2026, 5, 15), date(2026, 6, 18)} <= set(found)
    assert {date(2027, 1, 15), date(2028, 1, 21)} <= set(found)
    assert found == sorted(found)
    assert all(sessions.is_open(day) for day in found)


def test_quarterlies_and_month_ends_belong_to_the_funds_and_the_index() -> None:
    quarters = {date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)}
    assert quarters <= set(days(OF["SPY"]))
    assert quarters | {date(2026, 4, 30), date(2026, 5, 29)} <= set(days(OF["SPX"]))
    assert not quarters & set(days(OF["AAPL"]))


def test_the_index_settles_its_monthlies_in_the_morning_and_the_rest_in_the_afternoon() -> None:
    for expiry in listed(OF["SPX"], DAY):
        opens_at, closes_at = sessions.at_or_before(expiry.day)[1:3]
        monthly = expiry.kind in {Kind.MONTHLY, Kind.LEAPS}
        assert expiry.root == ("SPX" if monthly else "SPXW")
        assert expiry.expires_at == (opens_at if monthly else closes_at)
    third_friday = [expiry.root for expiry in listed(OF["SPX"], DAY) if expiry.day == date(2026, 3, 20)]
    assert third_friday == ["SPX", "SPXW"]


def test_a_generic_name_has_third_fridays_only() -> None:
    found = days(generic("SMALL", 0.5))
    assert found == [sessions.monthly_expiry(2026, month) for month in range(3, 9)]


@pytest.mark.parametrize("options", CLASSES, ids=lambda options: options.symbol)
def test_what_is_listed_stays_listed_as_the_same_until_its_day(options: OptionClass) -> None:
    before = {(one.root, one.day): one for one in listed(options, date(2025, 11, 3))}
    for ahead in range(1, 120):
        day = date(2025, 11, 3) + timedelta(days=ahead)
        now = {(one.root, one.day): one for one in listed(options, day)}
        for key, expiry in before.items():
            if key[1] >= day:
                assert now[key] == expiry
        assert all(one.listed_on <= day <= one.day for one in now.values())
        before = now
