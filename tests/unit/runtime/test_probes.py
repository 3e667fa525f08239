import socket
import threading

import pytest

from contracts.errors import PartError
from runtime import telemetry, topics
from runtime.supervisor.ports import LOOPBACK, any_free
from runtime.supervisor.probes import http_probe


def test_a_service_is_ready_once_it_says_so() -> None:
    ready = threading.Event()
    server = telemetry.serve_metrics(LOOPBACK, any_free(), ready.is_set)
    try:
        missing = http_probe(LOOPBACK, server.server_port)
        assert missing is not None
        assert "503" in missing
        ready.set()
        assert http_probe(LOOPBACK, server.server_port) is None
    finally:
        server.shutdown()
        server.server_close()


def test_a_closed_port_is_not_ready() -> None:
    port = any_free()
    assert http_probe(LOOPBACK, port) == f"no answer on port {port} (ConnectionRefusedError)"


def test_who_does_not_speak_http_is_not_ready() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"what?\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        missing = http_probe(LOOPBACK, server.getsockname()[1])
        thread.join()
    assert missing is not None
    assert "BadStatusLine" in missing


def test_topics_on_an_absent_broker_fail_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "TIMEOUT_S", 0.3)
    address = f"{LOOPBACK}:{any_free()}"
    with pytest.raises(PartError, match=rf"topics on {address}.*Check the address"):
        topics.ensure_topics({"bootstrap.servers": address, "log_level": 0})
