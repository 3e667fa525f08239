"""Mutation testing of the pricing core: `make mutate`.

One operator, comparison or number of a module is changed at a time, and the module's own tests run on the change. A
change that they do not notice is a survivor: either a test is missing, or the code does not matter. Prints one JSON
line a module and names every survivor; fails below the target.

Left alone are annotations and two keywords that hold no behaviour a test could ask for: `strict` of zip, which only
asserts that our own lists are of one length, and `slots` of a dataclass, which is its layout in memory.

Each mutant runs in a fork of this process, which has loaded the slow libraries but none of our modules.
"""

import argparse
import ast
import contextlib
import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import hypothesis
import mpmath
import numba
import pytest
import QuantLib
from rich.console import Console
from rich.progress import track
from scipy import stats

PRELOADED: Final = (hypothesis, mpmath, numba, QuantLib, stats)
TARGET: Final = 0.9
TIMEOUT_S: Final = 120
SURVIVED: Final = 0
ROOT: Final = Path(__file__).resolve().parent.parent
QUANTITATIVE: Final = "tests/unit/models/quantitative/test_"
EXPOSURE: Final = "tests/unit/models/quantitative/exposure/test_"
PAYOFFS: Final = "tests/unit/models/quantitative/payoffs/test_"
SURFACE: Final = "tests/unit/models/quantitative/surface/test_"
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "contracts.sessions": ("tests/unit/contracts/test_sessions.py",),
    "models.quantitative.black76": (f"{QUANTITATIVE}black76.py",),
    "models.quantitative.checks": (f"{QUANTITATIVE}checks.py",),
    "models.quantitative.digital": (f"{QUANTITATIVE}digital.py",),
    "models.quantitative.european": (f"{QUANTITATIVE}european.py", f"{QUANTITATIVE}identities.py"),
    "models.quantitative.exposure.dealers": (f"{EXPOSURE}dealers.py",),
    "models.quantitative.exposure.flip": (f"{EXPOSURE}flip.py",),
    "models.quantitative.exposure.sentiment": (f"{EXPOSURE}sentiment.py",),
    "models.quantitative.implied_vol": (f"{QUANTITATIVE}implied_vol.py", f"{QUANTITATIVE}accuracy.py"),
    "models.quantitative.mills": (f"{QUANTITATIVE}mills.py", f"{QUANTITATIVE}european.py"),
    "models.quantitative.payoffs.legs": (f"{PAYOFFS}legs.py",),
    "models.quantitative.payoffs.margin": (f"{PAYOFFS}margin.py",),
    "models.quantitative.payoffs.margin_rules": (f"{PAYOFFS}margin.py",),
    "models.quantitative.payoffs.odds": (f"{PAYOFFS}odds.py",),
    "models.quantitative.payoffs.profile": (f"{PAYOFFS}profile.py",),
    "models.quantitative.payoffs.strategies": (f"{PAYOFFS}strategies.py",),
    "models.quantitative.payoffs.valuation": (f"{PAYOFFS}valuation.py",),
    "models.quantitative.quotes": (f"{QUANTITATIVE}quotes.py", f"{QUANTITATIVE}implied_vol.py"),
    "models.quantitative.second_order": (f"{QUANTITATIVE}second_order.py",),
    "models.quantitative.surface.bands": (f"{SURFACE}bands.py",),
    "models.quantitative.surface.forward": (f"{SURFACE}forward.py",),
    "models.quantitative.surface.ssvi": (f"{SURFACE}ssvi.py",),
    "models.quantitative.surface.svi": (f"{SURFACE}svi.py",),
    "models.quantitative.terms": (f"{QUANTITATIVE}terms.py", f"{QUANTITATIVE}european.py", f"{QUANTITATIVE}quotes.py"),
    "models.quantitative.times": (f"{QUANTITATIVE}times.py",),
}
"""Module → the tests that must notice."""
LEFT_ALONE: Final = {"strict", "slots"}
"""Keywords whose values are not changed."""
OPERATORS: Final[dict[type[ast.AST], Callable[[], Any]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.USub: ast.UAdd,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Not: ast.UAdd,
}  # fmt: skip


class Mutation(NamedTuple):
    """The change to node number `node` of a module's tree."""

    node: int
    line: int
    change: str


def mutations(tree: ast.Module) -> Iterator[Mutation]:
    """Every change there is to make. Annotations, with the unions of types in them, and `LEFT_ALONE` are not."""
    skipped = {id(part) for node in ast.walk(tree) for part in _annotation(node)}
    skipped |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in LEFT_ALONE}
    line = 0
    for number, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", line)
        if id(node) in skipped:
            continue
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp):
            yield Mutation(number, node.lineno, f"{type(node.op).__name__} in `{ast.unparse(node)[:60]}`")
        elif isinstance(node, ast.Compare):
            yield Mutation(number, node.lineno, f"{type(node.ops[0]).__name__} in `{ast.unparse(node)[:60]}`")
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            yield Mutation(number, node.lineno, f"{node.value!r}")


def mutate(tree: ast.Module, mutation: Mutation) -> ast.Module:
    """Make the change in place."""
    node = list(ast.walk(tree))[mutation.node]
    if isinstance(node, ast.Constant):
        node.value = _other(node.value)
    elif isinstance(node, ast.Compare):
        node.ops[0] = OPERATORS[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp):
        node.op = OPERATORS[type(node.op)]()
    return ast.fix_missing_locations(tree)


def survives(module: str, mutation: Mutation) -> bool:
    """Whether the module's tests pass on the change."""
    child = os.fork()
    if child == 0:
        signal.alarm(TIMEOUT_S)
        status = 1
        with contextlib.suppress(BaseException):
            _install(module, mutation)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            status = int(pytest.main(["-x", "-q", "--hypothesis-seed=1", "-p", "no:cacheprovider", *MODULES[module]]))
        os._exit(status)
    return os.waitpid(child, 0)[1] == SURVIVED


def main() -> int:
    """Run the mutants of all modules, or a sample of them."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--only", choices=sorted(MODULES), action="append", help="one module; may be repeated")
    parser.add_argument("--sample", type=int, help="at most so many mutants a module, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    killed = made = 0
    for module in arguments.only or MODULES:
        found = list(mutations(_tree(module)))
        if arguments.sample and len(found) > arguments.sample:
            found = sorted(Random(arguments.seed).sample(found, arguments.sample))  # noqa: S311 - which, not whether
        progress = track(found, module, console=Console(stderr=True), disable=not sys.stderr.isatty())
        survivors = [mutation for mutation in progress if survives(module, mutation)]
        for mutation in survivors:
            print(f"survived: {module}:{mutation.line}: {mutation.change}")
        made, killed = made + len(found), killed + len(found) - len(survivors)
        print(json.dumps({"module": module, "mutants": len(found), "survived": len(survivors)}), flush=True)
    share = killed / made
    print(json.dumps({"name": "mutation.killed", "value": round(share, 4), "mutants": made, "target": TARGET}))
    return 0 if share >= TARGET else 1


def _tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text())


def _install(module: str, mutation: Mutation) -> None:
    """Import the changed module under its name."""
    parent, _, name = module.rpartition(".")
    package = importlib.import_module(parent)
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise AssertionError(f"{module} has no source")
    changed = importlib.util.module_from_spec(spec)
    sys.modules[module] = changed
    setattr(package, name, changed)
    exec(compile(mutate(_tree(module), mutation), spec.origin, "exec"), changed.__dict__)  # noqa: S102 - our own source


def _annotation(node: ast.AST) -> Iterator[ast.AST]:
    for field in ("annotation", "returns"):
        if isinstance(found := getattr(node, field, None), ast.AST):
            yield from ast.walk(found)


def _other(value: object) -> bool | float:
    """A change that a test can be asked to notice: the opposite, the next number, a hundredth more."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 1.01 if value else 1.0
    raise AssertionError(f"{value!r} is not mutated")


if __name__ == "__main__":
    sys.exit(main())
