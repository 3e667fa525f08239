"""The one place where the application's data come in, and from which everything that is shown is taken.

Everything here runs in the event loop of the web server, so nothing needs a lock: records are read and decoded in a
thread, folded into the view in the loop, and the next ones are read when that is done.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from contracts import stages, wire
from contracts.errors import OptionsAIError, RejectedRecord
from contracts.events import Event
from contracts.ports import EventSource, Message, Position, Stamps, Stop
from contracts.topics import BARS, GREEKS, QUOTES, SIGNALS, TRADES, Topic
from visualization.dash_app import screens
from visualization.dash_app.flow import Flow
from visualization.dash_app.live_view import MAX_SIGNALS, LiveView, ShownSignal
from visualization.dash_app.ports import MarketReader, ServiceState, StatusProvider

LIVE_TOPICS: Final[tuple[Topic, ...]] = (QUOTES, TRADES, GREEKS)
"""Read from now on: their past is of no interest, or in the database."""
HISTORY_TOPICS: Final[tuple[Topic, ...]] = (BARS, SIGNALS)
"""Read from the beginning, signals from where the database ends."""
POLL_MESSAGES: Final = 500
POLL_TIMEOUT_S: Final = 0.2
STATUS_EVERY_S: Final = 2.0
HISTORY_SIGNALS: Final = min(MAX_SIGNALS, 1_000)


class Record(NamedTuple):
    """A decoded record; `event` is None where it could not be read."""

    topic: str
    appended_at: int
    event: Event | None
    stamps: Stamps


class Hub:
    """What the application knows: the market, the flow of records, and the state of the services."""

    def __init__(
        self,
        reader: MarketReader,
        status: StatusProvider,
        now: Callable[[], int],
        on_read: Callable[[str, int], None] = lambda _topic, _records: None,
    ) -> None:
        self.view = LiveView()
        self.flows = {topic.name: Flow() for topic in (*LIVE_TOPICS, *HISTORY_TOPICS)}
        self.skipped = 0
        self.now = now
        self._reader, self._status, self._on_read = reader, status, on_read
        self._services: dict[str, tuple[ServiceState, int]] = {}
        self._rates: dict[str, tuple[float | None, float | None]] = {}

    async def run(self, live: EventSource, history: EventSource, stop: Stop, on_ready: Callable[[], None]) -> None:
        """Take everything in until asked to stop."""
        history.seek(await stored_signals(self._reader, self.view))
        on_ready()
        watching = asyncio.create_task(self._watch_services(stop))
        try:
            await asyncio.gather(self._follow(history, stop), self._follow(live, stop), self._load_chains())
        finally:
            watching.cancel()

    def service_rows(self) -> screens.Rows:
        """The table of services."""
        rows: screens.Rows = {}
        for name, (state, _) in self._services.items():
            rates = self._rates.get(name, (None, None))
            numbers = (*rates, state.memory_mib)
            rows[name] = [
                [name, "name"],
                ["ready", "good"] if state.ready else ["not ready", "bad"],
                *([screens.NONE] if number is None else [f"{number:,.0f}"] for number in numbers),
                [state.detail, "words"],
            ]
        return rows

    async def find_signal(self, signal_id: str) -> ShownSignal | None:
        """A signal, from memory or from the database; None if there is none, or the database is away."""
        if (shown := self.view.find_signal(signal_id)) is not None:
            return shown
        try:
            stored = await asyncio.to_thread(self._reader.signal, signal_id)
        except OptionsAIError:
            return None
        return None if stored is None else ShownSignal(stored.signal, stored.stages, is_change=False)

    def take(self, records: Sequence[Record]) -> None:
        """Fold records into what is known."""
        for record in records:
            if record.event is None:
                self.skipped += 1
                continue
            self.view.apply(record.event, {**record.stamps, stages.SIGNALLED: record.appended_at})
            self.flows[record.topic].add(record.appended_at, record.stamps.get(stages.DUE))
        for topic, count in Counter(record.topic for record in records).items():
            self._on_read(topic, count)

    def learn(self, states: Mapping[str, ServiceState], now: int) -> None:
        """Rates are the growth of each count since the last time it was asked; a restart gives one gap."""
        for name, state in states.items():
            before, then = self._services.get(name, (None, now))
            took_s = (now - then) / 1e6
            if before is not None and took_s > 0:
                counts = ((before.events_in, state.events_in), (before.events_out, state.events_out))
                self._rates[name] = tuple(_rate(old, new, took_s) for old, new in counts)  # type: ignore[assignment]
            self._services[name] = (state, now)

    async def _follow(self, source: EventSource, stop: Stop) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "hub") as thread:
            while not stop.is_set():
                self.take(await loop.run_in_executor(thread, _read, source))

    async def _load_chains(self) -> None:
        """The newest stored Greeks of whatever has bars by now; live ones replace them as they come."""
        try:
            for symbol in self.view.symbols:
                for greeks in await asyncio.to_thread(self._reader.chain, symbol, self.now()):
                    self.view.apply(greeks, {})
        except OptionsAIError:
            return

    async def _watch_services(self, stop: Stop) -> None:
        while not stop.is_set():
            states = await asyncio.to_thread(self._status.ask)
            self.learn(states, self.now())
            await asyncio.sleep(STATUS_EVERY_S)


async def stored_signals(reader: MarketReader, view: LiveView) -> list[Position]:
    """Show the newest stored signals; where in their topic to read on. Without the database, from its beginning."""
    try:
        # The position first: what is stored in between is read twice, and nothing falls between the two.
        stored = await asyncio.to_thread(reader.stored_up_to, SIGNALS.name)
        for found in await asyncio.to_thread(lambda: reader.newest_signals(limit=HISTORY_SIGNALS)):
            view.apply(found.signal, found.stages)
    except OptionsAIError:
        return []
    return [Position(SIGNALS.name, partition, offset) for partition, offset in stored.items()]


def _read(source: EventSource) -> list[Record]:
    return [_decode(message) for message in source.poll(POLL_MESSAGES, POLL_TIMEOUT_S)]


def _decode(message: Message) -> Record:
    try:
        event = wire.decode(message.topic, message.value)
    except RejectedRecord:
        event = None
    return Record(message.topic, message.appended_at, event, message.stamps)


def _rate(before: float | None, after: float | None, took_s: float) -> float | None:
    return None if before is None or after is None or after < before else (after - before) / took_s
