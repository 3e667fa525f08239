"""Live signals for many clients, from one reader of the signals topic.

Theory of operation
-------------------
Everything here runs in one event loop, so nothing needs a lock. `follow` reads the topic in a thread of its own and
publishes what it read, batch by batch; it reads on only when a batch is published, so nothing piles up in between.
`SignalFeed` keeps the last `RECENT` signals and hands each new one to its subscriptions. A subscription is a bounded
queue: a client that does not keep up loses the subscription, never the server its memory.

The feed starts where the database writer stands, and the writer stores its offsets in the transaction of the rows. So
the database holds everything below the writer's offset, the feed everything from it on, and a stream that first reads
the one and then the other has no gap, as long as `covers` says that the two still touch. The engine may issue a
signal again after a crash; such repeats have the same id and are dropped here.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, NamedTuple, Protocol

from api.ports import StoredSignal, Wanted
from contracts import stages, wire
from contracts.errors import OptionsAIError, RejectedRecord
from contracts.events import SignalIssued
from contracts.ports import EventSource, Message, Position, Stop
from contracts.topics import SIGNALS

RECENT: Final = 20_000
"""Signals kept for streams that resume: half an hour of ten symbols, about 30 MB."""
MAX_PENDING: Final = 1_000
"""Signals that wait for one client: minutes of a normal market, beyond which the client is not reading."""
MAX_CLIENTS: Final = 100
POLL_MESSAGES: Final = 500
POLL_TIMEOUT_S: Final = 0.2


class SlowClient(OptionsAIError):  # noqa: N818 - named by whose fault it is
    """A client reads more slowly than signals are issued."""


class TooManyClients(OptionsAIError):  # noqa: N818
    """All places are taken."""


class Observer(Protocol):
    """Told what is read, for metrics and logs."""

    def read(self, records: int) -> None:
        """So many records of the signals topic were read."""

    def rejected(self, message: Message, rejection: RejectedRecord) -> None:
        """One of them could not be understood."""


class Live(NamedTuple):
    """A signal and where it stood in the topic."""

    partition: int
    offset: int
    stored: StoredSignal


class Subscription:
    """The signals that wait for one client."""

    def __init__(self, wanted: Wanted, held: frozenset[str]) -> None:
        self._wanted, self._held = wanted, held
        self._waiting: deque[Live] = deque()
        self._news = asyncio.Event()
        self._lost = False

    def wants(self, live: Live) -> bool:
        """Whether the client asked for this signal and does not hold it."""
        signal = live.stored.signal
        return self._wanted.admits(signal) and signal.event_id not in self._held

    def offer(self, live: Live) -> None:
        """Put a signal in the queue, if the client wants it."""
        if self._lost or not self.wants(live):
            return
        if len(self._waiting) >= MAX_PENDING:
            self._waiting.clear()
            self._lost = True
        else:
            self._waiting.append(live)
        self._news.set()

    async def next(self) -> Live:
        """The next signal, as soon as there is one; `SlowClient` once the client has fallen too far behind."""
        while not self._waiting:
            if self._lost:
                raise SlowClient(
                    f"more than {MAX_PENDING} signals were waiting for this client. "
                    "Read faster or ask for fewer symbols, and resume with since_event_time_us"
                )
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class SignalFeed:
    """The most recent signals, and the clients that follow them."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, Live] = OrderedDict()
        self._covered_from: dict[int, int] | None = None
        self._next: dict[int, int] = {}
        self._subscriptions: set[Subscription] = set()
        self._moved = asyncio.Event()
        self.newest: StoredSignal | None = None

    @property
    def clients(self) -> int:
        """How many follow now."""
        return len(self._subscriptions)

    def begin(self, positions: Mapping[int, int]) -> None:
        """Everything from these offsets on will be published here; partitions not named, from their beginning."""
        self._covered_from = dict(positions)

    def publish(self, batch: Iterable[Live], read_up_to: Mapping[int, int]) -> None:
        """Hand signals on. `read_up_to`: partition → the offset after the last record read, signal or not."""
        for live in batch:
            if live.stored.signal.event_id in self._recent:
                continue
            self._recent[live.stored.signal.event_id] = live
            self.newest = live.stored
            if len(self._recent) > RECENT:
                _, evicted = self._recent.popitem(last=False)
                if self._covered_from is not None:
                    self._covered_from[evicted.partition] = evicted.offset + 1
            for subscription in self._subscriptions:
                subscription.offer(live)
        self._next.update(read_up_to)
        self._moved.set()

    @contextmanager
    def subscribe(self, wanted: Wanted, held: frozenset[str] = frozenset()) -> Iterator[Subscription]:
        """Follow the feed from now on, until the context is left."""
        if len(self._subscriptions) >= MAX_CLIENTS:
            raise TooManyClients(f"{MAX_CLIENTS} clients are connected, which is the limit. Try again later")
        subscription = Subscription(wanted, held)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def since(self, positions: Mapping[int, int]) -> list[Live]:
        """The signals kept from these offsets on, oldest first; complete if the feed `covers` the positions."""
        return [live for live in self._recent.values() if live.offset >= positions.get(live.partition, 0)]

    def covers(self, positions: Mapping[int, int]) -> bool:
        """Whether every signal from these offsets on was or will be published here."""
        covered = self._covered_from
        return covered is not None and all(positions.get(p, 0) >= first for p, first in covered.items())

    async def reached(self, positions: Mapping[int, int]) -> None:
        """Return once everything below these offsets has been published."""
        while any(self._next.get(p, (self._covered_from or {}).get(p, 0)) < offset for p, offset in positions.items()):
            self._moved.clear()
            await self._moved.wait()


async def follow(
    source: EventSource,
    feed: SignalFeed,
    begin_at: Mapping[int, int],
    stop: Stop,
    observer: Observer,
) -> None:
    """Publish the signals of `source`, from `begin_at` (partition → offset) on, until asked to stop."""
    source.seek([Position(SIGNALS.name, partition, offset) for partition, offset in begin_at.items()])
    feed.begin(begin_at)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "signals") as thread:
        while not stop.is_set():
            messages = await loop.run_in_executor(thread, source.poll, POLL_MESSAGES, POLL_TIMEOUT_S)
            live = [read for message in messages if (read := _read(message, observer)) is not None]
            feed.publish(live, {message.partition: message.offset + 1 for message in messages})
            observer.read(len(messages))


def _read(message: Message, observer: Observer) -> Live | None:
    try:
        event = wire.decode(message.topic, message.value)
    except RejectedRecord as rejection:
        observer.rejected(message, rejection)
        return None
    if not isinstance(event, SignalIssued):
        return None
    stamps = {**message.stamps, stages.SIGNALLED: message.appended_at}
    return Live(message.partition, message.offset, StoredSignal(event, stamps))
