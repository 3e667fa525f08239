import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.supervisor import processes
from runtime.supervisor.processes import (
    Command,
    User,
    creation_time,
    end_leftovers,
    launched,
    leftovers,
    session_members,
)
from runtime.supervisor.records import PartRecord
from tests.waiting import wait_until

WAIT = "import signal; signal.pause()"
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", WAIT], start_new_session=True) as process:
        yield process
        process.kill()


def record(pid: int, created_at: float | None) -> PartRecord:
    return PartRecord(pid=pid, created_at=created_at, stop_signal=int(signal.SIGTERM))


def test_a_recorded_process_that_still_runs_is_a_leftover(sleeper: subprocess.Popen[bytes]) -> None:
    records = {"mine": record(sleeper.pid, creation_time(sleeper.pid)), "none": PartRecord(stop_signal=15)}
    assert set(leftovers(records)) == {"mine"}
    assert end_leftovers(records) == ["mine"]
    assert sleeper.wait(5) == -signal.SIGTERM
    assert leftovers(records) == {}


def test_another_process_with_a_recorded_id_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    records = {"old": record(sleeper.pid, (creation_time(sleeper.pid) or 0.0) - 3600)}
    assert end_leftovers(records) == []
    assert sleeper.poll() is None


def test_offspring_is_found_when_its_parent_is_gone() -> None:
    program = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {WAIT!r}]).pid, flush=True)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True) as parent:
        created = creation_time(parent.pid)
        assert parent.stdout is not None
        offspring = int(parent.stdout.readline())
        parent.wait(10)
    records = {"parent": record(parent.pid, created)}
    assert [member.pid for member in session_members(parent.pid)] == [offspring]
    assert end_leftovers(records) == ["parent"]
    wait_until(lambda: creation_time(offspring) is None, 5, "offspring gone")


def run(command: Command) -> subprocess.CompletedProcess[str]:
    return subprocess.run(launched(command), capture_output=True, text=True, env=dict(command.environment), check=False)


def test_the_launcher_becomes_the_command() -> None:
    told = run(Command([sys.executable, "-c", "import os; print(os.environ['A'], os.getppid())"], {"A": "b"}))
    assert told.stdout.split() == ["b", str(os.getpid())]


def test_the_launcher_gives_up_when_its_parent_has_gone() -> None:
    argv = launched(Command([sys.executable, "-c", "print('ran')"], {}))
    argv[argv.index("--parent") + 1] = "1"
    told = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (told.stdout, told.returncode) == ("", 128 + signal.SIGKILL)


@NEEDS_ROOT
@pytest.mark.parametrize("reach", [False, True])
def test_an_ordinary_user_reaches_closed_folders_only_with_help(tmp_path: Path, reach: bool) -> None:  # noqa: FBT001
    nobody = pwd.getpwnam("nobody")
    (tmp_path / "file").write_text("content")
    tmp_path.chmod(0o700)
    program = "import os, sys; print(os.geteuid(), os.getgroups()); sys.stdout.flush(); open(sys.argv[1]).read()"
    user = User(nobody.pw_uid, nobody.pw_gid, reach)
    told = run(Command(["/usr/bin/env", "python3", "-c", program, str(tmp_path / "file")], {"PATH": os.defpath}, user))
    assert told.stdout == f"{nobody.pw_uid} []\n"
    assert (told.returncode == 0) is reach


def test_a_long_log_is_emptied_in_place_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"0123456789")
        assert not processes.rotate(log, limit_bytes=10)
        writer.write(b"!")
        assert processes.rotate(log, limit_bytes=10)
        writer.write(b"next")
    assert log.read_bytes() == b"next"
    assert (tmp_path / "part.log.1").read_bytes() == b"0123456789!"
    assert not processes.rotate(tmp_path / "none.log")
