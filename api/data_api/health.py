"""Whether what the API depends on answers, found out anew at each question."""

from collections.abc import Callable, Mapping
from typing import Final

from api.data_api.views import Check, Health
from api.ports import StoredSignal
from contracts import stages
from contracts.errors import OptionsAIError

US_PER_S: Final = 1_000_000


class Monitor:
    """Asks each dependency. A probe says in words how it stands, or raises one of our errors."""

    def __init__(
        self,
        probes: Mapping[str, Callable[[], str]],
        last_signal: Callable[[], StoredSignal | None],
        now: Callable[[], int],
    ) -> None:
        self._probes, self._last_signal, self._now = probes, last_signal, now

    def health(self) -> Health:
        """The answer of `/health`. Old signals alone do not make it fail: a closed market issues none."""
        checks = {name: _check(probe) for name, probe in self._probes.items()}
        last = self._last_signal()
        return Health(
            status="ok" if all(check.ok for check in checks.values()) else "failing",
            simulated=None if last is None else last.signal.simulated,
            checks=checks,
            last_signal_age_s=None if last is None else self._age_s(last),
        )

    def _age_s(self, last: StoredSignal) -> float:
        """Since Kafka got it; where that is not known, since the moment it speaks of."""
        return max(self._now() - last.stages.get(stages.SIGNALLED, last.signal.event_time), 0) / US_PER_S


def _check(probe: Callable[[], str]) -> Check:
    try:
        return Check(ok=True, detail=probe())
    except OptionsAIError as error:
        return Check(ok=False, detail=str(error))
