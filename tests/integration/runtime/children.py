"""Small programs to supervise, and a supervisor in a process of its own that supervises them."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from runtime.supervisor.parts import Part, Probe
from runtime.supervisor.processes import Command, creation_time
from runtime.supervisor.records import PartRecord, RunRecord, read_run
from tests.waiting import wait_until

WORKS = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: (print("stopping", flush=True), sys.exit(0)))
print("working", flush=True)
Path(sys.argv[1]).write_text("ready")
signal.pause()
"""
STUBBORN = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).write_text("ready")
while True:
    signal.pause()
"""
PARENT = """
import signal, subprocess, sys
from pathlib import Path
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
Path(sys.argv[1] + ".child").write_text(str(child.pid))
Path(sys.argv[1]).write_text("ready")
signal.pause()
"""
FAILS = "import sys; print('no luck', flush=True); sys.exit(3)"

SUPERVISE = """
import asyncio, signal, sys
from pathlib import Path
from runtime.supervisor import processes, records
from runtime.supervisor.plan import Backoff
from runtime.supervisor.supervisor import Supervisor
from tests.integration.runtime.children import TABLES

async def main(table, folder):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    parts = TABLES[table](folder)
    await Supervisor(parts, folder, lambda name, record: None, Backoff(0.05, 0.4, 5.0)).run(stop)

table, folder = sys.argv[1], Path(sys.argv[2])
with records.sole_supervisor(folder):
    earlier = records.read_run(folder)
    if earlier is not None:
        processes.end_leftovers(earlier.parts)
    asyncio.run(main(table, folder))
"""


def flag_probe(flag: Path) -> Probe:
    """Ready once the file is there."""
    return lambda: None if flag.exists() else "no flag yet"


def child(name: str, program: str, folder: Path, *needs: str, **options: float) -> Part:
    """A part that runs a program; each start begins with its flag down."""
    flag = folder / f"{name}.flag"

    def lower() -> None:
        flag.unlink(missing_ok=True)

    command = Command([sys.executable, "-c", program, str(flag)], {"PATH": os.environ["PATH"]})
    return Part(name=name, needs=needs, prepare=lower, command=command, probe=flag_probe(flag), **options)  # type: ignore[arg-type]


def three(folder: Path) -> list[Part]:
    """A chain of three."""
    return [
        child("front", WORKS, folder, "middle"),
        child("middle", WORKS, folder, "back"),
        child("back", WORKS, folder),
    ]


def family(folder: Path) -> list[Part]:
    """One that starts a process of its own."""
    return [child("parent", PARENT, folder)]


TABLES = {"three": three, "family": family}


class SupervisorProcess:
    """A supervisor that can be signalled and killed."""

    def __init__(self, table: str, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen([sys.executable, "-c", SUPERVISE, table, str(folder)], env=dict(os.environ))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def record(self) -> RunRecord:
        """What it has written down."""
        run = read_run(self.folder)
        assert run is not None
        return run

    def part(self, name: str) -> PartRecord:
        """One part of it."""
        return self.record().parts[name]

    def wait_running(self) -> dict[str, int]:
        """Part → pid once all are ready."""

        def pids() -> dict[str, int] | None:
            run = read_run(self.folder)
            if run is None or run.pid != self._process.pid or run.phase != "running":
                return None
            return {name: part.pid for name, part in run.parts.items() if part.pid is not None}

        return wait_until(pids, 30, "all parts ready")

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        self._process.terminate()
        return self._process.wait(30)

    def kill(self) -> None:
        """End it without a chance to do anything."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)


def is_gone(pid: int) -> bool:
    """Whether no such process runs."""
    return creation_time(pid) is None
