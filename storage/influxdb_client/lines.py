"""InfluxDB's line protocol, the writing half. Pure.

The protocol has no escape for a backslash or a line break in a tag: a backslash before a separator would swallow it, a
line break would begin another point. Both become an underscore; what separates is escaped.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Final

_SEPARATORS: Final = {",": "\\,", "=": "\\=", " ": "\\ "}
_UNSAYABLE: Final = {chr(code): "_" for code in (*range(32), 127, 0x85, 0x2028, 0x2029, ord("\\"))}
_ESCAPES: Final = str.maketrans(_SEPARATORS | _UNSAYABLE)
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def tag_value(text: str) -> str:
    r"""Text as the value of a tag.

    >>> print(tag_value("BRK B"), tag_value("a=b"), tag_value("C:\AAPL"))
    BRK\ B a\=b C:_AAPL
    """
    return text if text.isalnum() else text.translate(_ESCAPES)


def field_value(value: float | None) -> str | None:
    """A number as the value of a field; None for what the protocol has no word for: absent, NaN, infinite, too large.

    >>> field_value(0.5), field_value(7), field_value(float("nan"))
    ('0.5', '7i', None)
    """
    if value is None:
        return None
    if isinstance(value, int):
        return f"{value:d}i" if SMALLEST <= value <= LARGEST else None
    return repr(value) if isfinite(value) else None


def line(name: str, tags: Mapping[str, str], fields: Mapping[str, float | None], time_ns: int) -> str | None:
    """One point; None if no field of it can be written. `name` and the keys are ours: plain words.

    >>> line("bars", {"symbol": "AAPL"}, {"close": 187.5, "trades": 3}, 1)
    'bars,symbol=AAPL close=187.5,trades=3i 1'
    """
    told = [f"{key}={text}" for key, value in fields.items() if (text := field_value(value)) is not None]
    if not told:
        return None
    labels = "".join(f",{key}={tag_value(value)}" for key, value in sorted(tags.items()) if value)
    return f"{name}{labels} {','.join(told)} {time_ns}"
