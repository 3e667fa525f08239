import stat
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import StateError
from runtime.supervisor.records import (
    PartRecord,
    RunRecord,
    holder,
    is_held,
    read_run,
    sole_supervisor,
    write_atomically,
    write_run,
)

HOLD = """
import sys
from pathlib import Path
from runtime.supervisor.records import sole_supervisor
with sole_supervisor(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_reads_back_as_written(tmp_path: Path) -> None:
    run = RunRecord(pid=7, created_at=1.5, started_at=2.5, phase="running")
    run.parts["kafka"] = PartRecord(state="ready", pid=8, created_at=3.5, stop_signal=15, restarts=2, message="é")
    write_run(tmp_path / "new", run)
    assert read_run(tmp_path / "new") == run


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"pid": "seven"}'])
def test_of_an_unreadable_run_nothing_is_known(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "supervisor.json").write_bytes(content)
    assert read_run(tmp_path) is None


def test_a_replaced_file_keeps_no_draft_and_a_secret_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    write_atomically(path, b"one", mode=0o600)
    write_atomically(path, b"two", mode=0o600)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_one_supervisor_a_folder_and_the_second_is_told_of_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        assert holder(tmp_path) == first.pid
        with (
            pytest.raises(StateError, match=rf"pid {first.pid}.*optionsai down.*--state-dir"),
            sole_supervisor(tmp_path),
        ):
            pass
        first.kill()
    assert not is_held(tmp_path)
    with sole_supervisor(tmp_path):
        assert is_held(tmp_path)


def test_a_folder_nobody_used_is_not_held(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none")
    assert holder(tmp_path / "none") is None
