"""Tapes: a folder with one file a topic, one record a line, the same bytes as in Kafka."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from contracts import wire
from contracts.errors import RejectedRecord, StateError
from contracts.events import Event, TruthRevealed
from contracts.topics import BARS, BY_EVENT, MICROSTRUCTURE, TRUTH, Topic

SUFFIX: Final = ".jsonl"


def write(folder: Path, events: Iterable[Event]) -> None:
    """Put each event into its topic's file; what an earlier tape left in these files is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        sinks = {t.name: files.enter_context(_path(folder, t).open("wb")) for t in (MICROSTRUCTURE, BARS, TRUTH)}
        for event in events:
            sinks[BY_EVENT[type(event)].name].write(wire.encode(event) + b"\n")


def features(folder: Path) -> Iterator[Event]:
    """What a model may learn from: order-book features and bars."""
    for topic in (MICROSTRUCTURE, BARS):
        if not _path(folder, topic).is_file():
            raise StateError(
                f"{_path(folder, topic)} is missing: a tape holds one file a topic, "
                f"{MICROSTRUCTURE.name}{SUFFIX} and {BARS.name}{SUFFIX}, one record a line"
            )
        yield from _read(folder, topic)


def truth(folder: Path) -> list[TruthRevealed] | None:
    """The simulator's truth for the same books, to measure against and never to learn from; None on a real tape."""
    if not _path(folder, TRUTH).is_file():
        return None
    return [event for event in _read(folder, TRUTH) if isinstance(event, TruthRevealed)]


def _read(folder: Path, topic: Topic) -> Iterator[Event]:
    path = _path(folder, topic)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield wire.decode(topic.name, line)
            except RejectedRecord as rejection:
                raise StateError(f"{path}, line {number}: {rejection}. Write the tape again") from rejection


def _path(folder: Path, topic: Topic) -> Path:
    return folder / (topic.name + SUFFIX)
