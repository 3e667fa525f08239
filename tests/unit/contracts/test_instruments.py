"""OCC symbols, adjusted roots and expiry instants."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import RejectedRecord
from contracts.instruments import OptionContract, parse_occ


@pytest.mark.parametrize(
    ("text", "symbol", "underlying", "style", "adjusted"),
    [
        ("AAPL  240119C00150000", "AAPL240119C00150000", "AAPL", "american", False),
        ("O:AAPL240119P00150500", "AAPL240119P00150500", "AAPL", "american", False),
        ("SPXW240119C04500000", "SPXW240119C04500000", "SPX", "european", False),
        ("SPX240119P04500000", "SPX240119P04500000", "SPX", "european", False),
        ("SDS1240119C00012500", "SDS1240119C00012500", "SDS", "american", True),
        ("F240119C00012500", "F240119C00012500", "F", "american", False),
    ],
)
def test_symbols_say_what_the_contract_is(
    text: str, symbol: str, underlying: str, style: str, *, adjusted: bool
) -> None:
    contract = parse_occ(text)
    assert (contract.symbol, contract.underlying, contract.style, contract.is_adjusted) == (
        symbol,
        underlying,
        style,
        adjusted,
    )


@pytest.mark.parametrize(
    "text", ["", "AAPL", "AAPL240119X00150000", "AAPL241319C00150000", "AAPL240119C00000000", "aapl240119C00150000"]
)
def test_what_is_no_symbol_is_rejected(text: str) -> None:
    with pytest.raises(RejectedRecord) as caught:
        parse_occ(text)
    assert caught.value.reason == "bad_symbol"


@given(st.text(max_size=30))
def test_no_text_escapes_as_a_foreign_error(text: str) -> None:
    with suppress(RejectedRecord):
        assert parse_occ(text).symbol


@given(
    st.from_regex(r"[A-Z]{1,5}[0-9]?", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2068, 12, 31)),
    st.sampled_from(["C", "P"]),
    st.integers(1, 99_999_999),
)
def test_symbols_round_trip(root: str, expiry: date, right: str, thousandths: int) -> None:
    contract = OptionContract(root, expiry, "C" if right == "C" else "P", thousandths / 1000)
    assert parse_occ(contract.symbol) == contract


@pytest.mark.parametrize(
    ("symbol", "instant"),
    [
        ("AAPL240119C00150000", "2024-01-19T21:00:00"),
        ("AAPL240719C00150000", "2024-07-19T20:00:00"),
        ("SPX240119C04500000", "2024-01-19T14:30:00"),
        ("SPXW240119C04500000", "2024-01-19T21:00:00"),
    ],
)
def test_expiry_follows_new_york_clocks_and_the_kind_of_settlement(symbol: str, instant: str) -> None:
    assert parse_occ(symbol).expires_at == int(datetime.fromisoformat(instant).replace(tzinfo=UTC).timestamp()) * 10**6
