"""The wire format: golden bytes, strictness in both directions."""

import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import wire
from contracts.errors import RejectedRecord
from contracts.events import Event, QuoteReceived
from contracts.topics import BY_EVENT, BY_NAME, TOPICS
from tests.unit.contracts.examples import BASE, EXAMPLES

GOLDEN = Path(__file__).parent / "golden"


def test_every_event_has_an_example_and_a_topic() -> None:
    assert {type(example) for example in EXAMPLES} == set(BY_EVENT)
    assert {event for topic in TOPICS for event in topic.events} == set(BY_EVENT)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_golden_bytes_stay_readable_and_unchanged(event: Event) -> None:
    golden = (GOLDEN / f"{type(event).__name__}.v{event.schema_version}.json").read_bytes().rstrip(b"\n")
    assert wire.encode(event) == golden
    assert wire.decode(BY_EVENT[type(event)].name, golden) == event


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.first.json")), ids=lambda path: path.stem)
def test_messages_from_before_a_field_was_added_stay_readable(path: Path) -> None:
    """They say nothing about what came later, and all they say is what the same message says today."""
    (example,) = [event for event in EXAMPLES if type(event).__name__ == path.name.partition(".")[0]]
    old = path.read_bytes().rstrip(b"\n")
    read = msgspec.structs.asdict(wire.decode(BY_EVENT[type(example)].name, old))
    today = msgspec.structs.asdict(example)
    assert read.keys() == today.keys()
    assert {name: value for name, value in read.items() if value is not None} == {
        name: today[name] for name, value in read.items() if value is not None
    }
    assert any(value is None for value in read.values())


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_the_key_is_the_field_that_the_topic_table_names(event: Event) -> None:
    assert wire.key_of(event) == str(getattr(event, BY_EVENT[type(event)].key)).encode()


def quote(**changes: object) -> QuoteReceived:
    fields = {**BASE, "symbol": "AAPL", "bid": 1.0, "ask": 1.1, "bid_size": 1, "ask_size": 1, "sequence": 0, **changes}
    return QuoteReceived(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [{"bid": math.nan}, {"ask": math.inf}, {"bid": -0.01}, {"bid_size": -1}, {"symbol": ""}, {"event_id": "x"}],
    ids=str,
)
def test_an_illegal_event_cannot_be_encoded(changes: dict[str, object]) -> None:
    with pytest.raises(RejectedRecord) as caught:
        wire.encode(quote(**changes))
    assert caught.value.reason == "impossible"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "impossible"),
        (b"{}", "impossible"),
        (wire.encode(quote()).replace(b'"schema_version":1', b'"schema_version":2'), "unknown_version"),
        (wire.encode(quote()).replace(b'"bid":1.0', b'"bid":"1.0"'), "impossible"),
        (wire.encode(quote()).replace(b'"bid":1.0', b'"bid":1.0,"extra":1'), "impossible"),
        (wire.encode(quote()).replace(b"QuoteReceived", b"TradeReceived"), "impossible"),
        (b" " * (BY_NAME["market.quotes"].largest_bytes + 1), "too_large"),
    ],
)
def test_a_bad_record_is_rejected_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RejectedRecord) as caught:
        wire.decode("market.quotes", data)
    assert caught.value.reason == reason


@given(st.binary(max_size=200), st.sampled_from([topic.name for topic in TOPICS]))
def test_no_bytes_whatever_escape_as_a_foreign_error(data: bytes, topic: str) -> None:
    with pytest.raises(RejectedRecord):
        wire.decode(topic, data)


@given(
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.integers(0, 10**15),
    st.integers(0, 2**53),
    st.text(min_size=1, max_size=32),
)
def test_legal_quotes_round_trip(bid: float, ask: float, size: int, sequence: int, symbol: str) -> None:
    event = quote(bid=bid, ask=ask, bid_size=size, sequence=sequence, symbol=symbol)
    assert wire.decode("market.quotes", wire.encode(event)) == event


def test_events_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        quote().bid = 2.0  # type: ignore[misc]


def test_the_label_simulated_is_on_every_wire_record() -> None:
    assert all(msgspec.json.decode(wire.encode(event))["simulated"] is True for event in EXAMPLES)
