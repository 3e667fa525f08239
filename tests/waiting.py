"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP_S = 0.05


def wait_until(condition: Callable[[], T | None], timeout_s: float, what: str, step_s: float = STEP_S) -> T:
    """The first truthy value of `condition`, asked every `step_s`; fails with `what` when the time is up."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        pause.wait(step_s)
