"""Spark's view of the contract: types, legality and wire form of an event, all derived from its struct.

Theory of operation
-------------------
`contracts.events` is the only place that says what an event looks like. From the same description that msgspec checks
on the wire this module makes Spark's type (to parse with), a condition (rows that break the contract are passed over;
the storage writer is the judge that reports them) and the JSON of an output (tag first, fields in the struct's order).

Known gap: Spark's JSON reader ignores fields it does not know, reads a number where text is expected, and a null may
stand for a default. Such a record passes here although the contract forbids it; its results then stand beside an input
that was rejected.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from msgspec import NODEFAULT, inspect
from pyspark.sql import Column
from pyspark.sql import functions as f
from pyspark.sql import types as t

from contracts.errors import ConfigError
from contracts.events import Event
from contracts.ids import ID_LENGTH, SEPARATOR

_SUFFIX: Final[dict[type, str]] = {int: "L", float: "D"}
"""Of a number in SQL, which would take 1.0 for a decimal otherwise."""
LARGEST: Final = 1.7976931348623157e308
"""The largest finite double. NaN and infinity compare above it in Spark."""
UNREADABLE: Final = "unreadable"
"""Column of a parsed record that holds its text if any part of it could not be read as what it should be."""
PARSER: Final = {"mode": "PERMISSIVE", "allowNonNumericNumbers": "false", "columnNameOfCorruptRecord": UNREADABLE}
WRITER: Final = {"ignoreNullFields": "false"}

_SCALARS: Final[dict[type[inspect.Type], t.DataType]] = {
    inspect.IntType: t.LongType(),
    inspect.FloatType: t.DoubleType(),
    inspect.StrType: t.StringType(),
    inspect.BoolType: t.BooleanType(),
}
_LITERALS: Final[dict[type, t.DataType]] = {int: t.LongType(), str: t.StringType()}
_BOUNDS: Final = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def struct_type(event: type[Event]) -> t.StructType:
    """Spark's type of an event on the wire, its tag included."""
    info = _describe(event)
    return t.StructType([t.StructField(str(info.tag_field), t.StringType()), *_fields(info)])


def parse(event: type[Event], value: Column) -> Column:
    """A record's value as a struct; fields that cannot be read are null, and `UNREADABLE` is then not."""
    return f.from_json(value.cast("string"), struct_type(event).add(UNREADABLE, t.StringType()), PARSER)


def is_legal(event: type[Event], fields: Collection[str] | None = None) -> Column:
    """Whether the columns named like the event's fields, or like some of them, keep its contract; null counts as no.

    Made as one SQL text: as column objects, each comparison would be a dozen calls to Java, and starting a query would
    take seconds longer.
    """
    chosen = [field for field in _describe(event).fields if fields is None or field.name in fields]
    return f.expr(_all(_legal(field.type, f"`{field.name}`") for field in chosen))


def with_defaults(event: type[Event]) -> dict[str, Column]:
    """Field → its column, or the contract's default where the record leaves the field out."""
    return {
        field.name: f.coalesce(f.col(field.name), f.lit(field.default))
        for field in _describe(event).fields
        if field.default not in (NODEFAULT, None)
    }


def wire(event: type[Event], values: Mapping[str, Column]) -> Column:
    """JSON of an event made from `values`; fields left out take the contract's default, non-finite numbers are null."""
    info = _describe(event)
    unknown = set(values) - {field.name for field in info.fields}
    if unknown:
        raise ValueError(f"{event.__name__} has no fields {sorted(unknown)}")
    members = [f.lit(str(info.tag)).alias(str(info.tag_field))]
    for field in info.fields:
        column = values[field.name] if field.name in values else _default(event, field)
        members.append(_writable(field.type, column).cast(_data_type(field.type)).alias(field.name))
    return f.to_json(f.struct(*members), WRITER)


def make_id(*parts: Column | str | int) -> Column:
    """`contracts.ids.make_id`, computed by Spark."""
    columns = [part if isinstance(part, Column) else f.lit(part) for part in parts]
    joined = f.concat_ws(SEPARATOR, *(column.cast("string") for column in columns))
    return f.substring(f.sha2(joined, 256), 1, ID_LENGTH)


def _describe(event: type[Event]) -> inspect.StructType:
    info = inspect.type_info(event)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{event!r} is no struct")
    return info


def _fields(info: inspect.StructType) -> Iterator[t.StructField]:
    return (t.StructField(field.encode_name, _data_type(field.type)) for field in info.fields)


def _data_type(info: inspect.Type) -> t.DataType:
    match info:
        case inspect.LiteralType(values=values):
            return _LITERALS[type(values[0])]
        case inspect.VarTupleType(item_type=item):
            return t.ArrayType(_data_type(item))
        case inspect.DictType(key_type=key, value_type=value):
            return t.MapType(_data_type(key), _data_type(value))
        case inspect.UnionType():
            return _data_type(_present(info))
        case inspect.StructType():
            return t.StructType(list(_fields(info)))
    try:
        return _SCALARS[type(info)]
    except KeyError:
        problem = f"{type(info).__name__} has no counterpart in Spark"
        raise ConfigError("contracts/events.py", "field type", problem, "Add it to spark_jobs/schema.py") from None


def _legal(info: inspect.Type, name: str) -> str:  # noqa: PLR0911 - a table of kinds, one line each
    """SQL of the condition that what `name` refers to keeps the contract."""
    match info:
        case inspect.UnionType():
            return f"({name} IS NULL OR ({_legal(_present(info), name)}))"
        case inspect.LiteralType(values=values):
            return f"{name} IN ({', '.join(map(repr, values))})"
        case inspect.VarTupleType(item_type=item):
            return _all([*_length(info, f"size({name})"), f"forall({name}, each -> {_legal(item, 'each')})"])
        case inspect.DictType(key_type=key, value_type=value):
            sides = (("map_keys", key), ("map_values", value))
            return _all(f"forall({side}({name}), each -> {_legal(kind, 'each')})" for side, kind in sides)
        case inspect.StructType(fields=fields):
            return _all(_legal(field.type, f"{name}.`{field.name}`") for field in fields)
        case inspect.StrType(pattern=pattern):
            matches = [] if pattern is None else [f"{name} RLIKE r'{pattern}'"]
            return _all([f"{name} IS NOT NULL", *_length(info, f"length({name})"), *matches])
    bounds = [
        f"{name} {sign} {bound!r}{_SUFFIX[type(bound)]}"
        for bound_name, sign in _BOUNDS.items()
        if (bound := getattr(info, bound_name, None)) is not None
    ]
    finite = [f"abs({name}) <= {LARGEST!r}D"] if isinstance(info, inspect.FloatType) else []
    return _all([f"{name} IS NOT NULL", *bounds, *finite])


def _length(info: inspect.StrType | inspect.VarTupleType, length: str) -> list[str]:
    lowest = [f"{length} >= {info.min_length}"] if info.min_length else []
    return lowest + ([f"{length} <= {info.max_length}"] if info.max_length is not None else [])


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions)


def _present(info: inspect.UnionType) -> inspect.Type:
    (present,) = (each for each in info.types if not isinstance(each, inspect.NoneType))
    return present


def _writable(info: inspect.Type, column: Column) -> Column:
    is_optional_number = isinstance(info, inspect.UnionType) and isinstance(_present(info), inspect.FloatType)
    return f.when(f.abs(column) <= LARGEST, column) if is_optional_number else column


def _default(event: type[Event], field: inspect.Field) -> Column:
    if field.default is NODEFAULT:
        raise ValueError(f"{event.__name__} needs {field.name}")
    return f.lit(field.default)
