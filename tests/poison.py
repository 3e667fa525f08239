"""Records that keep no contract, made from one that does: for every topic, all that must never become a result.

Each field of a sound event is left out and filled with everything that it may not hold; beside these stand bytes that
are no event at all. What is poison says the contract itself: only what `contracts.wire` refuses is kept.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import inspect

from contracts import wire
from contracts.errors import RejectedRecord
from contracts.events import Event
from contracts.ids import make_id
from contracts.topics import BY_EVENT, Topic
from tests.unit.contracts.examples import EXAMPLES

HUGE_BYTES: Final = 1_000_000 - 2_000
"""Just below what a client sends at most."""
HUGE: Final = b"x" * HUGE_BYTES
RUBBISH: Final = (b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 10_000, HUGE, b'"' + HUGE + b'"')
TEXT: Final = b'"rubbish"'
TOKENS: Final = (
    b"null", b"true", b"[]", b"{}", b'""', TEXT, b'"' + b"x" * 5_000 + b'"', b'"NaN"', b'"1"',
    b"NaN", b"Infinity", b"-Infinity", b"nan", b"1e999", b"-1e999", b"1e300", b"-1e300", b"-1", b"0", b"2", b"1.5",
    b"9223372036854775808", b"1" + b"0" * 40, b"0x10",
    b"[null]", b"[NaN]", b"[-1]", b"[1e999]", b"[1e300]", b'["1"]', b"[[1]]", b"[1,1,1,1,1,1,1,1,1,1,1]",
)  # fmt: skip
"""What the fields of a sound record are filled with in turn."""
FAR: Final = b"250000000000000000"
"""Some nine thousand years after Christ: the contract allows it, but were it believed, all that follows were late."""

Fields = dict[str, msgspec.Raw]


def poison_of(topic: Topic, found: Mapping[type[Event], Event]) -> list[bytes | None]:
    """Poison for one topic, made from sound events of its kinds as far as there are such, else from examples."""
    examples = {type(event): event for event in EXAMPLES}
    values: list[bytes | None] = [None, *RUBBISH]
    for kind in topic.events:
        values.extend(_poison_of(topic, found.get(kind, examples[kind])))
    stranger = next(event for event in EXAMPLES if BY_EVENT[type(event)] is not topic)
    return [*values, wire.encode(stranger)]


def _poison_of(topic: Topic, sound: Event) -> Iterator[bytes]:
    fields = msgspec.json.decode(wire.encode(sound), type=Fields)
    candidates = (
        {**fields, "type": msgspec.Raw(TEXT)},
        {**fields, "schema_version": msgspec.Raw(b"2")},
        {**fields, "event_time": msgspec.Raw(FAR)},
        *({name: value for name, value in fields.items() if name != left_out} for left_out in fields),
        *({**fields, name: msgspec.Raw(token)} for name, token in _fillings(type(sound))),
    )
    for number, candidate in enumerate(candidates):
        value = _with_own_id(fields, candidate, f"{type(sound).__name__} {number}")
        if FAR in value or _is_refused(topic, value):
            yield value
    yield msgspec.json.encode(fields)[:-20]
    yield _with_own_id(fields, fields, "padded").ljust(HUGE_BYTES)


def _fillings(kind: type[Event]) -> Iterator[tuple[str, bytes]]:
    """Field and what to put into it, but for the gap that `stream_processing.spark_jobs.schema` owns up to."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        is_text = isinstance(field.type, inspect.StrType) and field.type.pattern is None
        has_default = field.default is not msgspec.NODEFAULT
        for token in TOKENS:
            is_gap = (is_text and token[:1] not in {b'"', b"n"}) or (has_default and token == b"null")
            if not is_gap:
                yield field.name, token


def _with_own_id(sound: Fields, candidate: Fields, name: str) -> bytes:
    """The record, with an id that no other has unless it is the id that is spoilt, lest it pass for a copy."""
    own = msgspec.Raw(f'"{make_id("poison", name)}"'.encode())
    is_intact = candidate.get("event_id") == sound["event_id"]
    return msgspec.json.encode({**candidate, "event_id": own} if is_intact else candidate)


def _is_refused(topic: Topic, value: bytes) -> bool:
    try:
        wire.decode(topic.name, value)
    except RejectedRecord:
        return True
    return False
