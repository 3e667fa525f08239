"""The reading side of Kafka, behind the port `contracts.ports.EventSource`.

Theory of operation: a source reads all partitions of its topics by itself (`assign`, no rebalancing). Every service
runs as one process, so there is nobody to share partitions with, a restart need not wait for a group's session to
expire, and recovery after a kill is immediate. Offsets are still committed under a group name, for the next run and
for tools that show lag.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from contracts.errors import PartError, StateError
from contracts.ports import Message, Position
from contracts.topics import Topic

Start = Literal["committed", "earliest", "latest"]
METADATA_TIMEOUT_S: Final = 30.0
RETRY_PAUSE_S: Final = 0.1
FETCH_WAIT_MS: Final = 20
GATHERED_BYTES: Final = 262_144
"""More than any stream of ours brings while it is gathered: the time decides."""
QUEUED_KB: Final = 16_384
QUEUE_FULL_WAIT_MS: Final = 20
"""How soon a full queue is looked at again. A writer with a backlog empties it in less than the client's default of a
second, and would stand idle for the rest of it."""
MAX_STAMP_DIGITS: Final = 18
_LOST: Final = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}  # noqa: SLF001 - the client's own name


class KafkaSource:
    """All partitions of some topics, read by one process. `start`: where to begin when nothing else is said.

    `committed` goes on where the group's last commit was, or from the beginning if there is none. Records that
    retention removed before they were read raise `StateError`: a gap is reported, never skipped.

    `gather_ms`: how long the broker may hold records back to send many at once. Without it each record is fetched as it
    comes, which is what a fast path needs, and costs broker and reader a request for nearly every record.
    """

    def __init__(
        self, client: dict[str, Any], group: str, topics: Sequence[Topic], start: Start, gather_ms: int = 0
    ) -> None:
        self._consumer = Consumer(
            client
            | {
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": False,
                "fetch.wait.max.ms": gather_ms or FETCH_WAIT_MS,
                "fetch.min.bytes": GATHERED_BYTES if gather_ms else 1,
                "queued.max.messages.kbytes": QUEUED_KB,
                "fetch.queue.backoff.ms": QUEUE_FULL_WAIT_MS,
                "isolation.level": "read_committed",
            }
        )
        names = [topic.name for topic in topics]
        partitions = [TopicPartition(name, p) for name in names for p in range(self._partition_count(name))]
        self._consumer.assign(self._starting_points(partitions, start))
        self._next: dict[tuple[str, int], int] = {}

    def poll(self, max_messages: int, timeout_s: float) -> list[Message]:
        """Up to `max_messages` records as soon as there are any."""
        first = self._consumer.poll(timeout_s)
        if first is None:
            return []
        records = [first, *self._consumer.consume(max_messages - 1, 0)] if max_messages > 1 else [first]
        return [message for record in records if (message := self._accept(record)) is not None]

    def commit(self) -> None:
        """Commit everything polled so far."""
        if self._next:
            offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in self._next.items()]
            self._consumer.commit(offsets=offsets, asynchronous=True)
            self._next.clear()

    def seek(self, positions: Iterable[Position]) -> None:
        """Read these partitions on from the given offsets; the others stay where they are."""
        wanted = {(p.topic, p.partition): p.offset for p in positions}
        current = self._consumer.position(self._consumer.assignment())
        self._consumer.assign(
            [
                TopicPartition(p.topic, p.partition, wanted.get((p.topic, p.partition), _place(p.offset)))
                for p in current
            ]
        )
        self._next.clear()

    def ends(self) -> list[Position]:
        """The place just after the last record of each partition."""
        return [Position(p.topic, p.partition, self._bounds(p)[1]) for p in self._consumer.assignment()]

    def beginnings(self) -> list[Position]:
        """The oldest record that retention has left in each partition."""
        return [Position(p.topic, p.partition, self._bounds(p)[0]) for p in self._consumer.assignment()]

    def positions_at(self, micros: int) -> list[Position]:
        """The first record of each partition appended at or after a time; the end where there is none."""
        asked = [TopicPartition(p.topic, p.partition, micros // 1000) for p in self._consumer.assignment()]
        found = _patiently(lambda: self._consumer.offsets_for_times(asked, METADATA_TIMEOUT_S))
        ends = {(p.topic, p.partition): p.offset for p in self.ends()}
        return [
            Position(p.topic, p.partition, p.offset if p.offset >= 0 else ends[p.topic, p.partition]) for p in found
        ]

    def close(self) -> None:
        """Leave without committing."""
        self._consumer.close()

    def _bounds(self, partition: TopicPartition) -> tuple[int, int]:
        bounds: tuple[int, int] = _patiently(
            lambda: self._consumer.get_watermark_offsets(partition, METADATA_TIMEOUT_S)
        )
        return bounds

    def _partition_count(self, name: str) -> int:
        deadline = time.monotonic() + METADATA_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                topic = self._consumer.list_topics(name, timeout=5.0).topics.get(name)
            except KafkaException:
                continue
            if topic is not None and topic.error is None and topic.partitions:
                return len(topic.partitions)
        raise PartError(
            f"Kafka did not describe topic {name} within {METADATA_TIMEOUT_S:.0f} s. "
            "Check that the broker runs (`optionsai status`) and that the topics exist (`optionsai up` creates them)"
        )

    def _starting_points(self, partitions: list[TopicPartition], start: Start) -> list[TopicPartition]:
        if start == "committed":
            partitions = _patiently(lambda: self._consumer.committed(partitions, METADATA_TIMEOUT_S))
        for partition in partitions:
            if start == "latest":
                partition.offset = OFFSET_END
            elif start == "earliest" or partition.offset < 0:
                partition.offset = OFFSET_BEGINNING
        return partitions

    def _accept(self, record: KafkaMessage) -> Message | None:
        error = record.error()
        if error is not None:
            if error.code() in _LOST:
                raise StateError(
                    f"records of {record.topic()} were removed by retention before they were read: {error.str()}. "
                    "See 'A retention gap' in docs/operations.md"
                )
            if error.fatal():
                raise PartError(f"Kafka client gave up: {error.str()}")
            return None
        topic, partition, offset = str(record.topic()), record.partition() or 0, record.offset() or 0
        self._next[topic, partition] = offset + 1
        return Message(
            topic, partition, offset, record.timestamp()[1] * 1000, record.value() or b"", _Stamps(record.headers())
        )


class _Stamps(Mapping[str, int]):
    """Stage times of a record, made of its headers when first asked for: the writer asks for those of few records."""

    __slots__ = ("_headers", "_times")

    def __init__(self, headers: Any) -> None:  # noqa: ANN401 - the client types headers loosely
        self._headers = headers
        self._times: dict[str, int] | None = None

    def __getitem__(self, name: str) -> int:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, int]:
        if self._times is None:
            self._times = _stamps(self._headers)
        return self._times


def _patiently(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the client answers
    """The answer to a question about offsets; a partition that was just created or moved has no leader for a moment."""
    deadline = time.monotonic() + METADATA_TIMEOUT_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            if time.monotonic() > deadline:
                raise PartError(
                    f"Kafka did not tell offsets: {error.args[0].str()}. Check `optionsai status`"
                ) from error
            time.sleep(RETRY_PAUSE_S)


def _place(position: int) -> int:
    return position if position >= 0 else OFFSET_BEGINNING


def _stamps(headers: Any) -> dict[str, int]:  # noqa: ANN401 - the client types headers loosely
    """Stage times of a record; headers that are not ours, or no time, are passed over: no contract guards them."""
    return {
        name: int(value)
        for name, value in headers or ()
        if name.startswith("t.") and value and len(value) <= MAX_STAMP_DIGITS and value.isdigit()
    }
