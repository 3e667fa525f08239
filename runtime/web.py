"""Serving an ASGI application inside a service: its own socket, our signals, our logs."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from contracts.errors import PartError
from contracts.ports import Stop

CHECK_STOP_S: Final = 0.1
GRACE_S: Final = 2
"""Requests in progress get this long to end when the service stops."""
MAX_CONNECTIONS: Final = 500
BACKLOG: Final = 128
MAX_MESSAGE_BYTES: Final = 65_536
"""Of a WebSocket message from a browser; ours are a few hundred bytes."""


class _Server(uvicorn.Server):
    """Leaves signals to `runtime.bootstrap`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, key: str) -> socket.socket:
    """A listening socket (port 0: a free one); `key` is the setting to change when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise PartError(f"cannot listen on {host}:{port} ({error.strerror}). Set {key} to a free port") from error
    return bound


async def serve_web(app: Any, at: socket.socket, stop: Stop) -> None:  # noqa: ANN401 - any ASGI application
    """Serve until asked to stop."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_S,
        ws_max_size=MAX_MESSAGE_BYTES,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[at]))
    while not stop.is_set() and not serving.done():  # noqa: ASYNC110 - the stop is set by a signal, not by this loop
        await asyncio.sleep(CHECK_STOP_S)
    server.should_exit = True
    await serving
