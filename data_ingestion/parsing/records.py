"""Splitting a provider's JSON into records and judging each by itself, so that one bad record costs only itself.

Theory of operation
-------------------
A frame is split into raw records first and each is decoded against its own type. The fast splitter refuses what JSON
does not allow, among it the `NaN` and `Infinity` that some servers write; then the lenient parser of the standard
library splits instead, and the strict decoder names the one record that has them. Whatever is wrong ends as a
`RejectedRecord` with one of the reasons of `Reason`, and from there as a `RecordRejected` event: never as an exception
out of this package, and never as silence.
"""

import json
from hashlib import sha256
from math import isfinite
from typing import Final, Literal, TypeVar

import msgspec

from contracts.errors import RejectedRecord
from contracts.events import RecordRejected
from contracts.ids import make_id
from data_ingestion.data_validators.impossible import AHEAD_LIMIT_US

Reason = Literal[
    "malformed",  # not JSON, or without the fields and types it must have
    "not_finite",  # NaN or infinity
    "negative",
    "out_of_range",  # beyond what the contract of our events allows
    "fractional_size",  # a part of a share or contract
    "bad_time",  # no time, or one that lies in the future
    "bad_symbol",  # not an option symbol at all (`contracts.instruments`)
    "unknown_symbol",  # well formed, but not one that we follow or that the chain snapshot lists
    "unknown_kind",  # a message that we did not subscribe to
    "no_quote",  # a quote without a bid and without an ask
    "no_quote_yet",  # an option trade before the first quote of its contract
    "no_underlying_yet",  # an option quote before the first price of its underlying
    "unsupported_style",  # exercise neither American nor European
    "inconsistent",  # a contract whose symbol and description disagree
    "provider_error",  # an error message where data should be
]

TEXT_LIMIT: Final = 4_096
"""Longest text of a rejected record that an event keeps; the rest is cut."""
PRICE_LIMIT: Final = 1e9
SIZE_LIMIT: Final = 10**15
TIME_LIMIT_US: Final = 253_402_300_799_999_999

T = TypeVar("T")
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def reject(reason: Reason, explanation: str) -> RejectedRecord:
    """An error with one of the known reasons."""
    return RejectedRecord(reason, explanation)


def split(frame: bytes) -> list[bytes]:
    """The records of a JSON array, each as its own bytes; `RejectedRecord` if the frame is no such thing."""
    try:
        return [bytes(record) for record in _ARRAY.decode(frame)]
    except (msgspec.DecodeError, RecursionError) as error:
        value = _lenient(frame, error)
        if isinstance(value, list):
            return [json.dumps(record).encode() for record in value]
        raise reject("malformed", str(error)) from error


def members(page: bytes) -> dict[str, bytes]:
    """The members of a JSON object, each as its own bytes; `RejectedRecord` if the page is no such thing."""
    try:
        return {name: bytes(value) for name, value in _OBJECT.decode(page).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        value = _lenient(page, error)
        if isinstance(value, dict):
            return {name: json.dumps(member).encode() for name, member in value.items()}
        raise reject("malformed", str(error)) from error


def decode(record: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """One record as its type; `RejectedRecord` with the reason if it is not of that type."""
    try:
        return decoder.decode(record)
    except msgspec.ValidationError as error:
        text = str(error)
        if "`$.ev`" in text:
            raise reject("unknown_kind", text) from error
        raise reject("not_finite" if "Number out of range" in text else "malformed", text) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason: Reason = "not_finite" if _has_constants(record) else "malformed"
        raise reject(reason, str(error)) from error


def quoted(name: str, value: float) -> float:
    """A quoted price: zero means that nobody quotes that side."""
    if not isfinite(value):
        raise reject("not_finite", f"{name} is {value}")
    if value < 0:
        raise reject("negative", f"{name} is {value}")
    if value > PRICE_LIMIT:
        raise reject("out_of_range", f"{name} is {value}, limit {PRICE_LIMIT:g}")
    return value


def price(name: str, value: float) -> float:
    """A price above zero."""
    if quoted(name, value) == 0:
        raise reject("out_of_range", f"{name} is zero")
    return value


def whole(name: str, value: float) -> int:
    """A size or sequence number: whole and not negative."""
    if not isfinite(value):
        raise reject("not_finite", f"{name} is {value}")
    if value < 0:
        raise reject("negative", f"{name} is {value}")
    if value > SIZE_LIMIT:
        raise reject("out_of_range", f"{name} is {value}, limit {SIZE_LIMIT}")
    if value != int(value):
        raise reject("fractional_size", f"{name} is {value}")
    return int(value)


def time_us(name: str, value: int, received_at: int) -> int:
    """A time in microseconds, neither missing nor from the future."""
    if value <= 0 or value > min(received_at + AHEAD_LIMIT_US, TIME_LIMIT_US):
        raise reject("bad_time", f"{name} is {value} µs, our clock says {received_at} µs")
    return value


def rejected(
    source: str, channel: str, record: bytes, index: int, received_at: int, error: RejectedRecord
) -> RecordRejected:
    """The event that keeps a bad record. Its id depends on the record alone, so a repeated one is recognised."""
    return RecordRejected(
        event_id=make_id("RecordRejected", source, channel, error.reason, sha256(record).hexdigest()),
        event_time=received_at,
        source=source,
        simulated=False,
        topic=channel,
        partition=0,
        offset=index,
        reason=error.reason,
        explanation=_readable(error.explanation.encode(errors="replace")),
        record=_readable(record),
    )


def _readable(text: bytes) -> str:
    """Text that every store can hold: valid Unicode, without the NUL that PostgreSQL refuses, of limited length."""
    return text[: TEXT_LIMIT * 4].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:TEXT_LIMIT]


def _lenient(data: bytes, problem: Exception) -> object:
    """The value, NaN and infinity let through for the strict decoder to find; `RejectedRecord` if there is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise reject("malformed", str(problem)) from error


def _has_constants(record: bytes) -> bool:
    """Whether the only thing wrong is NaN or infinity written as a bare word."""
    found: list[str] = []
    try:
        json.loads(record, parse_constant=found.append)
    except (ValueError, RecursionError):
        return False
    return bool(found)
