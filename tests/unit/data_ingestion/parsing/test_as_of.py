import pytest

from contracts.instruments import parse_occ
from contracts.sessions import MICROS
from data_ingestion.parsing.as_of import AsOf, Terms, Underlying

DAY_US = 24 * 3600 * MICROS
EXPIRES = parse_occ("AAPL270115C00200000").expires_at


def listed(*symbols: str) -> AsOf:
    as_of = AsOf(["AAPL", "MSFT"], 0.04, {"AAPL": 0.005})
    for symbol in symbols:
        contract = parse_occ(symbol)
        as_of.contracts[symbol] = Terms(contract, contract.underlying, contract.expires_at, 100, "american")
    return as_of


def test_the_newest_price_is_kept_whatever_the_order_of_arrival() -> None:
    as_of = listed()
    as_of.observe("AAPL", 200.0, 10)
    as_of.observe("AAPL", 150.0, 9)
    assert as_of.latest("AAPL") == Underlying(200.0, 10)
    as_of.observe("AAPL", 201.0, 10)
    assert as_of.latest("AAPL") == Underlying(201.0, 10)


def test_nothing_is_known_before_the_first_price() -> None:
    assert listed().latest("AAPL") is None


def test_a_yield_that_no_setting_names_is_zero() -> None:
    assert (listed().dividend_yield("AAPL"), listed().dividend_yield("MSFT")) == (0.005, 0.0)


def test_the_contracts_nearest_to_the_money_are_followed() -> None:
    as_of = listed("AAPL270115C00100000", "AAPL270115C00190000", "AAPL270115P00205000", "AAPL270115C00400000")
    as_of.observe("AAPL", 200.0, 1)
    assert as_of.nearest(2, EXPIRES - 30 * DAY_US) == {"AAPL270115C00190000", "AAPL270115P00205000"}


def test_far_strikes_count_as_nearer_when_expiry_is_far() -> None:
    as_of = listed("AAPL250620C00230000", "AAPL270115C00230000")
    as_of.observe("AAPL", 200.0, 1)
    assert as_of.nearest(1, parse_occ("AAPL250620C00230000").expires_at - 2 * DAY_US) == {"AAPL270115C00230000"}


def test_expired_contracts_and_underlyings_without_a_price_are_left_out() -> None:
    as_of = listed("AAPL250620C00200000", "AAPL270115C00200000", "MSFT270115C00400000")
    as_of.observe("AAPL", 200.0, 1)
    assert as_of.nearest(10, EXPIRES - DAY_US) == {"AAPL270115C00200000"}


@pytest.mark.parametrize(("now", "left"), [(EXPIRES - 1, {"AAPL270115C00200000"}), (EXPIRES, set())])
def test_expired_contracts_are_forgotten(now: int, left: set[str]) -> None:
    as_of = listed("AAPL250620C00200000", "AAPL270115C00200000")
    as_of.forget_expired(now)
    assert set(as_of.contracts) == left
