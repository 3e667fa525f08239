"""Formulas as data: a chain of named steps, written once and evaluated by any engine that knows a few operations.

Theory of operation
-------------------
A pricing formula has to run on NumPy arrays (research, tests, snapshots) and in Spark (the live stream), and the two
must agree. So it is neither: it is a list of named steps, each an expression over earlier steps and inputs. The
operations are those that all engines have natively: `+ - * /`, `exp log sqrt abs`, comparisons and `where`.
`models.quantitative.blocks` evaluates a formula with NumPy, `models.quantitative.compiled` as machine code, and the
Spark jobs write it as Java.

Rules that keep a formula valid on every engine:

* No branches. Both arms of a `where` may be evaluated for every row, so a divisor or the argument of a logarithm must
  be made safe *before* it is used, and unusable rows are masked at the end.
* Conditions are tests that a good row passes, bounded on both sides: NaN fails every comparison.
* What is used twice is a named step; an expression used twice would be computed twice.
* Names differ in more than case, because those of Spark's columns do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar, Union


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One operation and its operands. `name` is set for `column`, `value` for `literal`."""

    op: str
    operands: tuple["Node", ...] = ()
    name: str = ""
    value: float = 0.0

    def references(self) -> Iterator[str]:
        """Names of the columns below this node, once for each use."""
        if self.op == "column":
            yield self.name
        for operand in self.operands:
            yield from operand.references()


class Condition(Node):
    """A true-or-false value for each row."""

    __slots__ = ()

    def __and__(self, other: "Condition") -> "Condition":
        return Condition("and", (self, other))


class Number(Node):
    """A double for each row."""

    __slots__ = ()

    def __add__(self, other: "Operand") -> "Number":
        return Number("add", (self, number(other)))

    def __radd__(self, other: float) -> "Number":
        return Number("add", (number(other), self))

    def __sub__(self, other: "Operand") -> "Number":
        return Number("subtract", (self, number(other)))

    def __rsub__(self, other: float) -> "Number":
        return Number("subtract", (number(other), self))

    def __mul__(self, other: "Operand") -> "Number":
        return Number("multiply", (self, number(other)))

    def __rmul__(self, other: float) -> "Number":
        return Number("multiply", (number(other), self))

    def __truediv__(self, other: "Operand") -> "Number":
        return Number("divide", (self, number(other)))

    def __rtruediv__(self, other: float) -> "Number":
        return Number("divide", (number(other), self))

    def __abs__(self) -> "Number":
        return Number("abs", (self,))

    def __lt__(self, other: "Operand") -> Condition:
        return Condition("less", (self, number(other)))

    def __le__(self, other: "Operand") -> Condition:
        return Condition("less_equal", (self, number(other)))

    def __gt__(self, other: "Operand") -> Condition:
        return Condition("greater", (self, number(other)))

    def __ge__(self, other: "Operand") -> Condition:
        return Condition("greater_equal", (self, number(other)))


Operand = Union[Number, float]  # noqa: UP007 - `Number | float` would need the annotation machinery at run time
Column = TypeVar("Column", Number, Condition)

MISSING = Number("missing")
"""No value: NaN, which is null in a column of Spark. Only ever the second arm of a masking `where`."""


def number(operand: Operand) -> Number:
    """The operand as a node."""
    return operand if isinstance(operand, Number) else Number("literal", value=float(operand))


def exp(operand: Number) -> Number:
    """Exponential of the operand."""
    return Number("exp", (operand,))


def log(operand: Number) -> Number:
    """Natural logarithm; the operand must be positive in every row."""
    return Number("log", (operand,))


def sqrt(operand: Number) -> Number:
    """Square root; the operand must not be negative in any row."""
    return Number("sqrt", (operand,))


def where(condition: Condition, then: Operand, otherwise: Operand) -> Number:
    """`then` where the condition holds, else `otherwise` (also where the condition is unknown)."""
    return Number("where", (condition, number(then), number(otherwise)))


def within(value: Number, low: Operand, high: Operand) -> Condition:
    """Whether low ≤ value ≤ high; false for NaN on every engine."""
    return (value >= low) & (value <= high)


@dataclass(frozen=True, eq=False, slots=True)
class Formula:
    """A finished chain: `steps` in order of evaluation, over `inputs`; `outputs` are the names of the results."""

    inputs: tuple[Number, ...]
    steps: tuple[tuple[str, Node], ...]
    outputs: tuple[str, ...]


class Chain:
    """A formula in the making. Every method that adds something returns the column that refers to it."""

    def __init__(self) -> None:
        self._inputs: list[Number] = []
        self._steps: list[tuple[str, Node]] = []
        self._names: set[str] = set()

    def number(self, name: str) -> Number:
        """An input. A truth value comes in as 1 or 0."""
        column = Number("column", name=self._claim(name))
        self._inputs.append(column)
        return column

    def step(self, name: str, value: Column) -> Column:
        """Name a value that later steps use."""
        if value.op == "column":
            raise ValueError(f"step {name!r} only renames {value.name!r}; use that name")
        unknown = {reference.lower() for reference in value.references()} - self._names
        if unknown:
            raise ValueError(f"step {name!r} refers to {sorted(unknown)}, which no earlier step defines")
        self._steps.append((self._claim(name), value))
        return type(value)("column", name=name)

    def close(self, *outputs: str) -> Formula:
        """The finished formula with these steps as its results, without the steps that none of them needs."""
        unknown = set(outputs) - {name for name, _ in self._steps}
        if unknown:
            raise ValueError(f"outputs {sorted(unknown)} are no steps of the formula")
        needed = set(outputs)
        for name, value in reversed(self._steps):
            if name in needed:
                needed.update(value.references())
        return Formula(tuple(self._inputs), tuple(step for step in self._steps if step[0] in needed), outputs)

    def _claim(self, name: str) -> str:
        if name.lower() in self._names:
            raise ValueError(f"the name {name!r} is taken (case does not count); choose another")
        self._names.add(name.lower())
        return name
