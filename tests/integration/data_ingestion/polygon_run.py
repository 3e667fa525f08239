"""A `PolygonSource` running in a thread against the contract server, with waits short enough for tests."""

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from structlog.testing import CapturingLogger

from contracts.events import Event, OptionQuoteReceived, QuoteReceived, RecordRejected
from data_ingestion.api_clients.polygon import PolygonSource
from data_ingestion.api_clients.polygon_settings import Limits, PolygonFeed
from tests.servers.polygon import PolygonServer
from tests.servers.polygon_messages import KEY, NOW_US
from tests.waiting import wait_until

PATIENCE_S: Final = 20.0
QUICK: Final = Limits(
    poll_s=0.02, handshake_s=1.0, close_s=0.2, request_s=0.5, connect_s=1.0, backoff_base_s=0.02, backoff_cap_s=0.1
)


class Run:
    """Use as a context manager; leaving it stops the source, and raises nothing: look at `error`."""

    def __init__(
        self,
        server: PolygonServer,
        *,
        limits: Limits = QUICK,
        key: str = KEY,
        silence_s: float = 30.0,
        refresh_s: float = 0.1,
        max_contracts: int = 1_000,
        symbols: tuple[str, ...] = ("AAPL",),
        urls: dict[str, str] | None = None,
        publish: Callable[[Event, int], None] | None = None,
        now: Callable[[], int] = lambda: NOW_US,
    ) -> None:
        addresses = {
            "rest_url": server.rest_url,
            "stocks_url": server.feed_url("stocks"),
            "options_url": server.feed_url("options"),
        } | (urls or {})
        feed = PolygonFeed(
            rest_url=addresses["rest_url"],
            stocks_url=addresses["stocks_url"],
            options_url=addresses["options_url"],
            symbols=symbols,
            chain_refresh_s=refresh_s,
            silence_s=silence_s,
            max_contracts=max_contracts,
            rate=0.04,
        )
        self.published: list[tuple[Event, int]] = []
        self.acknowledged = 0
        """How many events had been published when the source last waited for them."""
        self.error: Exception | None = None
        self.log = CapturingLogger()
        self.stop = threading.Event()
        self.source = PolygonSource(feed, key, now, self.stop, self.log, limits=limits)
        self._publish = publish or (lambda event, due: self.published.append((event, due)))
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop.set()
        self.join()

    def join(self) -> None:
        """Wait for the source to end by itself or after `stop`."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def quotes(self) -> list[QuoteReceived]:
        """Stock quotes so far."""
        return [event for event, _ in self.published if isinstance(event, QuoteReceived)]

    def option_quotes(self, *, live: bool = True) -> list[OptionQuoteReceived]:
        """Option quotes so far: those of the feed, which carry the provider's sequence number, or of the snapshots."""
        found = [event for event, _ in self.published if isinstance(event, OptionQuoteReceived)]
        return [event for event in found if bool(event.sequence) == live]

    def reasons(self) -> Counter[str]:
        """Reasons of the records rejected so far."""
        return Counter(event.reason for event, _ in self.published if isinstance(event, RecordRejected))

    def sequences(self) -> list[int]:
        """Sequence numbers of the stock quotes so far."""
        return [event.sequence for event in self.quotes()]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; fails at once if the source has ended with an error."""
        wait_until(lambda: condition() or self.error is not None, PATIENCE_S, what)
        assert self.error is None

    def _acknowledge(self) -> None:
        self.acknowledged = len(self.published)

    def _run(self) -> None:
        try:
            self.source.run(self._publish, self._acknowledge)
        except Exception as error:  # noqa: BLE001 - whatever ended the source is what the test judges
            self.error = error
