"""What a query with memory is made of: a machine for each subject, fed with events, saying events.

Theory of operation
-------------------
A machine is all that is remembered of one subject of one source: a name, an underlying, or everything a source says.
It is kept between batches as bytes. How events are cut into batches, and how those of different topics lie between each
other, is an accident of the day; what a machine says must not depend on it. So a machine that reads several topics puts
each event where its own time belongs, and says something only once `TimePassed` has told that nothing earlier is to
come. An event that comes twice counts once; one that comes too late is counted, not mixed in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from contracts.events import Event


class Stream(NamedTuple):
    """Whose events these are."""

    source: str
    subject: str
    simulated: bool


class Machine(Protocol):
    """The memory of one subject at work."""

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """What these events bring about. `TimePassed` comes after the events that it vouches for.

        The iterator must be read to its end.
        """

    def kept(self) -> bytes:
        """All that is remembered, to go on from."""

    def figures(self) -> Mapping[str, float]:
        """What operators watch, of what was read and kept since the machine was made: such as events that came late."""


Factory = Callable[[Stream, bytes | None], Machine]
"""A machine without memory, or with what an earlier one kept."""


def of_part(part: str, figure: str) -> str:
    """The name of a figure of one of several machines."""
    return f"{part}_{figure}"


def together(factories: Mapping[str, Factory]) -> Factory:
    """Machines of several, by name: one query that reads for all of them costs little more than for one."""
    return lambda stream, kept: _Together(factories, stream, kept)


class _Together:
    """Several machines of one subject."""

    def __init__(self, factories: Mapping[str, Factory], stream: Stream, kept: bytes | None) -> None:
        parts = {} if kept is None else msgspec.msgpack.decode(kept, type=dict[str, bytes])
        self._machines = {name: factory(stream, parts.get(name)) for name, factory in factories.items()}

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        held = list(events)
        for machine in self._machines.values():
            yield from machine.read(held)

    def kept(self) -> bytes:
        return msgspec.msgpack.encode({name: machine.kept() for name, machine in self._machines.items()})

    def figures(self) -> Mapping[str, float]:
        return {
            of_part(name, figure): amount
            for name, machine in self._machines.items()
            for figure, amount in machine.figures().items()
        }
