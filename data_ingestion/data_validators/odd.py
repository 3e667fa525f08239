"""What is odd about a possible event: kept, because it happened, and counted, because too much of it means trouble."""

from typing import Final, Literal

from contracts.events import BookUpdated, Event, OptionQuoteReceived, QuoteReceived
from contracts.topics import BY_EVENT

Oddity = Literal["crossed", "locked", "stale", "stale_underlying", "duplicate", "out_of_order", "gap"]

STALE_AFTER_US: Final = 30_000_000
"""An event that reaches us this long after it happened; a quote whose underlying price is that much older."""
MAX_STREAMS: Final = 500_000
"""Streams whose last sequence is remembered. Beyond it all are forgotten and learned again: a fault in between is
missed, and memory stays bounded."""


def odd_prices(event: Event) -> Oddity | None:
    """`crossed` or `locked` if the best bid is above or at the best ask and both are quoted."""
    bid, ask = 0.0, 0.0
    if isinstance(event, (QuoteReceived, OptionQuoteReceived)):
        bid, ask = event.bid, event.ask
    elif isinstance(event, BookUpdated) and event.bid_prices and event.ask_prices:
        bid, ask = event.bid_prices[0], event.ask_prices[0]
    if not bid or not ask or bid < ask:
        return None
    return "crossed" if bid > ask else "locked"


def odd_time(event: Event, now: int) -> Oddity | None:
    """`stale` or `stale_underlying` at our time `now` (µs since the epoch)."""
    if now - event.event_time > STALE_AFTER_US:
        return "stale"
    if isinstance(event, OptionQuoteReceived) and event.event_time - event.underlying_time > STALE_AFTER_US:
        return "stale_underlying"
    return None


class Sequences:
    """Remembers each stream's last sequence number. A stream is one kind of event under one Kafka key.

    `contiguous`: the kinds whose numbers the source promises to run on by one, so that a jump is a gap.
    """

    def __init__(self, contiguous: frozenset[type[Event]]) -> None:
        self._contiguous = contiguous
        self._last: dict[tuple[type[Event], str], int] = {}

    def odd(self, event: Event) -> Oddity | None:
        """`duplicate`, `out_of_order` or `gap`, relative to the stream's event before; 0 is the lack of a number."""
        sequence: int | None = getattr(event, "sequence", None)
        if not sequence:
            return None
        kind = type(event)
        stream = kind, str(getattr(event, BY_EVENT[kind].key))
        last = self._last.get(stream)
        if last is None and len(self._last) >= MAX_STREAMS:
            self._last.clear()
        if last is None or sequence > last:
            self._last[stream] = sequence
            jumped = last is not None and sequence > last + 1 and kind in self._contiguous
            return "gap" if jumped else None
        return "duplicate" if sequence == last else "out_of_order"
