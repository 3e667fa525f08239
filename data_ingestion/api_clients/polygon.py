"""Polygon.io / Massive as a source of market events: two WebSockets and the chain snapshots, through one parser.

Theory of operation
-------------------
Three threads read: the stocks feed, the options feed, the chains. They put what they read, with its arrival time, into
one bounded queue. The caller's thread takes from it, parses and publishes, so the state that stamps option quotes has
one owner and needs no lock, and events leave in the order in which their bytes arrived.

A full queue stops the readers. Nothing is dropped here; the provider notices a reader that lags and disconnects it,
which the log and `Health` show. Three numbers tell the kinds of delay apart: `queue_lag_us` is ours, `feed_lag_us` is
what the data were late on arrival (a delayed plan, or the provider's own queue), `full_waits` counts stalls.

About once a second, when what was published is acknowledged, readers are told how far the market is: up to when the
oldest bytes came that still wait here, less what the feed is late and an allowance. What is later than that is late.

The options feed takes 1,000 contracts a connection. After each round of chain snapshots those nearest to the money are
chosen; the snapshots themselves bring the others.

What was sent while a feed was down is gone: the provider has no replay. The next snapshot brings every contract's last
quote, and the next quote the underlying's; trades of that time are missing.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Any, Final, NamedTuple

from contracts.events import Event, RecordRejected
from contracts.ports import Stop
from contracts.sessions import MICROS
from data_ingestion.api_clients.backoff import Backoff
from data_ingestion.api_clients.polygon_chains import Chains
from data_ingestion.api_clients.polygon_settings import Limits, PolygonFeed
from data_ingestion.api_clients.polygon_stream import Stream
from data_ingestion.parsing.as_of import AsOf
from data_ingestion.parsing.polygon import OPTIONS, STOCKS, parse_options, parse_stocks, time_passed
from data_ingestion.parsing.polygon_chain import INDICES, parse_chain_snapshot

Publish = Callable[[Event, int], None]
"""Takes an event and the time at which it was due: when its bytes arrived, microseconds since the epoch."""
Acknowledge = Callable[[], None]
"""Waits until all that was published is in Kafka."""
TELL_EVERY_US: Final = MICROS
ALLOWANCE_US: Final = 5 * MICROS
"""How much later than its neighbours an event may come and still be in time."""
PARSERS: Final = {STOCKS: parse_stocks, OPTIONS: parse_options}


class Health(NamedTuple):
    """How the source does. Lags in microseconds, of the frame handled last."""

    stocks_connected: bool
    options_connected: bool
    connections: int
    """Successful ones of both feeds; each beyond two was a reconnect."""
    queued_frames: int
    queue_lag_us: int
    feed_lag_us: int
    full_waits: int
    published: int
    rejected: int
    chain_rounds: int
    chain_pages_given_up: int
    contracts_listed: int
    contracts_followed: int


class _Arrival(NamedTuple):
    """Bytes as they came: a frame of a feed, a page of the chain of `symbol`, or the end of a round of chains."""

    channel: str
    received_at: int
    data: bytes = b""
    symbol: str = ""


_CHAIN: Final = "page"
_ROUND: Final = "round"


class PolygonSource:
    """Market events of Polygon.io / Massive; `run` in the thread that publishes."""

    def __init__(
        self,
        feed: PolygonFeed,
        api_key: str,
        now: Callable[[], int],
        stop: Stop,
        log: Any,  # noqa: ANN401 - structlog's own type for a bound logger
        *,
        limits: Limits = Limits(),  # noqa: B008 - an immutable tuple of numbers
        rng: Random | None = None,
    ) -> None:
        self._feed, self._now, self._stop, self._log, self._limits = feed, now, stop, log, limits
        self._rng = rng or Random()  # noqa: S311 - spreads retries, guards nothing
        self._as_of = AsOf(feed.symbols, feed.rate, feed.dividend_yields)
        self._queue: queue.Queue[_Arrival] = queue.Queue(limits.queue_frames)
        self._halt, self._abandon = threading.Event(), threading.Event()
        self._told_at = self._handled_until = self._told = now()
        self._followed = 0
        self._published = self._rejected = self._full_waits = self._queue_lag_us = self._feed_lag_us = 0
        stocks = frozenset(f"{kind}.{symbol}" for symbol in feed.symbols if symbol not in INDICES for kind in "QT")
        self._options_wanted: frozenset[str] = frozenset()
        self._stocks = self._stream("stocks", feed.stocks_url, api_key, STOCKS, lambda: stocks)
        self._options = self._stream("options", feed.options_url, api_key, OPTIONS, lambda: self._options_wanted)
        self._chains = Chains(
            feed.rest_url,
            api_key,
            feed.symbols,
            deliver=lambda symbol, page, at: self._put(_Arrival(_CHAIN, at, page, symbol)),
            finished=lambda: self._put(_Arrival(_ROUND, now())),
            now=now,
            halt=self._halt,
            refresh_s=feed.chain_refresh_s,
            limits=limits,
            backoff=self._backoff(),
            log=log,
        )

    def run(self, publish: Publish, acknowledge: Acknowledge) -> None:
        """Publish events until `stop`, then what has been received until then.

        Raises `ProviderError` or `ConfigError` once one of the readers cannot go on, after publishing what was there;
        errors of `publish` and `acknowledge` pass through.
        """
        with ThreadPoolExecutor(thread_name_prefix="polygon") as pool:
            readers = [pool.submit(reader.run) for reader in (self._stocks, self._options, self._chains)]
            try:
                while not self._stop.is_set() and not any(reader.done() for reader in readers):
                    self._handle_next(publish)
                    self._tell(publish, acknowledge)
                self._halt.set()
                while not (all(reader.done() for reader in readers) and self._queue.empty()):
                    self._handle_next(publish)
            finally:
                self._halt.set()
                self._abandon.set()
        _raise_first(readers)

    def health(self) -> Health:
        """How the source does at this moment; may be asked from any thread."""
        return Health(
            stocks_connected=self._stocks.connected,
            options_connected=self._options.connected,
            connections=self._stocks.connections + self._options.connections,
            queued_frames=self._queue.qsize(),
            queue_lag_us=self._queue_lag_us,
            feed_lag_us=self._feed_lag_us,
            full_waits=self._full_waits,
            published=self._published,
            rejected=self._rejected,
            chain_rounds=self._chains.rounds,
            chain_pages_given_up=self._chains.pages_given_up,
            contracts_listed=len(self._as_of.contracts),
            contracts_followed=self._followed,
        )

    def _stream(self, name: str, url: str, api_key: str, channel: str, wanted: Callable[[], frozenset[str]]) -> Stream:
        return Stream(
            name,
            url,
            api_key,
            wanted=wanted,
            deliver=lambda frame, at: self._put(_Arrival(channel, at, frame)),
            now=self._now,
            halt=self._halt,
            silence_s=self._feed.silence_s,
            limits=self._limits,
            backoff=self._backoff(),
            log=self._log,
        )

    def _backoff(self) -> Backoff:
        return Backoff(self._limits.backoff_base_s, self._limits.backoff_cap_s, self._rng)

    def _put(self, arrival: _Arrival) -> None:
        """Called by readers; waits for room, and gives up only when nobody will ever take it."""
        while not self._abandon.is_set():
            try:
                self._queue.put(arrival, timeout=self._limits.poll_s)
            except queue.Full:
                self._full_waits += 1
            else:
                return

    def _handle_next(self, publish: Publish) -> None:
        try:
            arrival = self._queue.get(timeout=self._limits.poll_s)
        except queue.Empty:
            return
        self._queue_lag_us = self._now() - arrival.received_at
        self._handled_until = arrival.received_at
        for event in self._events(arrival):
            publish(event, arrival.received_at)
            self._published += 1
            self._rejected += isinstance(event, RecordRejected)

    def _tell(self, publish: Publish, acknowledge: Acknowledge) -> None:
        """Tell readers how far the market is, if it is another second."""
        now = self._now()
        if now - self._told_at < TELL_EVERY_US:
            return
        self._told_at = now
        handled = now if self._queue.empty() else self._handled_until
        reached = (handled - max(self._feed_lag_us, 0) - ALLOWANCE_US) // MICROS * MICROS
        if reached <= self._told:
            return
        acknowledge()
        self._told = reached
        for symbol in self._feed.symbols:
            publish(time_passed(symbol, reached), now)

    def _events(self, arrival: _Arrival) -> list[Event]:
        if arrival.channel == _ROUND:
            self._choose(arrival.received_at)
            return []
        if arrival.channel == _CHAIN:
            page = parse_chain_snapshot(arrival.data, arrival.symbol, arrival.received_at, self._as_of)
            if page.delayed:
                self._log.warning("polygon quotes are delayed by the plan", symbol=arrival.symbol, quotes=page.delayed)
            return page.events
        events = PARSERS[arrival.channel](arrival.data, arrival.received_at, self._as_of)
        if events:
            self._feed_lag_us = arrival.received_at - events[-1].event_time
        return events

    def _choose(self, now: int) -> None:
        self._as_of.forget_expired(now)
        chosen = self._as_of.nearest(self._feed.max_contracts, now)
        self._followed = len(chosen)
        self._options_wanted = frozenset(f"{kind}.O:{contract}" for contract in chosen for kind in "QT")
        self._log.info("polygon contracts chosen", listed=len(self._as_of.contracts), followed=len(chosen))


def _raise_first(readers: list[Future[None]]) -> None:
    for reader in readers:
        reader.result()
