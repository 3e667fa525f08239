"""What the supervisor knows of a part: a row of a table."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

from runtime.supervisor.processes import Command

Prepare = Callable[[], str | None]
"""Makes ready to start; what the operator should know of it, if anything."""
Probe = Callable[[], str | None]
"""Asks a part whether it does its work: None if so, else what is missing. Bounded in time; it runs in a thread."""


def nothing() -> None:
    """No preparation."""


def always_ready() -> str | None:
    """For a part that is ready once it was prepared."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part. Without a command it is a step: done once its preparation is, never again, and what that told stands
    beside it.
    """

    name: str
    needs: tuple[str, ...] = ()
    """Parts that must have become ready before this one starts."""
    prepare: Prepare = nothing
    """Runs before every start, in a thread. An error of ours on the first start is the operator's to mend and ends the
    run; later ones are retried."""
    command: Command | None = None
    probe: Probe = always_ready
    start_limit_s: float = 60.0
    """A process that is not ready by then is killed and started again."""
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 15.0
    """How long an orderly stop may take before the process is killed."""
