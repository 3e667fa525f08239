"""What the supervisor writes down: who runs, since when, and where the parts can be reached.

Two files in the state folder, each replaced as a whole so that a reader never sees half of one:
`supervisor.json` tells `status` and the next start what runs; `endpoints.json` tells the parts where the others are.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Struct, field

from contracts.errors import StateError

SUPERVISOR_FILE = "supervisor.json"
LOCK_FILE = "supervisor.lock"
LOCK_ATTEMPTS = 5
LOCK_INTERVAL_S = 0.05
"""Who only looks whether the folder is held holds it himself for an instant: try past that."""

PartState = Literal["waiting", "preparing", "starting", "ready", "unready", "backing off", "stopping", "stopped"]
Phase = Literal["starting", "running", "stopping", "stopped"]


class PartRecord(Struct, kw_only=True):
    """One part as it stands."""

    state: PartState = "waiting"
    since: float = 0.0
    """When it entered this state, seconds since the epoch."""
    pid: int | None = None
    created_at: float | None = None
    """When its process was created, seconds since the epoch: with the pid it names one process for good."""
    stop_signal: int
    restarts: int = 0
    ready_after_s: float | None = None
    """From its start to its first readiness, of the current process."""
    message: str = ""
    """Why it is in this state, for the operator."""


class RunRecord(Struct, kw_only=True):
    """One run of the supervisor."""

    pid: int
    created_at: float
    started_at: float
    phase: Phase = "starting"
    parts: dict[str, PartRecord] = field(default_factory=dict)


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file's content in one step; a secret's `mode` holds from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123 - needs a mode
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def write_run(state_dir: Path, run: RunRecord) -> None:
    """Record a run."""
    write_atomically(state_dir / SUPERVISOR_FILE, msgspec.json.format(msgspec.json.encode(run), indent=2))


def read_run(state_dir: Path) -> RunRecord | None:
    """The latest run recorded in this folder; None when there is none or it is unreadable (then nothing is known)."""
    try:
        return msgspec.json.decode((state_dir / SUPERVISOR_FILE).read_bytes(), type=RunRecord)
    except (OSError, msgspec.DecodeError):
        return None


@contextmanager
def sole_supervisor(state_dir: Path) -> Iterator[None]:
    """Hold the state folder; `StateError` while another supervisor does. The kernel lets go when the holder dies."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / LOCK_FILE).open("a+b") as file:
        if not _lock(file):
            message = (
                f"{state_dir} is in use by a supervisor (pid {holder(state_dir) or 'unknown'}). "
                "Stop it with `optionsai down`, or give this one another folder with --state-dir."
            )
            raise StateError(message)
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()
        yield


def _lock(file: IO[bytes]) -> bool:
    for _ in range(LOCK_ATTEMPTS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(LOCK_INTERVAL_S)
        else:
            return True
    return False


def holder(state_dir: Path) -> int | None:
    """Process id of the supervisor that holds this folder, as it wrote it down."""
    try:
        return int((state_dir / LOCK_FILE).read_text())
    except (OSError, ValueError):
        return None


def is_held(state_dir: Path) -> bool:
    """Whether a supervisor runs on this folder."""
    try:
        with (state_dir / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
