"""One WebSocket of Polygon.io / Massive: connect, authenticate, subscribe, read, and come back when it breaks.

Theory of operation
-------------------
The provider disconnects everyone about every two hours, drops readers that are too slow, and now and then goes silent
on a connection that stays open. So this thread does nothing but read: a frame is noted with its arrival time and handed
on. It reconnects on a broken connection, and equally when no data has come for `silence_s`, whatever TCP says. Delays
grow from attempt to attempt until *data* arrives, not merely a connection: overnight, when silence is natural, a
watchdog that resets on connecting would knock every half minute, and so would a client that is evicted again and again.

Words of the server that no retry can change (a wrong key, a plan without this feed, somebody else on the one connection
that a key may hold) end the thread with a `ProviderError` that says what to do.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from contracts.errors import ConfigError, ProviderError
from contracts.ports import Stop
from data_ingestion.api_clients.backoff import Backoff
from data_ingestion.api_clients.polygon_settings import Limits
from data_ingestion.parsing.polygon import Status, statuses

REFUSALS: Final[tuple[tuple[str, str, str], ...]] = (
    ("auth_failed", "", "Check POLYGON_API_KEY, and that the plan includes this WebSocket feed"),
    ("max_connections", "", "A key may hold one connection a feed: stop the other program that uses this key"),
    ("error", "not authorized", "Choose a plan that includes these data, or remove the symbols from polygon.symbols"),
    ("error", "authentication failed", "Check POLYGON_API_KEY"),
)
"""Status, a part of its message in lower case, and what the operator does."""
AUTHENTICATED: Final = (("auth_success", ""), ("success", "authenticated"))
REFUSED_HTTP: Final = (401, 403)


class StreamLostError(Exception):
    """The connection is of no more use; leaves this module as a log line and another attempt."""


class Stream:
    """Reads one feed until `halt`; `deliver` gets each frame and its arrival time in microseconds, and may block.

    `wanted` names the subscriptions of this moment, such as `Q.AAPL`; while it is empty nothing is connected.
    """

    def __init__(
        self,
        name: str,
        url: str,
        api_key: str,
        *,
        wanted: Callable[[], frozenset[str]],
        deliver: Callable[[bytes, int], None],
        now: Callable[[], int],
        halt: Stop,
        silence_s: float,
        limits: Limits,
        backoff: Backoff,
        log: Any,  # noqa: ANN401 - structlog's own type for a bound logger
    ) -> None:
        self.name, self.connections, self.connected = name, 0, False
        self._url, self._api_key = url, api_key
        self._wanted, self._deliver, self._now, self._halt = wanted, deliver, now, halt
        self._silence_s, self._limits, self._backoff, self._log = silence_s, limits, backoff, log
        self._subscribed: frozenset[str] = frozenset()
        # At level DEBUG the library writes every frame to the log, the one with our key among them.
        self._library_log = logging.getLogger(f"{__name__}.{name}")
        self._library_log.setLevel(logging.WARNING)

    def run(self) -> None:
        """Read until asked to halt; `ProviderError` or `ConfigError` when trying again cannot help."""
        while not self._halt.is_set():
            if not self._wanted():
                self._halt.wait(self._limits.poll_s)
                continue
            try:
                self._session()
            except InvalidURI as error:
                key = f"polygon.{self.name}_url"
                raise ConfigError("api_config.yaml", key, str(error), "Give a ws:// or wss:// address") from error
            except InvalidStatus as error:
                self._retry_unless_refused(error)
            except (OSError, WebSocketException, StreamLostError) as error:
                self._retry(error)

    def _retry(self, error: Exception) -> None:
        delay_s = self._backoff.next_s()
        self._log.warning("polygon stream lost", feed=self.name, error=str(error), retry_in_s=round(delay_s, 3))
        self._halt.wait(delay_s)

    def _retry_unless_refused(self, error: InvalidStatus) -> None:
        code = error.response.status_code
        if code in REFUSED_HTTP:
            raise ProviderError(f"Polygon refused the {self.name} feed with HTTP {code}. {REFUSALS[0][2]}") from error
        self._retry(error)

    def _session(self) -> None:
        with connect(
            self._url,
            open_timeout=self._limits.handshake_s,
            close_timeout=self._limits.close_s,
            max_size=self._limits.message_bytes,
            logger=self._library_log,
        ) as socket:
            self._authenticate(socket)
            self.connections += 1
            self.connected, self._subscribed = True, frozenset()
            self._log.info("polygon stream connected", feed=self.name, connections=self.connections)
            try:
                self._read(socket)
            finally:
                self.connected = False

    def _authenticate(self, socket: ClientConnection) -> None:
        self._send(socket, "auth", self._api_key)
        deadline = time.monotonic() + self._limits.handshake_s
        while time.monotonic() < deadline and not self._halt.is_set():
            for status in self._judge(self._receive(socket) or b""):
                if any(status.status == word and part in status.message for word, part in AUTHENTICATED):
                    return
        raise StreamLostError(f"no answer to our key within {self._limits.handshake_s:g} s")

    def _read(self, socket: ClientConnection) -> None:
        deadline = time.monotonic() + self._silence_s
        while not self._halt.is_set():
            self._subscribe(socket)
            if (frame := self._receive(socket)) is not None:
                arrived = self._now()
                is_data = not self._judge(frame)
                self._deliver(frame, arrived)
                if is_data:
                    self._backoff.reset()
                    deadline = time.monotonic() + self._silence_s
            if time.monotonic() >= deadline:
                raise StreamLostError(f"silent for {self._silence_s:g} s")

    def _judge(self, frame: bytes) -> list[Status]:
        """The server's words in a frame; `ProviderError` if one of them is final."""
        said = statuses(frame)
        for status in said:
            for word, part, remedy in REFUSALS:
                if status.status == word and part in status.message.lower():
                    raise ProviderError(f"Polygon refused the {self.name} feed: {status.message[:200]}. {remedy}")
            if status.status == "error":
                self._log.warning("polygon reports an error", feed=self.name, message=status.message[:200])
        return said

    def _subscribe(self, socket: ClientConnection) -> None:
        """Bring the server's list to what is wanted; what to leave goes first, as the provider limits the number."""
        wanted = self._wanted()
        if wanted is self._subscribed:
            return
        for action, names in (("unsubscribe", self._subscribed - wanted), ("subscribe", wanted - self._subscribed)):
            for chunk in _chunks(sorted(names), self._limits.subscriptions_per_message):
                self._send(socket, action, ",".join(chunk))
        self._subscribed = wanted

    @staticmethod
    def _send(socket: ClientConnection, action: str, params: str) -> None:
        socket.send(msgspec.json.encode({"action": action, "params": params}).decode())

    def _receive(self, socket: ClientConnection) -> bytes | None:
        """The next frame, or None if none comes within `poll_s`."""
        try:
            return socket.recv(timeout=self._limits.poll_s, decode=False)
        except TimeoutError:
            return None


def _chunks(names: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(names)
    while chunk := list(islice(rest, size)):
        yield chunk
