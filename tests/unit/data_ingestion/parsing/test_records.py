import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from contracts import wire
from contracts.errors import RejectedRecord
from data_ingestion.data_validators.impossible import AHEAD_LIMIT_US
from data_ingestion.parsing import records


class Fact(Struct, tag_field="ev", tag="F"):
    x: float


class Word(Struct, tag_field="ev", tag="W"):
    s: str


FACTS = msgspec.json.Decoder(Fact | Word)


def reason(record: bytes) -> str:
    with pytest.raises(RejectedRecord) as caught:
        records.decode(record, FACTS)
    return caught.value.reason


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b'{"ev":"F","x":NaN}', "not_finite"),
        (b'{"ev":"F","x":-Infinity}', "not_finite"),
        (b'{"ev":"F","x":1e999}', "not_finite"),
        (b'{"ev":"F","x":"1"}', "malformed"),
        (b'{"ev":"F","x":null}', "malformed"),
        (b'{"ev":"F"}', "malformed"),
        (b'{"x":1.0}', "malformed"),
        (b'{"ev":"G","x":1.0}', "unknown_kind"),
        (b"7", "malformed"),
        (b'{"ev":"F","x":', "malformed"),
        (b'{"ev":"W","s":"\xff"}', "malformed"),
    ],
)
def test_each_kind_of_bad_record_has_its_reason(record: bytes, expected: str) -> None:
    assert reason(record) == expected


def test_a_good_record_is_decoded_and_unknown_members_are_passed_over() -> None:
    assert records.decode(b'{"ev":"F","x":1,"new":[1]}', FACTS) == Fact(1.0)


def test_a_bare_nan_costs_only_its_own_record() -> None:
    good, bad = records.split(b'[{"ev":"F","x":1.5},{"ev":"F","x":NaN}]')
    assert records.decode(good, FACTS) == Fact(1.5)
    assert reason(bad) == "not_finite"


@pytest.mark.parametrize("frame", [b"", b"{}", b"null", b"[1,", b"[" * 100_000, b"\xff", b"NaN", b'{"a":NaN}'])
def test_a_frame_that_is_no_array_is_malformed(frame: bytes) -> None:
    with pytest.raises(RejectedRecord, match="malformed"):
        records.split(frame)


@pytest.mark.parametrize("page", [b"", b"[]", b"null", b'{"a":', b'{"a":' * 100_000, b"[NaN]"])
def test_a_page_that_is_no_object_is_malformed(page: bytes) -> None:
    with pytest.raises(RejectedRecord, match="malformed"):
        records.members(page)


def test_members_keep_their_bytes_and_a_bare_nan_costs_only_its_own() -> None:
    assert records.members(b'{"a": 1, "b": [1.0,2]}') == {"a": b"1", "b": b"[1.0,2]"}
    assert records.members(b'{"a": 1, "b": NaN}') == {"a": b"1", "b": b"NaN"}


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.text(max_size=5), st.recursive(values, st.lists, max_leaves=4), max_size=4)))
def test_splitting_loses_no_record_and_changes_none(items: list[dict[str, object]]) -> None:
    parts = records.split(json.dumps(items).encode())
    assert [json.dumps(json.loads(part)) for part in parts] == [json.dumps(item) for item in items]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(float("nan"), "not_finite"), (float("inf"), "not_finite"), (-0.01, "negative"), (1.1e9, "out_of_range")],
)
def test_impossible_quotes_have_their_reason(value: float, expected: str) -> None:
    with pytest.raises(RejectedRecord, match=expected):
        records.quoted("bid", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(float("nan"), "not_finite"), (-1.0, "negative"), (1e16, "out_of_range"), (0.5, "fractional_size")],
)
def test_impossible_sizes_have_their_reason(value: float, expected: str) -> None:
    with pytest.raises(RejectedRecord, match=expected):
        records.whole("size", value)


def test_a_side_may_be_zero_but_a_price_may_not() -> None:
    assert records.quoted("bid", 0.0) == 0.0
    with pytest.raises(RejectedRecord, match="out_of_range"):
        records.price("p", 0.0)


@pytest.mark.parametrize("value", [0, -1, 10**9 + AHEAD_LIMIT_US + 1])
def test_a_time_that_is_missing_or_in_the_future_is_bad(value: int) -> None:
    with pytest.raises(RejectedRecord, match="bad_time"):
        records.time_us("t", value, 10**9)


def test_a_clock_may_differ_by_a_little() -> None:
    assert records.time_us("t", 10**9 + AHEAD_LIMIT_US, 10**9)


@given(st.binary(max_size=20_000), st.text(), st.integers(0, 10**17))
def test_whatever_was_rejected_can_be_kept(record: bytes, explanation: str, received_at: int) -> None:
    error = records.reject("malformed", explanation)
    event = records.rejected("polygon", "polygon.stocks", record, 3, received_at, error)
    assert wire.decode("market.rejected", wire.encode(event)) == event
    assert "\0" not in event.record + event.explanation


def test_a_rejected_record_has_the_same_id_whenever_it_comes() -> None:
    error = records.reject("malformed", "x")
    first = records.rejected("polygon", "polygon.stocks", b"junk", 0, 1, error)
    again = records.rejected("polygon", "polygon.stocks", b"junk", 5, 2, error)
    other = records.rejected("polygon", "polygon.stocks", b"other junk", 0, 1, error)
    assert first.event_id == again.event_id != other.event_id
