"""Waiting between attempts: exponential, capped, and jittered so that many clients do not come back in step."""

from random import Random


class Backoff:
    """Delays of `base_s`, twice that, and so on up to `cap_s`, each shortened by a random part of up to a half."""

    def __init__(self, base_s: float, cap_s: float, rng: Random) -> None:
        self._base_s, self._cap_s, self._rng = base_s, cap_s, rng
        self._failures = 0

    def next_s(self) -> float:
        """How long to wait after one more failure."""
        full_s = min(self._cap_s, self._base_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return full_s * self._rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It works again: the next failure is a first one."""
        self._failures = 0
