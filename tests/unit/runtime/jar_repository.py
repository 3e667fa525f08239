"""A small jar repository over a real socket that can be told to misbehave."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Fault = Callable[[BaseHTTPRequestHandler], None]


def refuse(status: int) -> Fault:
    """Answer with a status and nothing else."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def break_off(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent, then close."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


def lie(handler: BaseHTTPRequestHandler) -> None:
    """Answer with other bytes than asked for."""
    handler.send_response(200)
    handler.send_header("Content-Length", "7")
    handler.end_headers()
    handler.wfile.write(b"foreign")


class JarRepository:
    """Serves `files`; each path first works off its queue of `faults`. Counts the `requests` of each path."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.faults: dict[str, list[Fault]] = {}
        self.requests: dict[str, int] = {}
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.lstrip("/")
                repository.requests[path] = repository.requests.get(path, 0) + 1
                if waiting := repository.faults.get(path):
                    waiting.pop(0)(self)
                elif path in repository.files:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(repository.files[path])))
                    self.end_headers()
                    self.wfile.write(repository.files[path])
                else:
                    refuse(404)(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def address(self) -> str:
        """Root of the repository."""
        return f"http://127.0.0.1:{self._server.server_port}/maven"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
