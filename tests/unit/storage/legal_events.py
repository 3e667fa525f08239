"""Any legal event, drawn from the annotations that are the contract."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Meta, Struct

from contracts.events import Id
from storage.timescaledb_client.schema import BY_RECORD

INT64 = 2**63 - 1
EVENT_TABLES = [table for table in BY_RECORD.values() if table.name != "signal_stage_times"]

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-INT64 - 1, INT64),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
    Id: st.binary(min_size=16, max_size=16).map(bytes.hex),
}


def legal(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - an annotation can be anything
    """Values that an annotation allows and a column can hold."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of([legal(part) for part in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is Annotated:
        return _within(arguments[0], arguments[1])
    if origin in (tuple, dict):
        return _several(origin, [legal(part) for part in arguments if part is not Ellipsis], Meta())
    assert issubclass(hint, Struct)
    return legal_record(hint)


def legal_record(kind: type[Struct]) -> st.SearchStrategy[Any]:
    """Any legal instance of a struct."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{name: legal(hints[name]) for name in kind.__struct_fields__})


def _several(kind: type, parts: list[st.SearchStrategy[Any]], limits: Meta) -> st.SearchStrategy[Any]:
    fewest, most = limits.min_length or 0, min(limits.max_length or 10, 10)
    if kind is tuple:
        return st.lists(parts[0], min_size=fewest, max_size=most).map(tuple)
    return st.dictionaries(*parts, min_size=fewest, max_size=min(most, 5))


def _within(base: object, limits: Meta) -> st.SearchStrategy[Any]:
    if base is int:
        low = limits.ge if limits.ge is not None else (limits.gt + 1 if limits.gt is not None else -INT64)
        return st.integers(int(low), min(int(limits.le), INT64) if limits.le is not None else INT64)
    if base is float:
        return st.floats(limits.gt if limits.ge is None else limits.ge, limits.le, exclude_min=limits.gt is not None)
    if base is str:
        return st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
            min_size=limits.min_length or 0,
            max_size=min(limits.max_length or 40, 40),
        )
    origin = get_origin(base)
    if origin is not None:
        return _several(origin, [legal(part) for part in get_args(base) if part is not Ellipsis], limits)
    return legal(base)
