from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.expiries import Expiry, listed
from tests.unit.data_ingestion.simulator.moments import SECOND, moment


def days(symbol: str, at: int) -> list[date]:
    return [expiry.day for expiry in listed(symbol, at)]


def test_weeklies_monthlies_and_quarterlies_of_an_ordinary_month() -> None:
    assert days("AAPL", moment(2026, 1, 5)) == [
        date(2026, 1, 9),
        date(2026, 1, 16),
        date(2026, 1, 23),
        date(2026, 1, 30),
        date(2026, 2, 20),
        date(2026, 3, 20),
        date(2026, 6, 18),
    ]


def test_index_monthlies_settle_in_the_morning_and_others_in_the_evening() -> None:
    by_day = {expiry.day: expiry for expiry in listed("SPX", moment(2026, 1, 5))}
    assert by_day[date(2026, 1, 16)].root == "SPX"
    assert by_day[date(2026, 1, 16)].expires_at == moment(2026, 1, 16, 14, 30)
    assert by_day[date(2026, 1, 9)].root == "SPXW"
    assert by_day[date(2026, 1, 9)].expires_at == moment(2026, 1, 9, 21)


def test_expiries_on_closed_fridays_move_to_thursday() -> None:
    assert date(2026, 4, 2) in days("AAPL", moment(2026, 3, 30))  # Good Friday
    assert date(2026, 6, 18) in days("AAPL", moment(2026, 6, 1))  # Juneteenth, a third Friday
    assert Expiry("SPX", date(2026, 6, 18)) in listed("SPX", moment(2026, 6, 1))
    assert date(2026, 7, 2) in days("AAPL", moment(2026, 6, 29))  # Independence Day on a Saturday
    assert date(2026, 12, 24) in days("AAPL", moment(2026, 12, 21))
    assert date(2026, 12, 31) in days("AAPL", moment(2026, 12, 21))  # New Year's Day on a Friday
    assert date(2021, 12, 31) in days("AAPL", moment(2021, 12, 27))  # but not when it is on a Saturday


def test_an_expiry_leaves_the_list_when_it_comes_and_the_cycle_rolls_on() -> None:
    last_second = moment(2026, 1, 9, 20, 59, 59)
    assert days("AAPL", last_second)[0] == date(2026, 1, 9)
    rolled = days("AAPL", last_second + SECOND)
    assert rolled[0] == date(2026, 1, 16)
    assert date(2026, 2, 6) in rolled


@given(
    symbol=st.sampled_from(["AAPL", "SPX"]),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - hypothesis adds the zone below
)
def test_every_listed_expiry_lies_ahead_on_a_working_day(symbol: str, at: datetime) -> None:
    now = int(at.replace(tzinfo=UTC).timestamp()) * SECOND
    cycle = listed(symbol, now)
    instants = [expiry.expires_at for expiry in cycle]
    assert instants == sorted(set(instants))
    assert instants[0] > now
    assert 6 <= len(cycle) <= 9
    assert {expiry.day.weekday() for expiry in cycle} <= {3, 4}
