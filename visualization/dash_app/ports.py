"""What the application needs from outside, as protocols; `visualization.dash_app.main` wires them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.events import GreeksComputed
from storage.timescaledb_client.reader import StoredSignal


class MarketReader(Protocol):
    """Reads what is stored, from any thread. Each method raises `PartError` when the database does not answer."""

    def newest_signals(self, *, limit: int = 100) -> Sequence[StoredSignal]:
        """The latest signals, newest first."""

    def signal(self, event_id: str) -> StoredSignal | None:
        """One signal, or None."""

    def chain(self, underlying: str, as_of: int) -> Sequence[GreeksComputed]:
        """The latest Greeks of each contract on an underlying; `as_of`: the present, in µs."""

    def stored_up_to(self, topic: str) -> Mapping[int, int]:
        """Partition of a topic → the offset below which everything is stored."""


class ServiceState(NamedTuple):
    """How one service stands. Counts are since it started; None where it does not say."""

    ready: bool
    detail: str
    events_in: float | None = None
    events_out: float | None = None
    memory_mib: float | None = None


class StatusProvider(Protocol):
    """Knows how the services stand."""

    def ask(self) -> Mapping[str, ServiceState]:
        """Service → how it stands now; takes at most a few seconds."""
