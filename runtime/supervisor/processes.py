"""Processes: start one in a session of its own, stop it with all it started, find what an earlier run left.

Theory of operation. Each child leads a session, so Ctrl-C in the terminal reaches only the supervisor, and whatever the
child starts (Spark's JVM, its workers) can be found by the session's id even after the child has died. A process is
named by its id and creation time together, because the kernel uses ids again.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from contracts.errors import PartError
from runtime.supervisor.records import PartRecord

LAUNCHER = Path(__file__).with_name("launch.py")
CREATION_TOLERANCE_S = 2.0
"""Creation times are counted from boot, and the boot time moves a little when the clock is set."""
KILL_WAIT_S = 5.0
"""How long the kernel may take to remove what was killed."""
LEFTOVER_GRACE_S = 10.0
"""How long a leftover of an earlier run may take to stop in good order."""
POLL_INTERVAL_S = 0.05
MAX_LOG_BYTES = 32 << 20
"""A log larger than this becomes the `.1` of its name; one generation is kept."""


class User(NamedTuple):
    """An ordinary user to run a command as, by number."""

    uid: int
    gid: int
    reach: bool
    """Whether it needs help to reach its files (see `launch`)."""


class Command(NamedTuple):
    """What to run, in which environment, as whom (None: as ourselves)."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    user: User | None = None
    orphan_signal: signal.Signals = signal.SIGKILL
    """What it gets when the supervisor dies."""


def python_command(module: str) -> list[str]:
    """The argument list that runs one of our modules with this interpreter."""
    return [sys.executable, "-m", module]


def launched(command: Command) -> list[str]:
    """The argument list that runs a command under the launcher, as a child of this process."""
    options = ["--parent", str(os.getpid()), "--signal", str(int(command.orphan_signal))]
    if command.user is not None:
        options += ["--user", str(command.user.uid), "--group", str(command.user.gid)]
        options += ["--reach"] if command.user.reach else []
    return [sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", *command.argv]


async def spawn(command: Command, log: Path, folder: Path) -> asyncio.subprocess.Process:
    """Start a command in a session of its own, in `folder`, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *launched(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(command.environment),
            cwd=folder,
            start_new_session=True,
        )


def rotate(log: Path, limit_bytes: int = MAX_LOG_BYTES) -> bool:
    """Bound a log that a process is appending to, so that it cannot be renamed: copy it, then empty it in place.

    Lines written between the two steps are lost, which a bounded disk is worth.
    """
    if not log.exists() or log.stat().st_size <= limit_bytes:
        return False
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
    return True


def describe_exit(status: int) -> str:
    """How a process ended, in words.

    >>> describe_exit(1), describe_exit(-9)
    ('with exit status 1', 'by SIGKILL')
    """
    if status >= 0:
        return f"with exit status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"


def creation_time(pid: int) -> float | None:
    """When the process with this id was created, seconds since the epoch; None if there is none or it is a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int | None, created_at: float | None) -> bool:
    """Whether exactly this process still runs."""
    if pid is None or created_at is None:
        return False
    found = creation_time(pid)
    return found is not None and abs(found - created_at) < CREATION_TOLERANCE_S


def session_members(session: int) -> list[psutil.Process]:
    """Every process of a session, its leader included if it lives."""
    members = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == session:
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE:
                    members.append(process)
        except (OSError, psutil.Error):
            continue
    return members


def end_session(session: int) -> None:
    """Kill whatever is left of a session and wait until it is gone; `PartError` if the kernel cannot remove it."""
    deadline = time.monotonic() + KILL_WAIT_S
    while members := session_members(session):
        if time.monotonic() > deadline:
            stuck = ", ".join(str(member.pid) for member in members)
            raise PartError(f"processes {stuck} do not die; look for a hanging disk or mount")
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        time.sleep(POLL_INTERVAL_S)


def leftovers(records: Mapping[str, PartRecord]) -> dict[str, PartRecord]:
    """Those recorded parts of an earlier run of which something still runs: the process itself or its offspring."""
    found: dict[str, PartRecord] = {}
    for name, record in records.items():
        if record.pid is None or record.created_at is None:
            continue
        # An id is not given away while it names a session, so without a leader these can only be the part's own.
        has_orphans = creation_time(record.pid) is None and session_members(record.pid)
        if has_orphans or is_alive(record.pid, record.created_at):
            found[name] = record
    return found


def end_leftovers(records: Mapping[str, PartRecord]) -> list[str]:
    """Stop what an earlier run left: all are asked first, what stays is killed. Returns the names of the parts."""
    found = leftovers(records)
    deadline = time.monotonic() + LEFTOVER_GRACE_S
    for record in found.values():
        if record.pid is not None and is_alive(record.pid, record.created_at):
            os.kill(record.pid, record.stop_signal)
    while time.monotonic() < deadline and any(is_alive(r.pid, r.created_at) for r in found.values()):
        time.sleep(POLL_INTERVAL_S)
    for record in found.values():
        if record.pid is not None:
            end_session(record.pid)
    return list(found)
