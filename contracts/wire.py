"""The wire format: JSON, one event a record, strict in both directions."""

from functools import reduce
from operator import or_
from typing import Any, Final

import msgspec

from contracts.errors import RejectedRecord
from contracts.events import Event
from contracts.topics import BY_EVENT, BY_NAME, TOPICS, Topic

KNOWN_VERSIONS: Final = frozenset({1})


class _Versioned(msgspec.Struct):
    schema_version: int


_encoder = msgspec.json.Encoder()
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    topic.name: msgspec.json.Decoder(reduce(or_, topic.events)) for topic in TOPICS
}


def encode(event: Event) -> bytes:
    """Bytes of a legal event; an illegal one (a NaN, a negative price) raises `RejectedRecord`.

    The check is a decode of what was just encoded: under half a microsecond a quote, and it is the very rule that
    readers apply, so the two can never disagree.
    """
    data = _encoder.encode(event)
    decode(BY_EVENT[type(event)].name, data)
    return data


def decode(topic: str, data: bytes) -> Event:
    """The event in a record of `topic`, or `RejectedRecord` with the reason."""
    if len(data) > (limit := BY_NAME[topic].largest_bytes):
        raise RejectedRecord("too_large", f"{len(data)} bytes, limit {limit}")
    try:
        event: Event = _DECODERS[topic].decode(data)
    except msgspec.ValidationError as error:
        raise RejectedRecord(_reason(data), str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedRecord("malformed", str(error)) from error
    return event


def _reason(data: bytes) -> str:
    """Whether a record that breaks the contract says of itself that it follows another one."""
    try:
        version = msgspec.json.decode(data, type=_Versioned).schema_version
    except msgspec.MsgspecError:
        return "impossible"
    return "impossible" if version in KNOWN_VERSIONS else "unknown_version"


def key_of(event: Event) -> bytes:
    """Kafka key of an event, as its topic's row says."""
    topic: Topic = BY_EVENT[type(event)]
    return str(getattr(event, topic.key)).encode()
