"""Evaluates the formulas of `models.quantitative` as native Spark columns.

Theory of operation
-------------------
Each step of a formula becomes a column under a hidden name, so that Spark cannot confuse it with the frame's own
columns, whose names it compares without regard to case. Steps that do not depend on each other are added together: one
`withColumns` is one projection to plan, and the projections of one formula stay a single stage of generated code, in
which a step is a local variable. Everything is native, so Real-time Mode admits it.

Two things are needed outside this module. The method Spark generates for a formula is larger than what the JVM's
compiler accepts by default, and an interpreted one is 20 to 40 times slower: start every driver and executor JVM with
`JVM_OPTION`. And columns named in a formula's inputs must exist in the frame; `years` and `is_call` usually have to be
derived first.
"""

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from models.quantitative.formulas import Formula, Node

JVM_OPTION = "-XX:-DontCompileHugeMethods"
"""For `spark.driver.extraJavaOptions` and `spark.executor.extraJavaOptions`, before the JVM starts."""
_HIDDEN = "__step_"


def _never_null(column: Column) -> Column:
    """NaN for null.

    Spark takes quotients, roots, exponentials and logarithms to be nullable, and everything made of them: without
    this, every later operation would test for null, and the generated method would be half as large again.
    """
    return f.coalesce(column, f.lit(float("nan")))


_OPERATIONS: dict[str, Callable[..., Column]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: _never_null(a / b),
    "exp": lambda a: _never_null(f.exp(a)),
    "log": lambda a: _never_null(f.ln(a)),
    "sqrt": lambda a: _never_null(f.sqrt(a)),
    "abs": f.abs,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "and": lambda a, b: a & b,
    "where": lambda condition, then, otherwise: f.when(condition, then).otherwise(otherwise),
}


def with_steps(frame: DataFrame, formula: Formula, keep: Sequence[str] | None = None) -> DataFrame:
    """The frame's columns `keep` (all if None), then the formula's outputs as doubles, null where there is no value.

    Inputs are taken from the frame's columns of the same names and cast to double, a boolean to 1 or 0. A null input
    is bad input to the formula, not an error.
    """
    kept = frame.columns if keep is None else list(keep)
    _check_names(frame, formula, kept)
    sources = {column.name: _never_null(f.col(column.name).cast("double")) for column in formula.inputs}
    for level in _levels(formula):
        frame = frame.withColumns({_HIDDEN + name: _column(value, sources) for name, value in level.items()})
        sources |= {name: f.col(_HIDDEN + name) for name in level}
    return frame.select(*kept, *(sources[name].alias(name) for name in formula.outputs))


def named(code: Column, names: Sequence[str]) -> Column:
    """The name at the index `code`, such as a reason's in `models.quantitative.reasons.REASONS`."""
    return f.element_at(f.array(*map(f.lit, names)), code.cast("int") + 1)


def _check_names(frame: DataFrame, formula: Formula, kept: Sequence[str]) -> None:
    present = {name.lower() for name in frame.columns}
    missing = [column.name for column in formula.inputs if column.name.lower() not in present]
    if missing:
        raise ValueError(f"the frame lacks {missing}, which the formula reads; derive or rename them first")
    taken = {name.lower() for name in kept}.intersection(name.lower() for name in formula.outputs)
    if taken:
        raise ValueError(
            f"the formula's outputs {sorted(taken)} would stand beside kept columns of that name; drop those"
        )


def _levels(formula: Formula) -> list[dict[str, Node]]:
    """The steps, grouped so that each group depends on earlier groups only."""
    depth = {column.name: 0 for column in formula.inputs}
    levels: list[dict[str, Node]] = []
    for name, value in formula.steps:
        depth[name] = 1 + max((depth[reference] for reference in value.references()), default=0)
        levels.extend({} for _ in range(depth[name] - len(levels)))
        levels[depth[name] - 1][name] = value
    return levels


def _column(node: Node, sources: Mapping[str, Column]) -> Column:
    if node.op == "column":
        return sources[node.name]
    if node.op == "literal":
        return f.lit(node.value)
    if node.op == "missing":
        return f.lit(None).cast("double")
    return _OPERATIONS[node.op](*(_column(operand, sources) for operand in node.operands))
