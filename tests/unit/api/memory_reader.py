"""A reader of stored signals that keeps them in memory, and stores the topic only as far as a test lets it."""

from collections.abc import Mapping, Sequence

from api.ports import Action, StoredSignal, Wanted
from contracts import stages, wire
from contracts.errors import PartError
from contracts.events import SignalIssued
from contracts.topics import SIGNALS
from tests.memory_topics import MemoryTopics


class MemoryReader:
    """What a database would answer whose writer has stored the topic up to an offset."""

    def __init__(self, topics: MemoryTopics) -> None:
        self._topics = topics
        self._stored: dict[str, StoredSignal] = {}
        self._up_to = 0
        self.down = False
        self.claims: int | None = None
        """What the database says is stored, where a test wants it to be wrong."""

    def store(self, up_to: int | None = None) -> None:
        """Store everything below an offset; everything there is without one."""
        log = self._topics.logs.get(SIGNALS.name, [])
        up_to = len(log) if up_to is None else up_to
        for message in log[self._up_to : up_to]:
            signal = wire.decode(SIGNALS.name, message.value)
            if isinstance(signal, SignalIssued):
                stamps = {**message.stamps, stages.SIGNALLED: message.appended_at}
                self._stored.setdefault(signal.event_id, StoredSignal(signal, stamps))
        self._up_to = up_to

    def newest_signals(
        self, *, symbols: Sequence[str] = (), actions: Sequence[Action] = (), since: int = 0, limit: int = 100
    ) -> list[StoredSignal]:
        return self._ordered(Wanted(tuple(symbols), tuple(actions), since))[::-1][:limit]

    def oldest_signals(
        self,
        after: tuple[int, str],
        *,
        symbols: Sequence[str] = (),
        actions: Sequence[Action] = (),
        limit: int = 100,
    ) -> list[StoredSignal]:
        ordered = self._ordered(Wanted(tuple(symbols), tuple(actions)))
        return [stored for stored in ordered if _place(stored) > after][:limit]

    def signal(self, event_id: str) -> StoredSignal | None:
        self._check()
        return self._stored.get(event_id)

    def stored_up_to(self, topic: str) -> Mapping[int, int]:
        self._check()
        up_to = self._up_to if self.claims is None else self.claims
        return {0: up_to} if topic == SIGNALS.name and up_to else {}

    def _ordered(self, wanted: Wanted) -> list[StoredSignal]:
        self._check()
        return sorted((stored for stored in self._stored.values() if wanted.admits(stored.signal)), key=_place)

    def _check(self) -> None:
        if self.down:
            raise PartError("the database does not answer. Check it with `optionsai status`")


def _place(stored: StoredSignal) -> tuple[int, str]:
    return stored.signal.event_time, stored.signal.event_id
