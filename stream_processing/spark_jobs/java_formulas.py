"""Writes the formulas of `models.quantitative` as Java, for Spark to call for each row.

Theory of operation
-------------------
A step is a local variable, and its operations are IEEE's, as NumPy's are; `StrictMath` has the same exp and log on
every machine. Java optimises short methods sooner, leaves those above 8 kB interpreted and refuses those above 64 kB,
so the steps are dealt out to methods of at most `PART_NODES` operations, in their order. Inputs, and steps that a later
method needs, are kept in an array.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.ids import make_id
from models.quantitative.formulas import Condition, Formula, Node
from stream_processing.spark_jobs.java_calls import JavaFunction

PACKAGE: Final = "optionsai.formulas"
METHOD: Final = "evaluate"
PART_NODES: Final = 400
"""Operations of one method."""
_OPERATIONS: Final[dict[str, str]] = {
    "add": "({} + {})",
    "subtract": "({} - {})",
    "multiply": "({} * {})",
    "divide": "({} / {})",
    "exp": "StrictMath.exp({})",
    "log": "StrictMath.log({})",
    "sqrt": "Math.sqrt({})",
    "abs": "Math.abs({})",
    "less": "({} < {})",
    "less_equal": "({} <= {})",
    "greater": "({} > {})",
    "greater_equal": "({} >= {})",
    "and": "({} && {})",
    "where": "({} ? {} : {})",
    "missing": "Double.NaN",
}
_CLASS: Final = """\
package %(package)s;

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;

public final class %(name)s {
    public static UnsafeArrayData %(method)s(%(parameters)s) {
        double[] kept = new double[%(kept)d];
        double[] made = new double[%(made)d];
%(body)s
        return UnsafeArrayData.fromPrimitiveArray(made);
    }
%(parts)s}
"""
_PART: Final = """
    private static void %s(double[] kept, double[] made) {
%s
    }
"""

Steps = Sequence[tuple[str, Node]]


def java_function(formula: Formula) -> JavaFunction:
    """Takes the formula's inputs as doubles to an array of its outputs, NaN where there is no value; in a class named
    by what is in it.
    """
    parts = cut(formula.steps)
    place = {name: number for number, name in enumerate(_kept(formula, parts))}
    methods = {f"part{number}": list(_statements(part, place, formula)) for number, part in enumerate(parts)}
    body = [f"kept[{place[column.name]}] = {_local(column.name)};" for column in formula.inputs]
    body += [f"{method}(kept, made);" for method in methods]
    name = f"Formula{make_id(*body, *(line for lines in methods.values() for line in lines))}"
    text = _CLASS % {
        "package": PACKAGE,
        "name": name,
        "method": METHOD,
        "parameters": ", ".join(f"double {_local(column.name)}" for column in formula.inputs),
        "kept": len(place),
        "made": len(formula.outputs),
        "body": _indented(body),
        "parts": "".join(_PART % (method, _indented(lines)) for method, lines in methods.items()),
    }
    return JavaFunction(f"{PACKAGE}.{name}", METHOD, text)


def cut(steps: Steps, most_nodes: int = PART_NODES) -> list[Steps]:
    """The steps in parts of at most so many operations, or of one step."""
    parts: list[list[tuple[str, Node]]] = []
    room = 0
    for step in steps:
        size = _nodes(step[1])
        if not parts or size > room:
            parts.append([])
            room = most_nodes
        parts[-1].append(step)
        room -= size
    return list(parts)


def _nodes(node: Node) -> int:
    return 1 + sum(map(_nodes, node.operands))


def _kept(formula: Formula, parts: Sequence[Steps]) -> Iterator[str]:
    """The inputs, and the steps that other parts than their own read."""
    last_read = {name: number for number, part in enumerate(parts) for _, value in part for name in value.references()}
    yield from (column.name for column in formula.inputs)
    yield from (name for number, part in enumerate(parts) for name, _ in part if last_read.get(name, number) > number)


def _statements(part: Steps, place: Mapping[str, int], formula: Formula) -> Iterator[str]:
    conditions = {name for name, value in formula.steps if isinstance(value, Condition)}
    known = {name for name, _ in part}
    for name in sorted({name for _, value in part for name in value.references()} - known):
        kept = f"kept[{place[name]}]"
        yield f"boolean {_local(name)} = {kept} == 1.0;" if name in conditions else f"double {_local(name)} = {kept};"
    for name, value in part:
        yield f"{'boolean' if name in conditions else 'double'} {_local(name)} = {_text(value)};"
        if name in place:
            yield f"kept[{place[name]}] = {_local(name)}{' ? 1.0 : 0.0' if name in conditions else ''};"
        if name in formula.outputs:
            yield f"made[{formula.outputs.index(name)}] = {_local(name)};"


def _local(name: str) -> str:
    """A Java variable, whatever Java's own words are."""
    return f"_{name}"


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(" " * 8 + line for line in lines)


def _text(node: Node) -> str:
    if node.op == "column":
        return _local(node.name)
    if node.op == "literal":
        return repr(node.value)
    return _OPERATIONS[node.op].format(*map(_text, node.operands))
