"""What holds of every machine that waits for its seconds to be over: how events come cannot change what is said."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from contracts import wire
from contracts.events import Event, TimePassed
from contracts.ids import make_id
from stream_processing.feature_engineering.machine import Factory, Stream

SECOND: Final = 1_000_000
Topics = Sequence[Sequence[Event]]
"""Events of each topic, in its order."""


def passed(stream: Stream, moment: int) -> TimePassed:
    identity = make_id("TimePassed", stream.subject, moment)
    source, symbol, simulated = stream
    return TimePassed(event_id=identity, event_time=moment, source=source, simulated=simulated, symbol=symbol)


def at_once(make: Factory, stream: Stream, topics: Topics, until: int) -> list[Event]:
    """What a tape says that ends at a moment, in seconds' own time."""
    machine = make(stream, None)
    return list(machine.read([*(event for topic in topics for event in topic), passed(stream, until)]))


def in_batches(
    make: Factory, stream: Stream, topics: Topics, until: int, lateness_us: int, seed: int
) -> tuple[list[Event], dict[str, float]]:
    """The same as told in random batches, made anew from what was kept between them; and the sums of the figures."""
    random = np.random.default_rng(seed)
    said, figures, kept = list[Event](), dict[str, float](), None
    for batch in _batches(stream, topics, until, lateness_us, random):
        machine = make(stream, kept)
        said += machine.read(batch)
        kept = machine.kept()
        for name, amount in machine.figures().items():
            figures[name] = figures.get(name, 0) + amount
    return said, figures


def _batches(
    stream: Stream, topics: Topics, until: int, lateness_us: int, random: np.random.Generator
) -> Iterator[list[Event]]:
    """Topics may be read further than the clock, never less far, and are mixed; a batch may hold several stretches."""
    first = min(topic[0].event_time for topic in topics if topic) // SECOND
    seconds = np.arange(first, until // SECOND + 1)
    told = sorted({*random.choice(seconds, len(seconds) // 2, replace=False).tolist(), until // SECOND})
    places, batch = [0] * len(topics), list[Event]()
    while told:
        clock, told = told[:2], told[2:]
        piles = list[list[Event]]()
        for place, topic in enumerate(topics):
            due = [i for i, event in enumerate(topic) if event.event_time < clock[-1] * SECOND - lateness_us]
            end = min(max(places[place], *due, 0) + 1 + int(random.integers(0, 40)), len(topic))
            piles.append(list(topic[places[place] : end]))
            places[place] = max(end, places[place])
        batch += [*_mixed(piles, random), *(passed(stream, second * SECOND) for second in clock)]
        if random.integers(2) or not told:
            yield batch
            batch = []


def _mixed(piles: list[list[Event]], random: np.random.Generator) -> Iterator[Event]:
    turns = np.repeat(np.arange(len(piles)), [len(pile) for pile in piles])
    heads = [iter(pile) for pile in piles]
    for turn in random.permutation(turns).tolist():
        yield next(heads[turn])


def one_by_one(make: Factory, stream: Stream, events: Sequence[Event]) -> list[Event]:
    """What is said of events, the clock's among them, by a machine that is made anew for each."""
    said, kept = list[Event](), None
    for event in events:
        machine = make(stream, kept)
        said += machine.read([event])
        kept = machine.kept()
    return said


def delayed(events: Sequence[Event], lateness_us: int, seed: int) -> list[Event]:
    """In the order in which they come if each is on its way for less than the lateness."""
    delays = np.random.default_rng(seed).integers(0, lateness_us, len(events)).tolist()
    return [event for _, event in sorted(zip(delays, events, strict=True), key=lambda p: p[1].event_time + p[0])]


def doubled(events: Sequence[Event], seed: int) -> list[Event]:
    """A third of them come again, at random later places."""
    random, result = np.random.default_rng(seed), list(events)
    for place in sorted(random.choice(len(events), len(events) // 3, replace=False).tolist(), reverse=True):
        result.insert(int(random.integers(place + 1, len(result) + 1)), events[place])
    return result


def encoded(events: Sequence[Event]) -> list[bytes]:
    """As on the wire, and therefore legal."""
    return [wire.encode(event) for event in events]
