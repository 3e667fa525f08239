"""A sink in memory: keeps what is sent, in order, and refuses what Kafka's sink would refuse."""

from contracts.events import Event
from contracts.ports import Stamps
from contracts.wire import encode


class MemorySink:
    """Behind the port `EventSink`."""

    def __init__(self) -> None:
        self.sent: list[tuple[Event, dict[str, int]]] = []
        self.acknowledged = 0

    def send(self, event: Event, stamps: Stamps) -> None:
        encode(event)
        self.sent.append((event, dict(stamps)))

    def flush(self, timeout_s: float) -> None:
        assert timeout_s > 0
        self.acknowledged = len(self.sent)

    @property
    def events(self) -> list[Event]:
        return [event for event, _ in self.sent]


class Figures:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.late_us: list[int] = []
        self.oddities: list[str] = []

    def sent(self, event: Event, late_us: int) -> None:
        assert event.event_id
        self.late_us.append(late_us)

    def noticed(self, oddity: str) -> None:
        self.oddities.append(oddity)
