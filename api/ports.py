"""What the API needs from storage, as a protocol; `api.main` gives it the database's reader."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from contracts.events import SignalIssued
from storage.timescaledb_client.reader import Action, StoredSignal

__all__ = ["Action", "SignalReader", "StoredSignal", "Wanted"]


class Wanted(NamedTuple):
    """Which signals: empty tuples mean all. `since` is inclusive, microseconds of event time."""

    symbols: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    since: int = 0

    def admits(self, signal: SignalIssued) -> bool:
        """Whether the signal is one of them."""
        return (
            signal.event_time >= self.since
            and (not self.symbols or signal.symbol in self.symbols)
            and (not self.actions or signal.action in self.actions)
        )


class SignalReader(Protocol):
    """Reads stored signals, from any thread. Each method raises `PartError` when the database does not answer."""

    def newest_signals(
        self, *, symbols: Sequence[str] = (), actions: Sequence[Action] = (), since: int = 0, limit: int = 100
    ) -> Sequence[StoredSignal]:
        """The latest signals from `since` (µs since the epoch) on, newest first; no symbols or actions mean all."""

    def oldest_signals(
        self,
        after: tuple[int, str],
        *,
        symbols: Sequence[str] = (),
        actions: Sequence[Action] = (),
        limit: int = 100,
    ) -> Sequence[StoredSignal]:
        """The first signals after (event time in µs, id), oldest first. An empty id sorts first."""

    def signal(self, event_id: str) -> StoredSignal | None:
        """One signal, or None."""

    def stored_up_to(self, topic: str) -> Mapping[int, int]:
        """Partition of a topic → the offset below which everything is stored."""
