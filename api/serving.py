"""The API as one event loop: the live feed, gRPC and REST, on whatever reader and source it is given."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from fastapi import FastAPI

from api.data_api.health import Monitor
from api.data_api.rest import create_app
from api.inference_api.feed import Observer, SignalFeed, follow
from api.inference_api.service import SignalsService, start_server
from api.ports import SignalReader, StoredSignal
from contracts.errors import PartError
from contracts.ports import EventSource, Stop
from contracts.topics import SIGNALS

RETRY_S: Final = 1.0
GRACE_S: Final = 1.0
"""Calls in progress get this long to end when the service stops."""


class Parts(NamedTuple):
    """What the API is made of."""

    reader: SignalReader
    source: EventSource
    """Of the signals topic."""
    probes: Mapping[str, Callable[[], str]]
    """What `/health` asks besides the database: each answers in words or raises one of our errors."""
    now: Callable[[], int]
    stop: Stop
    observer: Observer


class Api:
    """The service; `rest` is its ASGI application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._feed = SignalFeed()
        probes = {**parts.probes, "database": self._database}
        self.rest: FastAPI = create_app(parts.reader, Monitor(probes, self.last_signal, parts.now))

    @property
    def clients(self) -> int:
        """Streams that are being served."""
        return self._feed.clients

    async def run(self, host: str, grpc_port: int, on_ready: Callable[[int], None]) -> None:
        """Serve gRPC and feed it until asked to stop; `on_ready` is told the port once calls are answered."""
        parts = self._parts
        begin_at = await self._begin_at()
        if begin_at is None:
            return
        server, port = await start_server(SignalsService(parts.reader, self._feed), host, grpc_port)
        try:
            on_ready(port)
            await follow(parts.source, self._feed, begin_at, parts.stop, parts.observer)
        finally:
            await server.stop(GRACE_S)

    async def _begin_at(self) -> Mapping[int, int] | None:
        """Where the writer stands in the topic, as soon as the database says; None if asked to stop before."""
        while not self._parts.stop.is_set():
            try:
                return await asyncio.to_thread(self._parts.reader.stored_up_to, SIGNALS.name)
            except PartError:
                await asyncio.sleep(RETRY_S)
        return None

    def _database(self) -> str:
        stored = self._parts.reader.stored_up_to(SIGNALS.name)
        return f"{SIGNALS.name} stored up to offset {max(stored.values(), default=0)}"

    def last_signal(self) -> StoredSignal | None:
        """The newest live one; before the first, the newest stored one."""
        if self._feed.newest is not None:
            return self._feed.newest
        try:
            return next(iter(self._parts.reader.newest_signals(limit=1)), None)
        except PartError:
            return None
