"""Write `config/*.example.yaml` from the settings' own definitions, so that the two cannot disagree.

Run as `python scripts/generate_config.py`; with `--check` it writes nothing and fails where a file is out of date.
"""

import ast
import inspect
import sys
import textwrap
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from runtime.settings import REPOSITORY, SECTIONS, Section

WIDTH: Final = 116


def documentation(kind: type[Section]) -> dict[str, str]:
    """Docstring of each field: the string literal that follows its definition."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - a class's source parses to a class
    found: dict[str, str] = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            found[statement.target.id] = inspect.cleandoc(str(following.value.value))
    return found


def comment(text: str, indent: str) -> str:
    """Text as YAML comment lines."""
    joined = " ".join(text.split())
    return textwrap.fill(joined, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ") + "\n"


def render(section: Section, indent: str = "") -> str:
    """Every key with its meaning and its default, so that an unchanged copy changes nothing."""
    notes = documentation(type(section))
    parts: list[str] = []
    for name in section.__struct_fields__:
        value: Any = getattr(section, name)
        if isinstance(value, Section):
            parts.append("\n" + comment(inspect.getdoc(type(value)) or "", indent))
            parts.append(f"{indent}{name}:\n{render(value, indent + '  ')}")
            continue
        if name in notes:
            parts.append(comment(notes[name], indent))
        plain = yaml.safe_dump({name: msgspec.to_builtins(value)}, default_flow_style=None, width=WIDTH).strip()
        plain = plain.removeprefix("{").removesuffix("}") if plain.startswith("{") else plain
        parts.append(f"{indent}{plain}\n")
    return "".join(parts)


def as_file(name: str, kind: type[Section]) -> str:
    """Content of one example file."""
    head = f"Copy to {name}_config.yaml, keep and change what you need; every key is optional. {inspect.getdoc(kind)}"
    return comment(head, "") + "\n" + render(kind())


def main() -> int:
    """Write or check all files; the number of files out of date."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for name, kind in SECTIONS.items():
        path: Path = REPOSITORY / "config" / f"{name}_config.example.yaml"
        wanted = as_file(name, kind)
        if check and (not path.exists() or path.read_text() != wanted):
            print(f"{path.relative_to(REPOSITORY)} is out of date: run python scripts/generate_config.py")
            stale += 1
        elif not check:
            path.write_text(wanted)
    return stale


if __name__ == "__main__":
    sys.exit(main())
