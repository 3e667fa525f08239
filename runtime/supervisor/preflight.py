"""Looks, before anything starts, whether what earlier runs left fits together."""

from contracts.errors import StateError
from runtime.embedded import kafka
from runtime.settings import Settings

CHECKPOINTS = "checkpoints"
"""Folder of the state where the streaming job remembers places in Kafka's topics; the database remembers others."""


def check(settings: Settings) -> None:
    """Refuse state that remembers places in topics that are gone: reading on from there would skip or fail later."""
    state = settings.state_dir
    if settings.kafka.bootstrap_servers is not None or kafka.is_sound(state / "kafka" / "data"):
        return
    if (state / CHECKPOINTS).is_dir():
        message = (
            f"{state}/kafka is gone or damaged, but {state / CHECKPOINTS} and the database remember places in its "
            f"topics. Put it back, or move {state} away to start afresh."
        )
        raise StateError(message)
