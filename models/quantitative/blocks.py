"""Evaluates formulas with NumPy, block by block.

Theory of operation
-------------------
Whole-array NumPy is bound by memory: each of some hundred operations would stream the arrays through it. So a formula
is compiled once into a list of instructions over numbered slots, and run on blocks small enough that the slots in use
stay in the processor's caches. A slot is handed on as soon as its value has had its last use, so most operations work
in place, and none allocates anything. `where` selects by bit masks: NumPy's own branches for each row, and on a mixed
stream of calls and puts every other guess of the processor's would be wrong.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.quantitative.formulas import Condition, Formula, Node

BLOCK_ROWS = 16_384
"""Rows a block: 128 KiB a slot. Smaller ones pay more for the interpreter, larger ones leave the cache."""

Floats = NDArray[np.float64]
Bits = NDArray[np.int64]


class Rows:
    """The inputs of a formula, broadcast against each other and laid out flat for an engine."""

    columns: list[Floats]
    """In the formula's order, contiguous; each has `size` rows, or one row that holds for all."""
    size: int

    def __init__(self, formula: Formula, inputs: Sequence[ArrayLike]) -> None:
        if len(inputs) != len(formula.inputs):
            names = ", ".join(column.name for column in formula.inputs)
            raise ValueError(f"the formula takes {len(formula.inputs)} inputs ({names}), not {len(inputs)}")
        arrays = [np.asarray(values, dtype=np.float64) for values in inputs]
        self._outputs = len(formula.outputs)
        self._shape = np.broadcast_shapes(*(array.shape for array in arrays))
        self.size = int(np.prod(self._shape, dtype=np.int64))
        self.columns = [self._flat(array) for array in arrays]

    def _flat(self, array: Floats) -> Floats:
        if array.size == 1:
            return array.reshape(1)
        return np.ravel(array if array.shape == self._shape else np.broadcast_to(array, self._shape))

    def results(self, out: Sequence[Floats] | None) -> list[Floats]:
        """Flat arrays for the outputs: new ones, or those given."""
        if out is None:
            return [np.empty(self.size) for _ in range(self._outputs)]
        fits = [a.shape == self._shape and a.dtype == np.float64 and a.flags.c_contiguous for a in out]
        if len(fits) != self._outputs or not all(fits):
            raise ValueError(f"out must be {self._outputs} contiguous arrays of doubles of shape {self._shape}")
        return [array.reshape(-1) for array in out]

    def shaped(self, results: Sequence[Floats]) -> list[Floats]:
        """The results in the shape of the inputs."""
        return [result.reshape(self._shape) for result in results]


def _where(mask: NDArray[np.bool_], then: Bits, otherwise: Bits, selected: Bits, difference: Bits, out: Bits) -> None:
    """`then` where the mask is set, else `otherwise`; `out` may be either. `selected` and `difference` are scratch."""
    if mask.all():  # the usual case of the conditions that only keep bad rows from harm
        np.copyto(out, then)
        return
    np.negative(mask.view(np.int8), out=selected)  # −1 is all bits
    np.bitwise_xor(then, otherwise, out=difference)
    np.bitwise_and(difference, selected, out=difference)
    np.bitwise_xor(difference, otherwise, out=out)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.absolute,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "and": np.logical_and,
    "where": _where,
}


class Instruction(NamedTuple):
    """Apply the operation to the operand slots; the result goes to slot `out`."""

    op: str
    operands: tuple[int, ...]
    out: int


class Program:
    """A compiled formula: what each slot holds, and the instructions over them. The first slots are the inputs."""

    def __init__(self, formula: Formula) -> None:
        self.inputs = len(formula.inputs)
        self.constants: dict[int, float] = {}
        self.buffers: dict[int, type[np.generic]] = {}
        self.instructions: list[Instruction] = []
        self._columns = {column.name: slot for slot, column in enumerate(formula.inputs)}
        self._free: dict[type[np.generic], list[int]] = {np.float64: [], np.bool_: []}
        self._uses_left = Counter(formula.outputs)  # a use that never comes: the slot of an output is not handed on
        for _, value in formula.steps:
            self._uses_left.update(value.references())
        for name, value in formula.steps:
            self._columns[name] = self._emit(value)
        self.outputs = [self._columns[name] for name in formula.outputs]

    def _emit(self, node: Node) -> int:
        if node.op == "column":
            return self._columns[node.name]
        if node.op in {"literal", "missing"}:
            slot = self._new_slot()
            self.constants[slot] = node.value if node.op == "literal" else np.nan
            return slot
        operands = tuple(self._emit(operand) for operand in node.operands)
        for operand, slot in zip(node.operands, operands, strict=True):
            self._release(operand, slot)
        out = self._take(np.bool_ if isinstance(node, Condition) else np.float64)
        self.instructions.append(Instruction(node.op, operands, out))
        return out

    def _new_slot(self) -> int:
        return self.inputs + len(self.constants) + len(self.buffers)

    def _take(self, kind: type[np.generic]) -> int:
        if self._free[kind]:
            return self._free[kind].pop()
        slot = self._new_slot()
        self.buffers[slot] = kind
        return slot

    def _release(self, node: Node, slot: int) -> None:
        if node.op == "column":
            self._uses_left[node.name] -= 1
            if self._uses_left[node.name]:
                return
        if slot in self.buffers:  # neither an input nor a constant
            self._free[self.buffers[slot]].append(slot)


class _Bound:
    """A program bound to buffers for a number of rows, so that a block costs nothing but the calls themselves."""

    def __init__(self, program: Program, rows: int) -> None:
        slots: dict[int, NDArray[Any]] = {slot: np.empty(rows) for slot in range(program.inputs)}
        slots |= {slot: np.array(value) for slot, value in program.constants.items()}
        slots |= {slot: np.empty(rows, kind) for slot, kind in program.buffers.items()}
        self.rows = rows
        self.inputs = [slots[slot] for slot in range(program.inputs)]
        self.outputs = [slots[slot] for slot in program.outputs]
        self._scratch = np.empty(rows, np.int64), np.empty(rows, np.int64)
        self._calls = [self._bind(instruction, slots) for instruction in program.instructions]

    def run(self, inputs: Sequence[Floats]) -> list[Floats]:
        """The outputs for one block; they are overwritten by the next."""
        for buffer, values in zip(self.inputs, inputs, strict=True):
            np.copyto(buffer, values)
        for function, arguments in self._calls:
            function(*arguments)
        return self.outputs

    def _bind(self, instruction: Instruction, slots: dict[int, NDArray[Any]]) -> tuple[Callable[..., Any], list[Any]]:
        arguments = [slots[slot] for slot in (*instruction.operands, instruction.out)]
        if instruction.op == "where":
            mask, then, otherwise, out = arguments
            bits = (values.view(np.int64) for values in (then, otherwise))
            arguments = [mask, *bits, *self._scratch, out.view(np.int64)]
        return _FUNCTIONS[instruction.op], arguments


@lru_cache(maxsize=64)
def compile_formula(formula: Formula) -> Program:
    """The program of a formula; formulas are constants of their modules, so each is compiled once."""
    return Program(formula)


def evaluate(
    formula: Formula, *inputs: ArrayLike, out: Sequence[Floats] | None = None, block_rows: int = BLOCK_ROWS
) -> list[Floats]:
    """The outputs of a formula, in its order; see `models.quantitative.engines.evaluate`."""
    program = compile_formula(formula)
    rows = Rows(formula, inputs)
    results = rows.results(out)
    bound = _Bound(program, min(rows.size, block_rows))
    for start in range(0, rows.size, block_rows):
        block = slice(start, min(start + block_rows, rows.size))
        if block.stop - start != bound.rows:
            bound = _Bound(program, block.stop - start)
        columns = [column if column.size == 1 else column[block] for column in rows.columns]
        for result, values in zip(results, bound.run(columns), strict=True):
            result[block] = values
    return rows.shaped(results)
