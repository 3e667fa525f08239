"""A supervisor in this process, in a thread of its own."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from runtime.supervisor.parts import Part
from runtime.supervisor.plan import Backoff
from runtime.supervisor.supervisor import Supervisor

STOP_LIMIT_S = 90.0


class SupervisorLoop:
    """Keeps parts running from its creation until `stop`."""

    def __init__(self, parts: Sequence[Part], folder: Path) -> None:
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._asked: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(parts, folder)), name="supervisor")
        self._thread.start()
        self._started.wait(STOP_LIMIT_S)

    async def _run(self, parts: Sequence[Part], folder: Path) -> None:
        self._loop, self._asked = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await Supervisor(parts, folder, lambda _name, _record: None, Backoff(0.1, 1.0, 60.0)).run(self._asked)

    def stop(self) -> None:
        """Stop in order; returns when all is over."""
        self._loop.call_soon_threadsafe(self._asked.set)
        self._thread.join(STOP_LIMIT_S)
        assert not self._thread.is_alive()
