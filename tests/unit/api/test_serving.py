import asyncio
import threading

from api.ports import StoredSignal
from api.serving import Api, Parts
from contracts import stages
from contracts.topics import SIGNALS
from tests.memory_topics import MemoryTopics
from tests.unit.api.memory_reader import MemoryReader
from tests.unit.api.observers import Notes
from tests.unit.api.signals import BEGAN, signal

LIMIT_S = 10.0


class Running:
    def __init__(self) -> None:
        self.topics = MemoryTopics()
        self.reader = MemoryReader(self.topics)
        self.stop = threading.Event()
        self.port = 0
        source = self.topics.source([SIGNALS])
        self.api = Api(Parts(self.reader, source, {}, lambda: BEGAN, self.stop, Notes()))

    def start(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self.api.run("127.0.0.1", 0, self._ready))

    async def until_ready(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not self.port:  # noqa: ASYNC110 - told by a plain callback
                await asyncio.sleep(0.01)

    def _ready(self, port: int) -> None:
        self.port = port


def test_it_waits_for_the_database_and_stops_when_asked() -> None:
    async def check() -> None:
        running = Running()
        running.reader.down = True
        task = running.start()
        await asyncio.sleep(0.05)
        assert not running.port
        running.reader.down = False
        await running.until_ready()
        running.stop.set()
        await asyncio.wait_for(task, LIMIT_S)

    asyncio.run(check())


def test_it_stops_while_it_waits() -> None:
    async def check() -> None:
        running = Running()
        running.reader.down = True
        running.stop.set()
        await asyncio.wait_for(running.start(), LIMIT_S)
        assert not running.port

    asyncio.run(check())


def test_the_last_signal_is_the_newest_live_one_or_else_the_newest_stored_one() -> None:
    async def check() -> None:
        running = Running()
        assert running.api.last_signal() is None
        running.topics.append(signal(0), appended_at=7)
        running.reader.store()
        stored = StoredSignal(signal(0), {stages.SIGNALLED: 7})
        assert running.api.last_signal() == stored
        running.reader.down = True
        assert running.api.last_signal() is None
        running.reader.down = False
        task = running.start()
        await running.until_ready()
        running.topics.append(signal(1), appended_at=8)
        async with asyncio.timeout(LIMIT_S):
            while running.api.last_signal() == stored:  # noqa: ASYNC110 - the feed announces nothing
                await asyncio.sleep(0.01)
        assert running.api.last_signal() == StoredSignal(signal(1), {stages.SIGNALLED: 8})
        running.stop.set()
        await asyncio.wait_for(task, LIMIT_S)

    asyncio.run(check())
