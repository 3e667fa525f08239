import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from visualization.dash_app.services import EVENTS_IN, EVENTS_OUT, Address, HttpStatus, total

METRICS = """# HELP optionsai_events_in_total Events a service has read
# TYPE optionsai_events_in_total counter
optionsai_events_in_total{topic="market.books"} 40.0
optionsai_events_in_total{topic="market.trades"} 2.0
optionsai_events_in_created{topic="market.books"} 1.7e+09
process_resident_memory_bytes 1.048576e+08
"""


@pytest.fixture(params=[200, 503])
def service(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """A service that answers `/ready` with a status, and its port."""
    status: int = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ready = self.path == "/ready"
            self.send_response(status if ready else 200)
            self.end_headers()
            self.wfile.write(b"starting\n" if ready else METRICS.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield status, server.server_port
    server.shutdown()
    serving.join()
    server.server_close()


def test_a_service_says_whether_it_is_ready_and_what_it_has_done(service: tuple[int, int]) -> None:
    status, port = service
    (state,) = HttpStatus({"engine": Address("127.0.0.1", port)}).ask().values()
    assert state.ready is (status == 200)
    assert state.detail == "starting"
    assert (state.events_in, state.events_out, state.memory_mib) == (42.0, None, 100.0)


def test_a_service_that_does_not_answer_is_not_ready() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as taken:
        port = taken.server_port
    (state,) = HttpStatus({"engine": Address("127.0.0.1", port)}).ask().values()
    assert not state.ready
    assert f"127.0.0.1:{port} does not answer" in state.detail
    assert HttpStatus({}).ask() == {}


def test_totals_add_up_samples_of_the_named_metrics_only() -> None:
    assert total(METRICS, EVENTS_IN) == 42.0
    assert total(METRICS, EVENTS_OUT) is None
    assert (
        total('optionsai_events_out_total{event="A"} 1\noptionsai_writer_rows_total{table="b"} 2\n', EVENTS_OUT) == 3.0
    )
