"""Rules of this code base that no off-the-shelf linter holds."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 600
LONGEST_P95 = 400
LONGEST_FUNCTION = 60
GENERATED = ("_pb2.py", "_pb2_grpc.py", "_pb2.pyi")
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split() if not name.endswith(GENERATED) and (ROOT / name).exists()]


SOURCES = tracked("*.py")
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    statements = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def test_files_are_short() -> None:
    lengths = sorted((len(path.read_text().splitlines()), str(path.relative_to(ROOT))) for path in PRODUCT)
    assert lengths[-1][0] <= LONGEST_FILE, lengths[-3:]
    assert lengths[int(0.95 * len(lengths))][0] <= LONGEST_P95, lengths[-5:]


def test_functions_are_short_and_hide_no_imports() -> None:
    long, hiding = [], []
    for path in SOURCES:
        for function in functions(path):
            where = f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
            if body_lines(function) > LONGEST_FUNCTION:
                long.append(where)
            if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function)):
                hiding.append(where)
    assert long == []
    assert hiding == []


def test_no_marks_of_unfinished_work_and_no_sleeping_tests() -> None:
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in SOURCES}
    assert [name for name, text in texts.items() if MARKS.search(text)] == []
    assert [name for name, text in texts.items() if name.startswith("tests/") and "time" + ".sleep(" in text] == []
