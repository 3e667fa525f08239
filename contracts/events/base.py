"""What every event carries, and the constraints that fields are annotated with."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
Symbol = Annotated[str, Meta(min_length=1, max_length=32)]
Micros = Annotated[int, Meta(ge=0, le=253_402_300_799_999_999)]
"""Microseconds since the epoch, UTC, up to the year 9999."""
Price = Annotated[float, Meta(gt=0.0, le=1e9)]
Quoted = Annotated[float, Meta(ge=0.0, le=1e9)]
"""A quoted side of a market: zero means that nobody quotes it."""
Size = Annotated[int, Meta(ge=0, le=10**15)]
LARGEST = 2**63 - 1
"""Whole numbers fit 64 bits, in Spark and in the database."""
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Positive = Annotated[int, Meta(gt=0, le=LARGEST)]
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Text = Annotated[str, Meta(max_length=4096)]
Levels = Annotated[tuple[Price, ...], Meta(max_length=10)]
Depths = Annotated[tuple[Size, ...], Meta(max_length=10)]
Share = Annotated[float, Meta(ge=-1.0, le=1.0)]
"""A signed share, such as an imbalance: −1 all on the ask, +1 all on the bid."""


class Event(Struct, frozen=True, kw_only=True, tag=True, tag_field="type", forbid_unknown_fields=True):
    """What every event carries."""

    event_id: Id
    event_time: Micros
    source: Symbol
    simulated: bool
    schema_version: Literal[1] = 1
