"""A small real InfluxDB 2 on loopback: the write side of its API, with faults on request.

It keeps points as InfluxDB does, by measurement, tags and time, and is as strict: one line that does not parse refuses
the batch. What stands in `faults` is answered first. Points that `refuses` names are refused one by one when
`is_partial`, and with their whole batch when not.
"""

import gzip
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

TOKEN: Final = "a-token"  # noqa: S105 - of this server only
ORG: Final = "an-organisation"
BUCKET: Final = "a-bucket"

_NAME = r"(?:[^,= \\\n]|\\[,= ])+"
_POINT = re.compile(
    rf"(?P<name>{_NAME})(?P<tags>(?:,{_NAME}={_NAME})*) "
    rf"(?P<fields>{_NAME}=[^, \n]+(?:,{_NAME}=[^, \n]+)*) (?P<time>-?\d+)"
)
_PAIR = re.compile(rf"({_NAME})=((?:[^,= \\\n]|\\[,= ])+)")
_NUMBER = re.compile(r"-?\d+i|-?\d+(?:\.\d*)?(?:e[+-]?\d+)?")

Key = tuple[str, tuple[tuple[str, str], ...], int]
"""Measurement, tags and time in ns: what makes a point this one."""
Fields = dict[str, float]


class Fault(NamedTuple):
    """An answer out of turn."""

    code: int
    headers: Sequence[tuple[str, str]] = ()
    message: str = "made up by the test server"
    delay_s: float = 0.0


def parse(line: str) -> tuple[Key, Fields]:
    """One line of the protocol, as strictly as its specification has it; `ValueError` if it is none."""
    found = _POINT.fullmatch(line)
    if found is None:
        raise ValueError(f"unable to parse '{line}'")
    tags = tuple((_plain(key), _plain(value)) for key, value in _PAIR.findall(found["tags"]))
    fields = {_plain(key): _number(value) for key, value in _PAIR.findall(found["fields"])}
    return (_plain(found["name"]), tuple(sorted(tags)), int(found["time"])), fields


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"unable to parse field value '{text}'")
    return int(text[:-1]) if text.endswith("i") else float(text)


class InfluxServerDouble:
    """Listens on a port of its own between `start` and `stop`; the port and the points stay over a restart."""

    def __init__(self) -> None:
        self.points: dict[Key, Fields] = {}
        self.faults: deque[Fault | None] = deque()
        """One a request; None lets a request through."""
        self.refuses: Callable[[Key], bool] = lambda _: False
        self.is_partial = False
        self.requests: list[int] = []
        """Lines of each request that was let in."""
        self._port = 0
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begin to listen."""
        self._closing.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self))
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        """Be gone."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def pause(self, seconds: float) -> None:
        """Wait, unless the server is closing."""
        self._closing.wait(seconds)

    def answer(self, target: str, authorization: str | None, body: str) -> Fault:
        """What to answer to a request; `Fault(204)` when all is well."""
        fault = self.faults.popleft() if self.faults else None
        if fault is not None:
            return fault
        asked = {key: values[0] for key, values in parse_qs(urlsplit(target).query).items()}
        if authorization != f"Token {TOKEN}":
            return Fault(401, message="unauthorized access")
        if (asked.get("org"), asked.get("bucket")) != (ORG, BUCKET):
            return Fault(404, message=f'bucket "{asked.get("bucket")}" not found')
        assert asked.get("precision") == "ns"
        self.requests.append(body.count("\n") + 1)
        try:
            found = [parse(line) for line in body.split("\n")]
        except ValueError as error:
            return Fault(400, message=str(error))
        return self._take(found)

    def _take(self, found: Sequence[tuple[Key, Fields]]) -> Fault:
        dropped = [key for key, _ in found if self.refuses(key)]
        if dropped and not self.is_partial:
            return Fault(400, message=f"refused: {dropped[0][0]}")
        for key, fields in found:
            if not self.refuses(key):
                self.points[key] = self.points.get(key, {}) | fields
        if dropped:
            return Fault(400, message=f"partial write: field type conflict dropped={len(dropped)}")
        return Fault(204)


def _handler(server: InfluxServerDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
            answer = server.answer(self.path, self.headers.get("Authorization"), body.decode())
            content = b"" if answer.code == 204 else json.dumps({"code": "x", "message": answer.message}).encode()
            try:
                server.pause(answer.delay_s)
                self.send_response(answer.code)
                for name, value in answer.headers:
                    self.send_header(name, value)
                if content:
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return
            finally:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
            """What arrived is in `points` and `requests`."""

    return Handler
