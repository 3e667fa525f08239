"""Every line parses to what was meant, whatever stands in names and numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.influxdb_client.lines import field_value, line, tag_value
from tests.servers.influx import parse

INT64 = 2**63


@given(st.text(min_size=1, max_size=32), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, INT64 - 1))
def test_any_name_and_number_come_back(symbol: str, number: float, time_ns: int) -> None:
    text = line("bars", {"symbol": symbol, "simulated": "true"}, {"close": number}, time_ns)
    assert text is not None
    (name, tags, at), fields = parse(text)
    (simulated, (_, told)) = tags
    assert (name, simulated, at, fields) == ("bars", ("simulated", "true"), time_ns, {"close": number})
    assert len(told) == len(symbol)
    assert all(mine in {theirs, "_"} for mine, theirs in zip(told, symbol, strict=True))


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\tb", "a\0b", "a\\", "a\\,b", "a\u2028b", "a\x85b"])
def test_what_the_protocol_cannot_say_becomes_an_underscore(text: str) -> None:
    told = tag_value(text)
    assert len(told.splitlines()) == 1
    assert "\\" not in told.replace("\\,", "")
    assert "_" in told


@pytest.mark.parametrize("text", ["AAPL", "BRK.B", "SPX-W", "ΑΒΓ"])
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert tag_value(text) == text


@given(st.integers(-2 * INT64, 2 * INT64))
def test_whole_numbers_are_whole_or_left_out(value: int) -> None:
    fits = -INT64 <= value < INT64
    assert field_value(value) == (f"{value}i" if fits else None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_never_written(value: float | None) -> None:
    assert field_value(value) is None
    assert line("bars", {}, {"close": value, "open": 1.0}, 5) == "bars open=1.0 5"
    assert line("bars", {"symbol": "A"}, {"close": value}, 5) is None


def test_tags_stand_in_order_and_an_empty_one_is_left_out() -> None:
    assert line("bars", {"symbol": "A", "interval": "60s", "empty": ""}, {"close": 1}, 5) == (
        "bars,interval=60s,symbol=A close=1i 5"
    )
