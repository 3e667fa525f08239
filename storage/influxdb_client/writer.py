"""From Kafka into InfluxDB: at least once, in order, and never faster than the server takes it.

Theory of operation
-------------------
A group of its own remembers how far it is; offsets are committed when the server has the points, so a kill repeats some
and loses none, and a repeated point overwrites itself (`storage.influxdb_client.series`). While the server is away or
overloaded the same points are offered again, ever more slowly, and nothing further is read: the backlog waits in Kafka,
not in memory. A point that the server will not have is found by halving the batch and left out, so that one of them
does not hold up all others.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from contracts.errors import PartError, RejectedRecord, StateError
from contracts.ports import EventSource, Message, Position, Stop
from storage.influxdb_client.series import Points
from storage.influxdb_client.server import BusyError, Partial

MAX_MESSAGES: Final = 10_000
MAX_LINES: Final = 5_000
"""Points in one request, as InfluxDB advises."""
POLL_TIMEOUT_S: Final = 0.5
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0


class Source(EventSource, Protocol):
    """An `EventSource` that also knows what the broker still has."""

    def beginnings(self) -> Sequence[Position]:
        """The oldest record of each partition."""


class Server(Protocol):
    """Where points go (`storage.influxdb_client.server.InfluxServer`)."""

    def write(self, lines: Sequence[str]) -> None:
        """Write points, or say why not."""


class Report(Protocol):
    """Where the writer tells how it fares."""

    def written(self, points: int) -> None:
        """The server has these."""

    def refused(self, points: int, explanation: str) -> None:
        """The server will not have these; they are left out."""

    def left_out(self, unreadable: int, too_many: int) -> None:
        """Records that broke their contract, and points of more series than are allowed, both since the start."""

    def gap(self) -> None:
        """Kafka has removed records before they were read; reading goes on at the oldest."""

    def interrupted(self, error: Exception, pause_s: float) -> None:
        """The server or the broker did not do its part; it is asked again after a pause."""


class SeriesWriter:
    """Moves points from a source to a server until asked to stop."""

    def __init__(self, source: Source, server: Server, report: Report, flush_interval_s: float) -> None:
        self._source, self._server, self._report = source, server, report
        self._flush_interval_s = flush_interval_s
        self._points = Points()

    def run(self, stop: Stop) -> None:
        """Write until asked to stop."""
        pause_s = FIRST_PAUSE_S
        while not stop.is_set():
            try:
                messages = self._poll()
                if messages and not self._deliver(self._points.lines(messages), stop):
                    return
                self._source.commit()
                pause_s = FIRST_PAUSE_S
            except PartError as error:
                self._report.interrupted(error, pause_s)
                stop.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            self._report.left_out(self._points.unreadable, self._points.too_many)
            if len(messages) < MAX_MESSAGES:
                stop.wait(self._flush_interval_s)

    def _poll(self) -> Sequence[Message]:
        try:
            return self._source.poll(MAX_MESSAGES, POLL_TIMEOUT_S)
        except StateError:
            self._report.gap()
            self._source.seek(self._source.beginnings())
            return ()

    def _deliver(self, lines: Sequence[str], stop: Stop) -> bool:
        """Whether all of these are done with; not if it was asked to stop before."""
        return all(self._write(lines[start : start + MAX_LINES], stop) for start in range(0, len(lines), MAX_LINES))

    def _write(self, lines: Sequence[str], stop: Stop) -> bool:
        """Offer points until they are taken or refused; False if asked to stop first."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self._server.write(lines)
            except Partial as told:
                self._report.refused(0, str(told))
                self._report.written(len(lines))
                return True
            except RejectedRecord as refusal:
                return self._isolate(lines, refusal, stop)
            except BusyError as busy:
                waiting_s = max(busy.wait_s, pause_s)
                self._report.interrupted(busy, waiting_s)
                if stop.wait(waiting_s):
                    return False
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._report.written(len(lines))
                return True

    def _isolate(self, lines: Sequence[str], refusal: RejectedRecord, stop: Stop) -> bool:
        """Halve a batch until the point that is refused stands alone."""
        if len(lines) == 1:
            self._report.refused(1, f"{refusal} in {lines[0]}")
            return True
        middle = len(lines) // 2
        return self._write(lines[:middle], stop) and self._write(lines[middle:], stop)
