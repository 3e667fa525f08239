"""What tells readers how far the market is: `TimePassed` of every name, after all events up to a full second."""

from collections.abc import Iterable, Iterator

from contracts.events import Event, TimePassed
from contracts.ids import make_id
from data_ingestion.simulator.core.clock import MICROS
from data_ingestion.simulator.universe import SYMBOLS


def time_passed(source: str, moment: int) -> Iterator[TimePassed]:
    """That all events up to a moment (µs), a full second, have come."""
    for symbol in SYMBOLS:
        yield TimePassed(
            event_id=make_id("TimePassed", source, symbol, moment),
            event_time=moment,
            source=source,
            simulated=True,
            symbol=symbol,
        )


def told(events: Iterable[Event], source: str, since: int, until: int) -> Iterator[Event]:
    """Events in order of time from one moment (µs) until before another, with what full second has passed between them.

    Of a silence over many seconds only its last one is told.
    """
    latest = second(since - 1)
    for event in events:
        passed = second(event.event_time - 1)
        if passed > latest:
            yield from time_passed(source, passed)
            latest = passed
        yield event
    if second(until - 1) > latest:
        yield from time_passed(source, second(until - 1))


def second(moment: int) -> int:
    """A moment (µs) rounded down to a full second."""
    return moment // MICROS * MICROS
