"""Several machines as one: each sees everything, keeps its own, and is told apart."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from contracts.events import Event, TradeReceived
from stream_processing.feature_engineering.machine import Factory, Stream, together
from tests.unit.contracts.examples import EXAMPLES

STREAM = Stream("test", "AAPL", simulated=True)


class Counting:
    """Says every so many-th event again, over restarts."""

    def __init__(self, every: int, kept: bytes | None) -> None:
        self._every, self._seen = every, int(kept or b"0")

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self._seen += 1
            if self._seen % self._every == 0:
                yield event

    def kept(self) -> bytes:
        return str(self._seen).encode()

    def figures(self) -> Mapping[str, float]:
        return {"seen": self._seen}


def every(number: int) -> Factory:
    return lambda _stream, kept: Counting(number, kept)


def trades(count: int) -> list[Event]:
    (example,) = (event for event in EXAMPLES if isinstance(event, TradeReceived))
    return [replace(example, event_time=at) for at in range(count)]


def test_each_says_what_it_says_alone_in_the_order_of_the_names() -> None:
    both = together({"second": every(2), "third": every(3)})
    said = list(both(STREAM, None).read(iter(trades(6))))
    assert [event.event_time for event in said] == [1, 3, 5, 2, 5]


def test_each_goes_on_from_what_it_kept() -> None:
    both, found = together({"second": every(2), "third": every(3)}), trades(6)
    first = both(STREAM, None)
    early = list(first.read(found[:3]))
    again = both(STREAM, first.kept())
    assert [event.event_time for event in (*early, *again.read(found[3:]))] == [1, 2, 3, 5, 5]
    assert again.figures() == {"second_seen": 6, "third_seen": 6}


def test_one_that_is_new_begins_while_the_others_go_on() -> None:
    old = together({"second": every(2)})(STREAM, None)
    assert len(list(old.read(trades(3)))) == 1
    grown = together({"second": every(2), "third": every(3)})(STREAM, old.kept())
    assert grown.figures() == {"second_seen": 3, "third_seen": 0}
