"""The supervisor: one task a part that keeps it running, and an orderly end.

Theory of operation. Each part has a task that waits for what the part needs, prepares it, starts its process, asks
until it is ready, watches it, and starts again with a growing delay when the process ends, for ever. Needs order only
the first start: a part whose need dies later stays, and every part copes with a server that is away for a while. So
one death is one restart, not a cascade.

A stop ends the tasks first, so that nothing is started any more, then the processes, each after those that need it.
What a process leaves in its session is killed when it has ended, so a restarted Spark driver never meets the JVM of
the one before.

Everything runs in one thread but preparations and probes, which may block: the kernel ties a child to the thread that
made it, and only the main thread is sure to last.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contracts.errors import OptionsAIError, PartError
from runtime.supervisor import processes
from runtime.supervisor.parts import Part
from runtime.supervisor.plan import Backoff, dependants, start_order
from runtime.supervisor.records import PartRecord, PartState, Phase, RunRecord, write_run

PROBE_INTERVAL_S = 0.1
WATCH_INTERVAL_S = 5.0
"""How often a ready part is asked again."""
ROTATE_INTERVAL_S = 60.0
THREADS_PER_PART = 2

OnChange = Callable[[str, PartRecord], None]
"""Told of every change of a part's state."""


class Supervisor:
    """Runs a table of parts in one state folder, which the caller holds (`records.sole_supervisor`)."""

    def __init__(
        self,
        parts: Sequence[Part],
        state_dir: Path,
        on_change: OnChange,
        backoff: Backoff = Backoff(),  # noqa: B008 - immutable
    ) -> None:
        needs = {part.name: part.needs for part in parts}
        order = start_order(needs)
        self._parts = {part.name: part for part in sorted(parts, key=lambda part: order.index(part.name))}
        self._dependants = dependants(needs)
        self._state_dir = state_dir
        self._on_change = on_change
        self._backoff = backoff
        self._became_ready = {name: asyncio.Event() for name in self._parts}
        self._stopped = {name: asyncio.Event() for name in self._parts}
        self._children: dict[str, asyncio.subprocess.Process] = {}
        now = time.time()
        own = processes.creation_time(os.getpid()) or now
        self.run_record = RunRecord(pid=os.getpid(), created_at=own, started_at=now)
        for part in self._parts.values():
            self.run_record.parts[part.name] = PartRecord(since=now, stop_signal=int(part.stop_signal))

    def log_path(self, name: str) -> Path:
        """Where a part's output goes."""
        return self._state_dir / "logs" / f"{name}.log"

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the parts running until `stop` is set or a first start meets an operator's error; then stop them."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS_PER_PART * len(self._parts), thread_name_prefix="part"))
        self._set_phase("starting")
        tasks = [asyncio.create_task(self._keep(part), name=part.name) for part in self._parts.values()]
        chores = [asyncio.create_task(chore) for chore in (self._note_running(), self._bound_logs(), stop.wait())]
        try:
            # A keeping task returns only when it is a finished step, and raises only what must end the run.
            pending = {chores[-1], *tasks}
            while pending and not stop.is_set():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            self._set_phase("stopping")
            for task in (*tasks, *chores):
                task.cancel()
            await asyncio.gather(*tasks, *chores, return_exceptions=True)
            await asyncio.gather(*(self._stop_part(part) for part in self._parts.values()))
            self._set_phase("stopped")

    async def _keep(self, part: Part) -> None:
        for need in part.needs:
            await self._became_ready[need].wait()
        failures = 0
        while True:
            healthy_since: float | None = None
            try:
                self._change(part, "preparing")
                told = await asyncio.to_thread(part.prepare)
                if part.command is None:
                    self._note_ready(part, 0.0, told or "")
                    return
                child = await self._start(part)
                healthy_since = await self._until_ready(part, child)
                problem = await self._watch(part, child)
            except OptionsAIError as error:
                if not self._became_ready[part.name].is_set() and failures == 0 and part.name not in self._children:
                    self._change(part, "stopped", str(error))
                    raise
                problem = str(error)
            except OSError as error:
                problem = f"cannot be started: {error}"
            await self._reap(part)
            healthy_s = 0.0 if healthy_since is None else time.monotonic() - healthy_since
            failures = self._backoff.failures_after(failures, healthy_s)
            delay_s = self._backoff.delay_s(failures)
            record = self.run_record.parts[part.name]
            record.restarts += 1
            record.ready_after_s = None
            self._change(part, "backing off", f"{problem}; next start in {delay_s:g} s")
            await asyncio.sleep(delay_s)

    async def _start(self, part: Part) -> asyncio.subprocess.Process:
        if part.command is None:
            raise AssertionError("a step has no process")
        child = await processes.spawn(part.command, self.log_path(part.name), self._state_dir)
        self._children[part.name] = child
        record = self.run_record.parts[part.name]
        record.pid, record.created_at = child.pid, processes.creation_time(child.pid)
        self._change(part, "starting")
        return child

    async def _until_ready(self, part: Part, child: asyncio.subprocess.Process) -> float | None:
        """When it became ready (monotonic seconds); None when it ended before that."""
        started = time.monotonic()
        ended = asyncio.create_task(child.wait())
        missing: str | None = "it was not asked yet"
        try:
            while not ended.done():
                missing = await asyncio.to_thread(part.probe)
                if missing is None:
                    self._note_ready(part, time.monotonic() - started)
                    return time.monotonic()
                if time.monotonic() - started > part.start_limit_s:
                    raise PartError(f"not ready within {part.start_limit_s:g} s: {missing}")
                await asyncio.wait({ended}, timeout=PROBE_INTERVAL_S)
        finally:
            ended.cancel()
        return None

    async def _watch(self, part: Part, child: asyncio.subprocess.Process) -> str:
        """Wait until the process ends, asking now and then how it is; returns how it ended."""
        ended = asyncio.create_task(child.wait())
        try:
            while True:
                await asyncio.wait({ended}, timeout=WATCH_INTERVAL_S)
                if ended.done():
                    return f"ended {processes.describe_exit(ended.result())}, see {self.log_path(part.name)}"
                missing = await asyncio.to_thread(part.probe)
                if not ended.done():
                    self._change(part, "ready" if missing is None else "unready", missing or "")
        finally:
            ended.cancel()

    def _note_ready(self, part: Part, after_s: float, message: str = "") -> None:
        self.run_record.parts[part.name].ready_after_s = round(after_s, 3)
        self._became_ready[part.name].set()
        self._change(part, "ready", message)

    async def _note_running(self) -> None:
        for became_ready in self._became_ready.values():
            await became_ready.wait()
        self._set_phase("running")

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_INTERVAL_S)
            for name in self._parts:
                with contextlib.suppress(OSError):
                    processes.rotate(self.log_path(name))

    async def _reap(self, part: Part) -> None:
        """See that nothing of a part's process is left."""
        child = self._children.pop(part.name, None)
        if child is not None:
            await asyncio.to_thread(processes.end_session, child.pid)
            await child.wait()
            record = self.run_record.parts[part.name]
            record.pid = record.created_at = None

    async def _stop_part(self, part: Part) -> None:
        for other in self._dependants[part.name]:
            await self._stopped[other].wait()
        child = self._children.get(part.name)
        message = ""
        if child is not None:
            self._change(part, "stopping")
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(part.stop_signal)
            try:
                await asyncio.wait_for(child.wait(), part.grace_s)
            except TimeoutError:
                message = f"killed: it did not stop within {part.grace_s:g} s"
            try:
                await self._reap(part)
            except PartError as error:
                message = str(error)
        self._change(part, "stopped", message)
        self._stopped[part.name].set()

    def _set_phase(self, phase: Phase) -> None:
        self.run_record.phase = phase
        self._write()

    def _change(self, part: Part, state: PartState, message: str = "") -> None:
        record = self.run_record.parts[part.name]
        if (record.state, record.message) == (state, message):
            return
        if record.state != state:
            record.since = time.time()
        record.state, record.message = state, message
        self._write()
        self._on_change(part.name, record)

    def _write(self) -> None:
        # A full disk must not end the parts that still work: what is told on the terminal is then all there is.
        with contextlib.suppress(OSError):
            write_run(self._state_dir, self.run_record)
