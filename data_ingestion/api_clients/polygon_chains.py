"""Option chain snapshots of Polygon.io / Massive over REST: page after page, round after round.

The key travels in the `Authorization` header, never in an address, because addresses end up in logs. A page is asked
for again after a limit (429, as long as `Retry-After` says), a fault of the server or of the network; after the last
attempt the rest of that chain waits for the next round. A key or a plan that is refused ends the client.
"""

import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from math import inf
from typing import Any, Final

import httpx

from contracts.errors import ConfigError, ProviderError
from contracts.ports import Stop
from contracts.sessions import MICROS
from data_ingestion.api_clients.backoff import Backoff
from data_ingestion.api_clients.polygon_settings import Limits
from data_ingestion.parsing.polygon_chain import first_page, next_page

REFUSALS: Final = {
    401: "Check POLYGON_API_KEY",
    403: "Choose a plan that includes option chain snapshots of this symbol, or remove it from polygon.symbols",
}
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500
NEVER: Final = inf


class PageError(Exception):
    """A page did not come; leaves this module as a log line and another attempt after `retry_in_s`, if given."""

    def __init__(self, problem: str, retry_in_s: float | None = None) -> None:
        self.retry_in_s = retry_in_s
        super().__init__(problem)


class Chains:
    """Reads the chains of `symbols` until `halt`, one round every `refresh_s`.

    `deliver` gets each page with its symbol and arrival time in microseconds, and may block; `finished` is called after
    each round.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        symbols: Sequence[str],
        *,
        deliver: Callable[[str, bytes, int], None],
        finished: Callable[[], None],
        now: Callable[[], int],
        halt: Stop,
        refresh_s: float,
        limits: Limits,
        backoff: Backoff,
        log: Any,  # noqa: ANN401 - structlog's own type for a bound logger
    ) -> None:
        self.rounds = self.pages_given_up = 0
        self._url, self._api_key, self._symbols = url, api_key, tuple(symbols)
        self._deliver, self._finished, self._now, self._halt = deliver, finished, now, halt
        self._refresh_s, self._limits, self._backoff, self._log = refresh_s, limits, backoff, log

    def run(self) -> None:
        """Read until asked to halt; `ProviderError` or `ConfigError` when trying again cannot help."""
        timeout = httpx.Timeout(self._limits.request_s, connect=self._limits.connect_s)
        headers = {"Authorization": f"Bearer {self._api_key}"}
        try:
            with httpx.Client(base_url=self._url, headers=headers, timeout=timeout) as http:
                while not self._halt.is_set():
                    started = time.monotonic()
                    for symbol in self._symbols:
                        self._read(http, symbol)
                    self.rounds += 1
                    self._finished()
                    self._halt.wait(max(0.0, self._refresh_s - (time.monotonic() - started)))
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            remedy = "Give an http:// or https:// address"
            raise ConfigError("api_config.yaml", "polygon.rest_url", str(error), remedy) from error

    def _read(self, http: httpx.Client, symbol: str) -> None:
        """One chain; on return every page that could be had is delivered."""
        path = first_page(symbol)
        for _ in range(self._limits.pages):
            page = self._page(http, path)
            if page is None:
                return
            self._deliver(symbol, page, self._now())
            following = next_page(page)
            if following is None:
                return
            path = following
        self._log.warning("polygon chain has no end", symbol=symbol, pages=self._limits.pages)

    def _page(self, http: httpx.Client, path: str) -> bytes | None:
        """One page; None when halted or when all attempts failed."""
        problem = "halted"
        for _ in range(self._limits.page_attempts):
            if self._halt.is_set():
                return None
            try:
                page = self._get(http, path)
            except httpx.UnsupportedProtocol:
                raise
            except httpx.HTTPError as error:
                problem, delay_s = f"{type(error).__name__}: {error}", self._backoff.next_s()
            except PageError as error:
                problem, delay_s = str(error), self._backoff.next_s() if error.retry_in_s is None else error.retry_in_s
            else:
                self._backoff.reset()
                return page
            if delay_s > self._limits.retry_after_cap_s:
                break
            self._log.warning("polygon page failed", path=path, problem=problem, retry_in_s=round(delay_s, 3))
            self._halt.wait(delay_s)
        self.pages_given_up += 1
        self._log.warning("polygon page given up until the next refresh", path=path, problem=problem)
        return None

    def _get(self, http: httpx.Client, path: str) -> bytes:
        """Body of a successful answer. The library's time limit is for each read; the one here is for all of them."""
        deadline = time.monotonic() + self._limits.request_s
        with http.stream("GET", path) as response:
            code = response.status_code
            if remedy := REFUSALS.get(code):
                raise ProviderError(f"Polygon refused {path} with HTTP {code}. {remedy}")
            if not response.is_success:
                raise PageError(f"HTTP {code}", self._retry_in_s(code, response.headers.get("Retry-After")))
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._limits.page_bytes:
                    raise PageError(f"longer than {self._limits.page_bytes} bytes", NEVER)
                if time.monotonic() > deadline:
                    raise PageError(f"not complete within {self._limits.request_s:g} s")
        return bytes(body)

    def _retry_in_s(self, code: int, retry_after: str | None) -> float | None:
        """What the server asks for, as seconds or as a date; None leaves it to the back-off."""
        if code != TOO_MANY and code < SERVER_FAULT:
            return NEVER
        if retry_after is None:
            return None
        if retry_after.isdecimal():
            return float(retry_after)
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self._now() / MICROS)
        except ValueError:
            return None
