"""Logs and metrics: JSON lines on standard output (readable on a terminal), Prometheus on one port a service.

The port serves `/metrics`, and `/ready`, which answers 200 once the service does its work and 503 before that.
"""

import logging
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS_S: Final = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.010, 0.015, 0.020, 0.030, 0.045, 0.060, 0.090, 0.125, 0.250, 0.500, 1.0, 2.5,
    5.0, 10.0, 30.0, 60.0,
)  # fmt: skip

TRACEBACK: Final = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
"""Without local variables: among them are client settings, and so passwords."""

EVENTS_IN = Counter("optionsai_events_in_total", "Events a service has read", ["topic"])
EVENTS_OUT = Counter("optionsai_events_out_total", "Events a service has published", ["event"])
SKIPPED = Counter("optionsai_records_skipped_total", "Records a service could not read and passed over", ["topic"])
LATENCY = Histogram(
    "optionsai_latency_seconds",
    "Time from when a market event was due to the named moment of what was made from it",
    ["stage"],
    buckets=LATENCY_BUCKETS_S,
)
LAG = Gauge("optionsai_lag_records", "Records in a topic that a service has still to read", ["topic"])


def configure_logging(service: str) -> Any:  # noqa: ANN401 - structlog's own type for a bound logger
    """The service's logger; JSON to a file or pipe, coloured lines on a terminal."""
    terminal = sys.stdout.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(TRACEBACK),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger(service=service)


def serve_metrics(host: str, port: int, is_ready: Callable[[], bool]) -> ThreadingHTTPServer:
    """Start serving `/metrics` and `/ready` in a background thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path == "/ready":
                ready = is_ready()
                self._answer(200 if ready else 503, b"ready\n" if ready else b"starting\n", "text/plain")
            else:
                self._answer(404, b"see /metrics and /ready\n", "text/plain")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
            """Requests are not logged: a scrape every few seconds would drown the rest."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
