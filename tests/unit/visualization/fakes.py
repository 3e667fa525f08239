"""Small implementations of what the application needs from outside."""

from collections.abc import Mapping, Sequence

from contracts.errors import PartError
from contracts.events import GreeksComputed
from storage.timescaledb_client.reader import StoredSignal
from visualization.dash_app.ports import ServiceState


class MemoryReader:
    """A database with what a test puts into it."""

    def __init__(self) -> None:
        self.stored: list[StoredSignal] = []
        self.greeks: list[GreeksComputed] = []
        self.up_to: dict[int, int] = {}
        self.down = False

    def newest_signals(self, *, limit: int = 100) -> Sequence[StoredSignal]:
        self._check()
        return self.stored[::-1][:limit]

    def signal(self, event_id: str) -> StoredSignal | None:
        self._check()
        return next((found for found in self.stored if found.signal.event_id == event_id), None)

    def chain(self, underlying: str, as_of: int) -> Sequence[GreeksComputed]:
        self._check()
        return [greeks for greeks in self.greeks if greeks.underlying == underlying and greeks.event_time <= as_of]

    def stored_up_to(self, topic: str) -> Mapping[int, int]:
        self._check()
        assert topic == "engine.signals"
        return self.up_to

    def _check(self) -> None:
        if self.down:
            raise PartError("the database does not answer")


class FixedStatus:
    """Services that stand as a test says."""

    def __init__(self, states: Mapping[str, ServiceState] | None = None) -> None:
        self.states = dict(states or {})

    def ask(self) -> Mapping[str, ServiceState]:
        return dict(self.states)
