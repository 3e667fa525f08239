"""Evaluates formulas with machine code made for the processor at hand: one vector instruction for each operation.

Theory of operation
-------------------
A formula is straight-line arithmetic without branches, so its machine code needs no optimiser: every operation becomes
one LLVM instruction on `LANES` rows (`models.quantitative.vector_code`), and all of them together the body of one loop,
in which a step lives in a register from where it is computed to its last use. LLVM, the compiler behind numba, turns
that into code for the processor's widest vectors in a fraction of a second, once for each formula and process. So
nothing is cached on disk, and nothing depends on whether a compiler finds a loop worth vectorising.

Within a step a product is fused with the sum it stands in. Between steps values are rounded to doubles, as they are by
every other engine: if the discounted underlying stands in two steps it is the same number in both.

The loop never reads past the end: its last turn goes back to the last `LANES` rows, and computes some of them twice. An
input that is the same for all rows is a vector that the loop does not advance over. The call releases the interpreter's
lock, so plain threads share the rows.
"""

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from math import nan
from typing import Final

import numpy as np
from llvmlite import binding
from numpy.typing import ArrayLike

from models.quantitative.blocks import Floats, Rows
from models.quantitative.formulas import Formula, Node
from models.quantitative.vector_code import LANES, Code, doubles, exp, log

PARTS_PER_THREAD: Final = 4
"""So that a thread which the machine holds up leaves its rows to the others."""

_OPERATIONS: Final[dict[str, Callable[..., str]]] = {
    "add": Code.add,
    "subtract": Code.subtract,
    "multiply": Code.multiply,
    "divide": Code.divide,
    "exp": exp,
    "log": log,
    "sqrt": lambda code, a: code.intrinsic("sqrt", a),
    "abs": lambda code, a: code.intrinsic("fabs", a),
    "less": lambda code, a, b: code.compare("olt", a, b),
    "less_equal": lambda code, a, b: code.compare("ole", a, b),
    "greater": lambda code, a, b: code.compare("ogt", a, b),
    "greater_equal": lambda code, a, b: code.compare("oge", a, b),
    "and": Code.both,
    "where": Code.select,
}

_KERNEL: Final = """\
{declarations}
define void @kernel(ptr %inputs, ptr %strides, ptr %outputs, i64 %rows) {{
start:
  %last = sub i64 %rows, {lanes}
  {bindings}
  br label %loop
loop:
  %row = phi i64 [0, %start], [%next, %loop]
  %past = icmp sgt i64 %row, %last
  %here = select i1 %past, i64 %last, i64 %row
  {body}
  %next = add i64 %row, {lanes}
  %more = icmp slt i64 %next, %rows
  br i1 %more, label %loop, label %done
done:
  ret void
}}
"""


def source(formula: Formula) -> str:
    """The kernel of a formula in LLVM's language.

    It takes pointers to the inputs, their strides (1, or 0 for one vector that serves all rows), pointers to the
    outputs and the number of rows, at least `LANES`.
    """
    code = Code()
    bindings = []
    columns = {}
    for place, column in enumerate(formula.inputs):
        bindings += [*_pointer("input", place), f"%stride{place}.at = getelementptr i64, ptr %strides, i64 {place}",
                     f"%stride{place} = load i64, ptr %stride{place}.at"]  # fmt: skip
        offset = code.value(f"mul i64 %here, %stride{place}")
        columns[column.name] = code.load(code.value(f"getelementptr double, ptr %input{place}, i64 {offset}"))
    results: dict[str, list[int]] = {}
    for place, name in enumerate(formula.outputs):
        bindings += _pointer("output", place)
        results.setdefault(name, []).append(place)
    for name, value in formula.steps:
        columns[name] = _emit(code, value, columns)
        for place in results.get(name, ()):  # at once, so that the value need not be kept
            code.store(columns[name], code.value(f"getelementptr double, ptr %output{place}, i64 %here"))
    return _KERNEL.format(
        declarations=code.declarations(),
        bindings="\n  ".join(bindings),
        body="\n  ".join(code.lines),
        lanes=LANES,
    )


def _pointer(kind: str, place: int) -> list[str]:
    at = f"%{kind}{place}.at"
    return [f"{at} = getelementptr ptr, ptr %{kind}s, i64 {place}", f"%{kind}{place} = load ptr, ptr {at}"]


def _emit(code: Code, node: Node, columns: dict[str, str]) -> str:
    """Add the instructions of a node; the name of its value."""
    if node.op == "column":
        return columns[node.name]
    if node.op in {"literal", "missing"}:
        return doubles(node.value if node.op == "literal" else nan)
    if node.op in {"add", "subtract"}:
        left, right = node.operands
        if left.op == "multiply":
            a, b = (_emit(code, operand, columns) for operand in left.operands)
            c = _emit(code, right, columns)
            return code.fused(a, b, c if node.op == "add" else code.negate(c))
        if right.op == "multiply":
            c = _emit(code, left, columns)
            a, b = (_emit(code, operand, columns) for operand in right.operands)
            return code.fused(a if node.op == "add" else code.negate(a), b, c)
    return _OPERATIONS[node.op](code, *(_emit(code, operand, columns) for operand in node.operands))


class Kernel:
    """Machine code of a formula, for the processor at hand unless LLVM's name of another is given."""

    def __init__(self, formula: Formula, processor: str | None = None) -> None:
        module = binding.parse_assembly(source(formula))
        module.verify()
        self._owner = binding.create_mcjit_compiler(module, _target(processor))  # the code lives as long as this
        self._owner.finalize_object()
        signature = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        self._call = signature(self._owner.get_function_address("kernel"))

    def run(self, columns: Sequence[Floats], results: Sequence[Floats]) -> None:
        """Fill the results from the columns; each column has the results' rows, at least `LANES`, or a single one."""
        repeated = [np.full(LANES, column[0]) if column.size == 1 else column for column in columns]
        inputs = np.array([column.ctypes.data for column in repeated], dtype=np.uintp)
        strides = np.array([column.size > 1 for column in columns], dtype=np.int64)
        outputs = np.array([result.ctypes.data for result in results], dtype=np.uintp)
        self._call(inputs.ctypes.data, strides.ctypes.data, outputs.ctypes.data, results[0].size)


def _target(processor: str | None) -> binding.TargetMachine:
    """A processor for LLVM to write code for, which the compiler that is made from it will own."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = ""
    if processor is None:
        processor, present = binding.get_host_cpu_name(), binding.get_host_cpu_features()
        features = present.flatten()
        if present.get("avx512f"):  # LLVM would take half vectors on some processors, for the clock of mixed code
            features += ",-prefer-256-bit"
    return binding.Target.from_default_triple().create_target_machine(cpu=processor, features=features, opt=2)


@lru_cache(maxsize=64)
def compile_formula(formula: Formula) -> Kernel:
    """The machine code of a formula; formulas are constants of their modules, so each is compiled once."""
    return Kernel(formula)


def evaluate(
    formula: Formula, *inputs: ArrayLike, threads: int = 1, out: Sequence[Floats] | None = None
) -> list[Floats]:
    """The outputs of a formula, in its order; see `models.quantitative.engines.evaluate`."""
    rows = Rows(formula, inputs)
    kernel = compile_formula(formula)
    results = rows.results(out)
    if rows.size < LANES:
        padded = [np.empty(LANES) for _ in formula.outputs]
        if rows.size:
            kernel.run([np.resize(column, LANES) for column in rows.columns], padded)
        for result, values in zip(results, padded, strict=True):
            result[:] = values[: rows.size]
        return rows.shaped(results)
    parts = min(threads * PARTS_PER_THREAD, rows.size // LANES) if threads > 1 else 1
    edges = np.linspace(0, rows.size, parts + 1).astype(int)
    slices = [slice(start, stop) for start, stop in pairwise(edges)]

    def run(part: slice) -> None:
        columns = [column if column.size == 1 else column[part] for column in rows.columns]
        kernel.run(columns, [result[part] for result in results])

    if threads == 1:
        run(slices[0])
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, slices))
    return rows.shaped(results)
