"""A client that has nothing of ours but the proto file, against the whole API on real ports."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.serving import Api, Parts
from contracts import stages
from contracts.topics import SIGNALS
from runtime.web import listen, serve_web
from tests import proto_client
from tests.memory_topics import MemoryTopics
from tests.unit.api.memory_reader import MemoryReader
from tests.unit.api.observers import Notes
from tests.unit.api.signals import BEGAN, SECOND, signal
from tests.waiting import wait_until

LIMIT_S = 20.0
LIVE = 200
MEDIAN_LIMIT_MS = 20.0


class Service:
    """The API in a thread of its own, fed by topics in memory."""

    def __init__(self) -> None:
        self.topics = MemoryTopics()
        self.reader = MemoryReader(self.topics)
        self.stop = threading.Event()
        self.grpc_port = 0
        self._web: socket.socket = listen("127.0.0.1", 0, "serving.rest_port")
        self.rest = f"http://127.0.0.1:{self._web.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> None:
        self._thread.start()
        wait_until(lambda: self.grpc_port, LIMIT_S, "gRPC serves")

    def close(self) -> None:
        self.stop.set()
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        source = self.topics.source([SIGNALS])
        api = Api(Parts(self.reader, source, {"kafka": lambda: "in memory"}, self.now, self.stop, Notes()))
        await asyncio.gather(serve_web(api.rest, self._web, self.stop), api.run("127.0.0.1", 0, self._ready))

    def now(self) -> int:
        return time.time_ns() // 1000

    def _ready(self, port: int) -> None:
        self.grpc_port = port


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    for number in range(5):
        service.topics.append(signal(number))
    service.reader.store(3)
    service.start()
    yield service
    service.close()


def test_a_client_written_from_the_proto_alone_receives_stored_and_live_signals(
    service: Service,
    tmp_path: Path,
    record_property: Any,  # noqa: ANN401
) -> None:
    with proto_client.started(tmp_path, service.grpc_port, BEGAN + 2 * SECOND) as client:
        assert client.stdout is not None
        lines = client.stdout
        assert lines.readline().split() == ["newest", signal(2).event_id, "True"]
        assert [lines.readline().split()[1] for _ in range(3)] == [signal(n).event_id for n in range(2, 5)]
        delays_ms = []
        for number in range(5, 5 + LIVE):
            service.topics.append(signal(number, action="Sell"), {stages.DUE: service.now()})
            _, event_id, action, appended_us, received_us = lines.readline().split()
            assert (event_id, action) == (signal(number).event_id, "ACTION_SELL")
            delays_ms.append((int(received_us) - int(appended_us)) / 1000)
        client.terminate()
    delays_ms.sort()
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        record_property(f"append_to_client_{name}_ms", delays_ms[min(int(share * LIVE), LIVE - 1)])
    assert delays_ms[LIVE // 2] < MEDIAN_LIMIT_MS


def test_rest_serves_beside_it(service: Service) -> None:
    answer = wait_until(lambda: _healthy(service), LIMIT_S, "a live signal has been seen")
    assert answer["simulated"] is True
    assert answer["checks"]["kafka"] == {"ok": True, "detail": "in memory"}
    found = httpx.get(f"{service.rest}/signals", params={"limit": 10}).json()
    assert [row["id"] for row in found["signals"]] == [signal(n).event_id for n in (2, 1, 0)]


def _healthy(service: Service) -> dict[str, Any] | None:
    answer: dict[str, Any] = httpx.get(f"{service.rest}/health").json()
    return answer if answer["status"] == "ok" and answer["last_signal_age_s"] is not None else None
