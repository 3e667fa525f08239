"""What may keep the system from running on this machine, each finding with its remedy: `optionsai doctor`."""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from contracts.errors import OptionsAIError
from runtime.embedded import jars, java, kafka, postgres
from runtime.settings import Settings, load_settings
from runtime.supervisor.ports import is_free
from runtime.supervisor.processes import leftovers
from runtime.supervisor.records import is_held, read_run
from runtime.supervisor.system import wanted_ports

OLDEST_PYTHON = (3, 11)
FIRST_UNTESTED_PYTHON = (3, 13)
LEAST_DISK_GIB = 15.0
"""Retention of the embedded broker and database at the default rate, with room to spare."""
LEAST_MEMORY_GIB = 4.0
GIB = 1 << 30


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. A `warning` does not keep the system from running."""

    what: str
    verdict: Literal["ok", "warning", "problem"]
    detail: str
    remedy: str = ""


def examine(environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything; what depends on the settings is left out while they are not valid."""
    findings = [_python(), *_attempt("jars", lambda: _jars(environment)), *_attempt("database programs", _programs)]
    try:
        settings = load_settings(environment)
    except OptionsAIError as error:
        return [*findings, Finding("settings", "problem", str(error), "Correct the setting named here.")]
    findings.append(Finding("settings", "ok", f"valid, from {settings.config_dir}"))
    findings += _attempt("java", lambda: _java(environment, settings))
    findings += [_disk(settings), _memory(), *_ports(settings), *_state(settings)]
    return findings


def _attempt(what: str, check: Callable[[], Finding]) -> Iterator[Finding]:
    """A check whose failure is an error of ours: its text says what to do."""
    try:
        yield check()
    except OptionsAIError as error:
        detail, _, remedy = str(error).partition(". ")
        yield Finding(what, "problem", detail, remedy)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "problem", version, "Install Python 3.11 or 3.12 and run `make setup` with it.")
    if sys.version_info >= FIRST_UNTESTED_PYTHON:
        return Finding("python", "warning", f"{version} is newer than tested", "Use Python 3.11 or 3.12.")
    return Finding("python", "ok", version)


def _jars(environment: Mapping[str, str]) -> Finding:
    cache = jars.cache_dir(environment)
    count = sum(len(jars.paths(group, cache)) for group in jars.read_lock())
    return Finding("jars", "ok", f"{count} verified in {cache}")


def _programs() -> Finding:
    return Finding("database programs", "ok", str(postgres.binary("postgres")))


def _java(environment: Mapping[str, str], settings: Settings) -> Finding:
    chosen = java.choose(environment, settings.state_dir / "java")
    return Finding(
        "java", "ok", f"{chosen.major} ({'the wheel' if chosen.bundled else 'this machine'}'s), {chosen.home}"
    )


def _disk(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.state_dir, *settings.state_dir.parents) if folder.exists())
    free_gib = shutil.disk_usage(place).free / GIB
    detail = f"{free_gib:.1f} GiB free at {place}"
    if free_gib < LEAST_DISK_GIB:
        remedy = f"Free {LEAST_DISK_GIB:.0f} GiB, or put the state elsewhere with --state-dir."
        return Finding("disk", "problem", detail, remedy)
    return Finding("disk", "ok", detail)


def _memory() -> Finding:
    free_gib = psutil.virtual_memory().available / GIB
    detail = f"{free_gib:.1f} GiB available"
    if free_gib < LEAST_MEMORY_GIB:
        return Finding("memory", "warning", detail, "Close other programs, or lower spark.driver_memory.")
    return Finding("memory", "ok", detail)


def _ports(settings: Settings) -> Iterator[Finding]:
    if is_held(settings.state_dir):
        yield Finding("ports", "ok", "in use by the running system")
        return
    wanted = wanted_ports(settings)
    taken = {name: port for name, port in wanted.items() if not is_free(port, settings.serving.host)}
    for name, port in taken.items():
        yield Finding(f"port of {name}", "warning", f"{port} is taken", "Another is used, and told, at start.")
    if not taken:
        yield Finding("ports", "ok", f"all {len(wanted)} free")


def _state(settings: Settings) -> Iterator[Finding]:
    """What earlier runs left behind."""
    folder = settings.state_dir
    if is_held(folder):
        yield Finding("state", "ok", f"{folder}, in use by the running system")
        return
    run = read_run(folder)
    if run is not None and (left := leftovers(run.parts)):
        yield Finding(
            "leftovers", "warning", f"still running: {', '.join(left)}", "`optionsai down` or the next `up` ends them."
        )
    yield from _attempt("state", lambda: _stores(folder))


def _stores(folder: Path) -> Finding:
    kafka.check(folder / "kafka" / "data")
    if (folder / "postgres" / "data").exists():
        postgres.check(folder / "postgres" / "data")
    return Finding("state", "ok", f"{folder}" if folder.exists() else f"{folder}, made at the first start")
