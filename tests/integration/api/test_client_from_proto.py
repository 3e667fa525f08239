"""A client that has nothing of ours but the proto file, against the whole API on real ports."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from grpc_tools import protoc

from api.serving import Api, Parts
from contracts import stages
from contracts.topics import SIGNALS
from runtime.web import listen, serve_web
from tests.memory_topics import MemoryTopics
from tests.unit.api.memory_reader import MemoryReader
from tests.unit.api.observers import Notes
from tests.unit.api.signals import BEGAN, SECOND, signal
from tests.waiting import wait_until

PROTO = Path(__file__).resolve().parents[3] / "api" / "proto" / "signals.proto"
LIMIT_S = 20.0
LIVE = 200
MEDIAN_LIMIT_MS = 20.0

CLIENT = """
import sys, time
import grpc, signals_pb2, signals_pb2_grpc

stub = signals_pb2_grpc.SignalsStub(grpc.insecure_channel(sys.argv[1]))
answer = stub.GetSignals(signals_pb2.GetSignalsRequest(limit=1), timeout=10)
print("newest", answer.signals[0].id, answer.simulated, flush=True)
request = signals_pb2.StreamSignalsRequest(since_event_time_us=int(sys.argv[2]))
for signal in stub.StreamSignals(request, timeout=60):
    action = signals_pb2.Action.Name(signal.action)
    print("signal", signal.id, action, signal.stages[-1].time_us, time.time_ns() // 1000, flush=True)
"""


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


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """Stubs generated from the proto alone, in a folder without any module of ours."""
    folder = tmp_path / "client"
    folder.mkdir()
    well_known = files("grpc_tools") / "_proto"
    options = [f"-I{PROTO.parent}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    assert protoc.main(["protoc", *options, str(PROTO)]) == 0
    (folder / "client.py").write_text(CLIENT)
    return folder


def test_a_client_written_from_the_proto_alone_receives_stored_and_live_signals(
    service: Service,
    stubs: Path,
    record_property: Any,  # noqa: ANN401
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "client.py", f"127.0.0.1:{service.grpc_port}", str(BEGAN + 2 * SECOND)]
    with subprocess.Popen(command, cwd=stubs, env=environment, stdout=subprocess.PIPE, text=True) as client:
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
