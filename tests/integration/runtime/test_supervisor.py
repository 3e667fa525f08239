import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.errors import PartError, StateError
from runtime.supervisor.parts import Part
from runtime.supervisor.plan import Backoff
from runtime.supervisor.records import PartRecord, read_run
from runtime.supervisor.supervisor import Supervisor
from tests.integration.runtime.children import (
    FAILS,
    STUBBORN,
    WORKS,
    SupervisorProcess,
    child,
    is_gone,
)
from tests.waiting import wait_until

QUICK = Backoff(first_s=0.02, longest_s=0.1, forgiven_after_s=5.0)


class Run:
    """A supervisor in this process that stops when a condition on its records holds."""

    def __init__(self, parts: Sequence[Part], folder: Path) -> None:
        self.changes: list[tuple[str, str]] = []
        self.messages: list[str] = []
        self._parts, self._folder = parts, folder

    def until(self, *wanted: tuple[str, str], limit_s: float = 20.0) -> None:
        """Run until these changes (part, state) have been seen, in any order, then stop in order."""
        asyncio.run(asyncio.wait_for(self._run(list(wanted)), limit_s))

    async def _run(self, wanted: list[tuple[str, str]]) -> None:
        stop = asyncio.Event()

        def note(name: str, record: PartRecord) -> None:
            self.changes.append((name, record.state))
            self.messages.append(record.message)
            if (name, record.state) in wanted:
                wanted.remove((name, record.state))
                if not wanted:
                    stop.set()

        await Supervisor(self._parts, self._folder, note, QUICK).run(stop)


def test_parts_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    with SupervisorProcess("three", tmp_path) as supervisor:
        pids = supervisor.wait_running()
        started = [supervisor.part(name).created_at or 0.0 for name in ("back", "middle", "front")]
        assert started == sorted(started)
        assert supervisor.stop() == 0
        ended = [supervisor.part(name).since for name in ("front", "middle", "back")]
        assert ended == sorted(ended)
        assert {part.state for part in supervisor.record().parts.values()} == {"stopped"}
        assert supervisor.record().phase == "stopped"
        assert all(map(is_gone, pids.values()))
    assert (tmp_path / "logs" / "back.log").read_text() == "working\nstopping\n"


def test_a_killed_part_comes_back_and_the_others_stay(tmp_path: Path) -> None:
    with SupervisorProcess("three", tmp_path) as supervisor:
        pids = supervisor.wait_running()
        os.kill(pids["back"], signal.SIGKILL)
        wait_until(
            lambda: supervisor.part("back").restarts == 1 and supervisor.part("back").state == "ready", 20, "back"
        )
        assert supervisor.part("back").pid != pids["back"]
        assert [supervisor.part(name).pid for name in ("middle", "front")] == [pids["middle"], pids["front"]]


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    with SupervisorProcess("three", tmp_path) as supervisor:
        pids = supervisor.wait_running()
        supervisor.kill()
        wait_until(lambda: all(map(is_gone, pids.values())), 20, "children gone with their supervisor")
    with SupervisorProcess("three", tmp_path) as again:
        assert set(again.wait_running()) == set(pids)


def test_what_a_part_started_goes_with_it(tmp_path: Path) -> None:
    with SupervisorProcess("family", tmp_path) as supervisor:
        parent = supervisor.wait_running()["parent"]
        grandchild = int((tmp_path / "parent.flag.child").read_text())
        os.kill(parent, signal.SIGKILL)
        wait_until(
            lambda: supervisor.part("parent").restarts == 1 and supervisor.part("parent").state == "ready", 20, "back"
        )
        assert is_gone(grandchild)
        second = int((tmp_path / "parent.flag.child").read_text())
        supervisor.stop()
        assert is_gone(second)


def test_a_grandchild_left_by_a_killed_supervisor_is_ended_at_the_next_start(tmp_path: Path) -> None:
    with SupervisorProcess("family", tmp_path) as supervisor:
        supervisor.wait_running()
        orphan = int((tmp_path / "parent.flag.child").read_text())
        supervisor.kill()
    assert not is_gone(orphan)
    with SupervisorProcess("family", tmp_path) as again:
        again.wait_running()
        assert is_gone(orphan)


def test_a_part_that_keeps_failing_is_tried_for_ever_and_says_why(tmp_path: Path) -> None:
    run = Run([child("weak", FAILS, tmp_path)], tmp_path)
    run.until(*[("weak", "backing off")] * 4)
    assert run.changes[-1] == ("weak", "stopped")
    told = [message for message in run.messages if "with exit status 3" in message]
    assert len(told) == 4
    assert "weak.log; next start in 0.02 s" in told[0]
    assert "next start in 0.1 s" in told[3]
    record = read_run(tmp_path)
    assert record is not None
    assert record.parts["weak"].restarts == 4


def test_a_part_that_is_not_ready_in_time_is_started_again(tmp_path: Path) -> None:
    late = child("late", WORKS, tmp_path, start_limit_s=0.3)
    never = Part(name="late", command=late.command, probe=lambda: "never", start_limit_s=0.3)
    run = Run([never], tmp_path)
    run.until(*[("late", "backing off")] * 2)
    assert "not ready within 0.3 s: never; next start in 0.02 s" in run.messages


def test_a_part_that_ignores_the_stop_is_killed_after_its_grace(tmp_path: Path) -> None:
    run = Run([child("deaf", STUBBORN, tmp_path, grace_s=0.2)], tmp_path)
    run.until(("deaf", "ready"))
    assert run.messages[-1] == "killed: it did not stop within 0.2 s"


def test_an_error_of_the_operator_s_ends_the_first_start(tmp_path: Path) -> None:
    def refuse() -> None:
        raise StateError("the folder is broken. Mend it.")

    run = Run([child("good", WORKS, tmp_path), Part(name="bad", needs=("good",), prepare=refuse)], tmp_path)
    with pytest.raises(StateError, match="Mend it"):
        run.until(("bad", "ready"))
    assert run.changes[-1] == ("good", "stopped")


def test_a_preparation_that_fails_later_is_tried_again(tmp_path: Path) -> None:
    part = child("moody", "import sys; from pathlib import Path; Path(sys.argv[1]).write_text('r')", tmp_path)
    calls: list[int] = []

    def prepare() -> None:
        calls.append(1)
        part.prepare()
        if len(calls) == 2:
            raise PartError("the disk was full for a moment")

    run = Run([Part(name="moody", prepare=prepare, command=part.command, probe=part.probe)], tmp_path)
    run.until(*[("moody", "backing off")] * 3)
    assert any(message.startswith("the disk was full for a moment") for message in run.messages)


def test_a_step_is_done_once_and_its_dependants_follow(tmp_path: Path) -> None:
    done: list[int] = []

    def prepare() -> str:
        done.append(1)
        return "two topics differ"

    step = Part(name="step", prepare=prepare)
    run = Run([child("after", WORKS, tmp_path, "step"), step], tmp_path)
    run.until(("after", "ready"))
    assert done == [1]
    assert "two topics differ" in run.messages
    assert run.changes.index(("step", "ready")) < run.changes.index(("after", "preparing"))


def test_a_command_that_is_not_there_is_told_in_its_log(tmp_path: Path) -> None:
    real = child("lost", WORKS, tmp_path)
    assert real.command is not None
    command = real.command._replace(argv=["/no/such/program"])
    run = Run([Part(name="lost", command=command, probe=lambda: "never")], tmp_path)
    run.until(("lost", "backing off"))
    assert "launch: /no/such/program" in (tmp_path / "logs" / "lost.log").read_text()
