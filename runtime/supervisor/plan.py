"""The arithmetic of supervision, pure: in which order parts start and stop, and how long a dead one waits."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

Needs = Mapping[str, Sequence[str]]
"""Part → the parts that must be ready before it starts."""


class Backoff(NamedTuple):
    """How long a part that died waits before its next start: doubling from `first_s` to `longest_s`, for ever.

    A part that stayed healthy for `forgiven_after_s` starts again as if it had never failed.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    forgiven_after_s: float = 60.0

    def delay_s(self, failures: int) -> float:
        """Wait before the start that follows the `failures`-th failure in a row (1 is the first).

        >>> [Backoff().delay_s(failures) for failures in (1, 2, 3, 7, 99)]
        [0.5, 1.0, 2.0, 30.0, 30.0]
        """
        # The exponent is capped because a float overflows past 2**1023 and a part may fail for months.
        return float(min(self.longest_s, self.first_s * 2 ** min(failures - 1, 64)))

    def failures_after(self, failures: int, healthy_s: float) -> int:
        """Failures in a row, counting one more death of a part that had been healthy for `healthy_s`."""
        return 1 if healthy_s >= self.forgiven_after_s else failures + 1


def start_order(needs: Needs) -> list[str]:
    """Parts, each after all it needs; `ValueError` for a circle or a need nobody fills."""
    unknown = sorted({need for part in needs.values() for need in part} - set(needs))
    if unknown:
        raise ValueError(f"needed but not in the table: {', '.join(unknown)}")
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise ValueError(f"parts need each other in a circle: {' → '.join(error.args[1])}") from error


def dependants(needs: Needs) -> dict[str, tuple[str, ...]]:
    """Part → those that need it directly: they stop before it does."""
    return {part: tuple(other for other, its in needs.items() if part in its) for part in needs}
