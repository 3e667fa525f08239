"""The writing side of Kafka, behind the port `contracts.ports.EventSink`.

Theory of operation: an idempotent producer numbers its batches, so that the client's own retries neither duplicate nor
reorder; a restarted process may send again what the old one sent, and ids absorb that. A full queue is back-pressure:
`send` serves the client until there is room, because a dropped message would be lost silently. The client retries
through a broker's restart by itself; what it finally gives up on is counted, and `flush` raises.
"""

import time
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from contracts.errors import PartError
from contracts.events import Event
from contracts.ports import Stamps
from contracts.topics import BY_EVENT
from contracts.wire import encode, key_of

QUEUE_MESSAGES: Final = 200_000
"""About 100 MB of option quotes: a minute of a broker's absence at the measured load."""
FULL_QUEUE_TIMEOUT_S: Final = 120.0
"""How long a full queue may stay full. The embedded broker is back within seconds of a crash."""
SERVE_S: Final = 0.05

DEFAULTS: Final[dict[str, Any]] = {
    "linger.ms": 5,
    "compression.type": "lz4",
    "queue.buffering.max.messages": QUEUE_MESSAGES,
}
_REQUIRED: Final[dict[str, Any]] = {
    "enable.idempotence": True,
    "acks": "all",
    "delivery.report.only.error": True,
}


class KafkaSink:
    """Sends events to their topics. At least once; in order for each key."""

    def __init__(self, client: dict[str, Any]) -> None:
        self._producer = Producer(DEFAULTS | client | _REQUIRED)
        self._failures = 0
        self._last_failure = ""

    def send(self, event: Event, stamps: Stamps) -> None:
        """Queue one event; blocks while the queue is full, raises `RejectedRecord` if the event is illegal."""
        topic, key, value, headers = BY_EVENT[type(event)].name, key_of(event), encode(event), headers_of(stamps)
        deadline = time.monotonic() + FULL_QUEUE_TIMEOUT_S
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers, on_delivery=self._note)
            except BufferError as error:
                if time.monotonic() > deadline:
                    raise self._gave_up("its queue stayed full", FULL_QUEUE_TIMEOUT_S) from error
                self._producer.poll(SERVE_S)
            except KafkaException as error:
                raise PartError(f"Kafka refused an event for {topic}: {error}. See `optionsai logs kafka`") from error
            else:
                break
        self._producer.poll(0)

    def flush(self, timeout_s: float) -> None:
        """Return once everything sent is acknowledged."""
        waiting = self._producer.flush(timeout_s)
        if waiting:
            raise self._gave_up(f"{waiting} events are not acknowledged", timeout_s)
        if self._failures:
            failures, self._failures = self._failures, 0
            raise PartError(
                f"Kafka did not take {failures} events, the last because: {self._last_failure}. "
                "A restart of this service sends them again"
            )

    def _note(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failures += 1
            self._last_failure = str(error)

    def _gave_up(self, problem: str, after_s: float) -> PartError:
        return PartError(f"Kafka: {problem} after {after_s:g} s. Check that the broker runs: `optionsai status`")


def headers_of(stamps: Stamps) -> list[tuple[str, str | bytes | None]]:
    """Kafka headers of stage times: decimal microseconds.

    >>> headers_of({"t.due": 17})
    [('t.due', b'17')]
    """
    return [(name, b"%d" % micros) for name, micros in stamps.items()]
