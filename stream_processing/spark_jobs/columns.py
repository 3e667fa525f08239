"""Evaluates the formulas of `models.quantitative` as native Spark columns.

Theory of operation
-------------------
Each step of a formula becomes a column under a hidden name, so that Spark cannot confuse it with the frame's own
columns, whose names it compares without regard to case. Steps that do not depend on each other are added together: one
level is one projection to plan, and the projections of one formula stay a single stage of generated code, in which a
step is a local variable. Everything is native, so Real-time Mode admits it. Steps are written as SQL text: as column
objects each operation would be several calls to Java, and a long formula would take half a minute to plan.

Left alone, Spark generates one method for the whole chain, but Java refuses methods above 64 kB. So a formula is cut
into parts of at most `PART_NODES` operations, where that carries the fewest live columns, and `explode` of an array of
one of them stands between: its operator reads every column below it, which is Spark's condition for generating what
follows as a method of its own. The columns are that method's parameters; no row is written.

Two things are needed outside this module. What Spark generates around a formula may be larger than Java's compiler
takes by default, and an interpreted method is 20 to 40 times slower: start every driver and executor JVM with
`JVM_OPTION`, and the driver with `STACK_OPTION`. And columns named in a formula's inputs must exist in the frame;
`years` and `is_call` usually have to be derived first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from models.quantitative.formulas import Formula, Node

JVM_OPTION = "-XX:-DontCompileHugeMethods"
"""For `spark.driver.extraJavaOptions` and `spark.executor.extraJavaOptions`, before the JVM starts."""
STACK_OPTION: Final = "-Xss16m"
"""Likewise for the driver: Spark's planner recurses through a plan as deep as a formula's longest chain of steps. Some
300 of them overflow the usual stack of 1 MB while the JVM is new and still interprets the planner."""
PART_NODES: Final = 350
"""Operations of one generated method. The more projections stand in a row, the longer Spark plans, at every checkpoint:
at 1,500 operations 0.9 s, at 350 0.34 s, for a microsecond more a row."""
MOST_REPEATED: Final = 20
"""Operations that a step used several times may add where it is written out instead."""
_DEAR: Final = frozenset({"exp", "log", "sqrt", "divide"})
"""Not worth repeating."""
_HIDDEN = "__step_"
_NAN: Final = "double('NaN')"


def _never_null(text: str) -> str:
    """NaN for null.

    Spark takes quotients, roots, exponentials and logarithms to be nullable, and everything made of them: without
    this, every later operation would test for null, and the generated method would be half as large again.
    """
    return f"coalesce({text}, {_NAN})"


_OPERATIONS: Final[dict[str, str]] = {
    "add": "({} + {})",
    "subtract": "({} - {})",
    "multiply": "({} * {})",
    "divide": _never_null("{} / {}"),
    "exp": _never_null("exp({})"),
    "log": _never_null("ln({})"),
    "sqrt": _never_null("sqrt({})"),
    "abs": "abs({})",
    "less": "({} < {})",
    "less_equal": "({} <= {})",
    "greater": "({} > {})",
    "greater_equal": "({} >= {})",
    "and": "({} AND {})",
    "where": "CASE WHEN {} THEN {} ELSE {} END",
}

Steps = Sequence[tuple[str, Node]]


def with_steps(frame: DataFrame, formula: Formula, keep: Sequence[str] | None = None) -> DataFrame:
    """The frame's columns `keep` (all if None), then the formula's outputs as doubles, null where there is no value.

    Inputs are taken from the frame's columns of the same names and cast to double, a boolean to 1 or 0. A null input
    is bad input to the formula, not an error.
    """
    kept = frame.columns if keep is None else list(keep)
    _check_names(frame, formula, kept)
    carried = [f"`{name}`" for name in kept]
    inputs = (f"{_never_null(f'cast(`{each.name}` AS double)')} AS {_hidden(each.name)}" for each in formula.inputs)
    frame = frame.selectExpr(*carried, *inputs)
    present = {each.name for each in formula.inputs}
    parts = cut(joined(formula))
    for number, part in enumerate(parts):
        later = {name for rest in parts[number + 1 :] for _, value in rest for name in value.references()}
        frame, present = _computed(frame, carried, part, present, later.union(formula.outputs))
        if later:
            between, *others = map(_hidden, sorted(present))
            frame = frame.selectExpr(*carried, *others, f"explode(array({between})) AS {between}")
    return frame.selectExpr(*carried, *(f"{_hidden(name)} AS `{name}`" for name in formula.outputs))


def named(code: Column, names: Sequence[str]) -> Column:
    """The name at the index `code`, such as a reason's in `models.quantitative.reasons.REASONS`."""
    return f.element_at(f.array(*map(f.lit, names)), code.cast("int") + 1)


def joined(formula: Formula) -> Formula:
    """The formula with every step that is used once, or cheap to repeat, written where it is used.

    That makes fewer projections, and each costs planning time at every checkpoint.
    """
    uses = Counter(formula.outputs)
    for _, value in formula.steps:
        uses.update(value.references())
    inner: dict[str, Node] = {}
    steps: list[tuple[str, Node]] = []
    for name, value in formula.steps:
        whole = _replaced(value, inner)
        repeated = _nodes(whole) * (uses[name] - 1)
        is_cheap = not repeated or (repeated <= MOST_REPEATED and not _has_dear(whole))
        if is_cheap and name not in formula.outputs:
            inner[name] = whole
        else:
            steps.append((name, whole))
    return Formula(formula.inputs, tuple(steps), formula.outputs)


def _has_dear(node: Node) -> bool:
    return node.op in _DEAR or any(map(_has_dear, node.operands))


def _replaced(node: Node, inner: Mapping[str, Node]) -> Node:
    """The node with these columns replaced by what they stand for."""
    if node.op == "column":
        return inner.get(node.name, node)
    operands = tuple(_replaced(operand, inner) for operand in node.operands)
    return type(node)(node.op, operands, value=node.value)


def cut(formula: Formula, most_nodes: int = PART_NODES) -> list[Steps]:
    """The steps in parts of at most so many operations each (or of one step), the fewest columns carried between them.

    A path from the first step to the last is sought, of which each part is an edge, and what it leaves to later parts
    its length.
    """
    steps = formula.steps
    nodes = list(accumulate((_nodes(value) for _, value in steps), initial=0))
    carried = _carried(formula)
    best: list[tuple[int, int]] = [(0, 0)]
    for end in range(1, len(steps) + 1):
        starts = (start for start in range(end) if start == end - 1 or nodes[end] - nodes[start] <= most_nodes)
        best.append(min((best[start][0] + carried[end], start) for start in starts))
    ends = [len(steps)]
    while ends[-1]:
        ends.append(best[ends[-1]][1])
    return [steps[start:end] for end, start in zip(ends[-2::-1], ends[:0:-1], strict=True)]


def _carried(formula: Formula) -> list[int]:
    """For each step, and after the last, how many columns of those before it are still needed."""
    needed = set(formula.outputs)
    counts = [len(needed)]
    for name, value in reversed(formula.steps):
        needed = (needed - {name}).union(value.references())
        counts.append(len(needed))
    return counts[::-1]


def _nodes(node: Node) -> int:
    return 1 + sum(map(_nodes, node.operands))


def _computed(
    frame: DataFrame, carried: Sequence[str], part: Steps, present: set[str], later: set[str]
) -> tuple[DataFrame, set[str]]:
    """The frame with a part's steps, and the names of the steps that are in it: those that are needed `later`."""
    levels = _levels(part)
    needed = [later]
    for level in levels[:0:-1]:
        needed.append(needed[-1].union(*(value.references() for value in level.values())))
    for level, wanted in zip(levels, reversed(needed), strict=True):
        passed = sorted(present & wanted)
        added = (f"{_text(value)} AS {_hidden(name)}" for name, value in level.items())
        frame = frame.selectExpr(*carried, *map(_hidden, passed), *added)
        present = {*passed, *level}
    return frame, present & later


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


def _levels(steps: Steps) -> list[dict[str, Node]]:
    """The steps, grouped so that each group depends on earlier groups only."""
    depth: dict[str, int] = {}
    levels: list[dict[str, Node]] = []
    for name, value in steps:
        depth[name] = 1 + max((depth.get(reference, 0) for reference in value.references()), default=0)
        levels.extend({} for _ in range(depth[name] - len(levels)))
        levels[depth[name] - 1][name] = value
    return levels


def _hidden(name: str) -> str:
    return f"`{_HIDDEN}{name}`"


def _text(node: Node) -> str:
    """The expression in SQL."""
    if node.op == "column":
        return _hidden(node.name)
    if node.op == "literal":
        return f"{node.value!r}D"
    if node.op == "missing":
        return "cast(NULL AS double)"
    return _OPERATIONS[node.op].format(*map(_text, node.operands))
