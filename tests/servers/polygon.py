"""A small real Polygon.io / Massive on loopback: both WebSocket feeds and the chain snapshots, with faults on request.

Each feed plays a list of scenes, one a connection, the last one again and again. The REST side pages through `chains`;
what stands in `faults` is answered first. The server notes what it was asked and in which words, so that a test can
judge the client by what arrived here.
"""

import json
import socket
import threading
from collections import deque
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.servers.polygon_messages import KEY, Record, status

Frame = bytes | str | list[Record]


class Scene(NamedTuple):
    """One connection: how the key is answered, what is sent after the first subscription, and what follows."""

    frames: Sequence[Frame] = ()
    then: Literal["hold", "close", "drop"] = "hold"
    auth: str = "auth_success"
    """The status that answers a right key; empty to give no answer at all."""
    message: str = "authenticated"
    http_status: int = 101


class Fault(NamedTuple):
    """An HTTP answer out of turn. `delay_s` before the answer, or between its bytes if it trickles."""

    code: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b'{"status":"ERROR","error":"made up by the test server"}'
    delay_s: float = 0.0
    trickles: bool = False


class Asked(NamedTuple):
    """A request to the REST side."""

    target: str
    authorization: str | None


class Feed:
    """One WebSocket feed."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = [Scene()]
        self.connections = 0
        self.keys: list[str] = []
        self.subscribed: set[str] = set()
        """What the present connection is subscribed to."""
        self._socket: ServerConnection | None = None

    def push(self, frame: Frame) -> None:
        """Send on the present connection."""
        assert self._socket is not None
        self._send(self._socket, frame)

    def scene(self) -> Scene:
        """The scene of the connection that comes next."""
        return self.scenes[min(self.connections, len(self.scenes) - 1)]

    def serve(self, connection: ServerConnection) -> None:
        """Play one scene."""
        scene = self.scene()
        self.connections += 1
        self.subscribed = set()
        self._send(connection, [status("connected", "Connected Successfully")])
        key = json.loads(connection.recv())["params"]
        self.keys.append(key)
        if scene.auth:
            answer = status(scene.auth, scene.message) if key == KEY else status("auth_failed", "authentication failed")
            self._send(connection, [answer])
            if answer["status"] not in {"auth_success", "success"}:
                return
        self._socket = connection
        played = False
        for text in connection:
            self._change(connection, json.loads(text))
            if self.subscribed and not played:
                played = True
                for frame in scene.frames:
                    self._send(connection, frame)
                if scene.then == "drop":
                    connection.socket.shutdown(socket.SHUT_RDWR)
                if scene.then != "hold":
                    return

    def _change(self, connection: ServerConnection, request: dict[str, str]) -> None:
        names = request["params"].split(",")
        if request["action"] == "subscribe":
            self.subscribed |= set(names)
        else:
            self.subscribed -= set(names)
        self._send(connection, [status("success", f"{request['action']}d to: {name}") for name in names])

    @staticmethod
    def _send(connection: ServerConnection, frame: Frame) -> None:
        connection.send(json.dumps(frame) if isinstance(frame, list) else frame)


class PolygonServer:
    """Use as a context manager; addresses are free ports of 127.0.0.1."""

    def __init__(self) -> None:
        self.stocks, self.options = Feed(), Feed()
        self.chains: dict[str, list[Record]] = {}
        self.page_rows = 250
        self.faults: deque[Fault] = deque()
        self.asked: list[Asked] = []
        self._closing = threading.Event()
        self._feeds = serve(self._play, "127.0.0.1", 0, process_request=self._refuse)
        self._rest = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._threads = [
            threading.Thread(target=self._feeds.serve_forever),
            threading.Thread(target=self._rest.serve_forever, kwargs={"poll_interval": 0.02}),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._feeds.shutdown()
        self._rest.shutdown()
        self._rest.server_close()
        for thread in self._threads:
            thread.join()

    @property
    def rest_url(self) -> str:
        """Address of the REST side."""
        return f"http://127.0.0.1:{self._rest.server_address[1]}"

    def feed_url(self, name: str) -> str:
        """Address of a feed."""
        return f"ws://127.0.0.1:{self._feeds.socket.getsockname()[1]}/{name}"

    def answer(self, target: str, authorization: str | None) -> Fault:
        """What to answer to a request of the REST side."""
        self.asked.append(Asked(target, authorization))
        if self.faults:
            return self.faults.popleft()
        if authorization != f"Bearer {KEY}":
            return Fault(401)
        parts = urlsplit(target)
        name = parts.path.removeprefix("/v3/snapshot/options/").removeprefix("I:")
        rows = self.chains.get(name, [])
        pages = [rows[start : start + self.page_rows] for start in range(0, len(rows), self.page_rows)] or [[]]
        number = int(parse_qs(parts.query).get("cursor", ["0"])[0])
        page: dict[str, Any] = {"request_id": "made-up", "status": "OK", "results": pages[number]}
        if number + 1 < len(pages):
            page["next_url"] = f"https://another.invalid{parts.path}?cursor={number + 1}"
        return Fault(200, body=json.dumps(page).encode())

    def pause(self, seconds: float) -> None:
        """Wait, unless the server is closing."""
        self._closing.wait(seconds)

    def _feed(self, path: str) -> Feed:
        return {"/stocks": self.stocks, "/options": self.options}[path]

    def _refuse(self, _: ServerConnection, request: Request) -> Response | None:
        feed = self._feed(request.path)
        code = feed.scene().http_status
        if code == Scene().http_status:
            return None
        feed.connections += 1
        return Response(code, "refused", Headers([("Content-Length", "0")]), b"")

    def _play(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        try:
            self._feed(connection.request.path).serve(connection)
        except ConnectionClosed:
            return


def _handler(server: PolygonServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = server.answer(self.path, self.headers.get("Authorization"))
            step = 1 if answer.trickles else max(1, len(answer.body))
            try:
                if not answer.trickles:
                    server.pause(answer.delay_s)
                self.send_response(answer.code)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                for start in range(0, len(answer.body), step):
                    self.wfile.write(answer.body[start : start + step])
                    if answer.trickles:
                        server.pause(answer.delay_s)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
            """Requests are noted in `asked`."""

    return Handler
