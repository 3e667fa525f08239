"""Faults on request: what real feeds do wrong, put into a stream of good events, with a note of each.

Theory of operation
-------------------
Whether an event is hit, and by what, is told by a hash of the seed and its id; whether a symbol is halted or the
provider is away in some hour, by a hash of the seed, the symbol and the hour. So a stream made again, from any moment
on, has the same faults. A changed event has its own id, derived from the old one; a repeated or late one keeps its id.
Only the provider's quotes, books and trades are hit: reports, bars of the past, the truth and progress pass untouched.

A NaN stands in the event itself, for nothing looks at its values before they are encoded: on our own way to Kafka the
event is refused there. `raw_record` writes it as careless providers do, for tests of those who read the topic.
Half days are not faults: they are sessions of the exchange's calendar (`core.clock`).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from hashlib import sha256
from heapq import heappop, heappush
from itertools import accumulate
from math import nan
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from contracts.errors import BadInput
from contracts.events import BookUpdated, Event, OptionQuoteReceived, OptionTraded, QuoteReceived, TradeReceived
from contracts.ids import make_id
from contracts.topics import BY_EVENT

MICROS: Final = 1_000_000
HOUR_US: Final = 3_600 * MICROS
STALE_US: Final = 45 * MICROS
"""Age of a stale event, or of the underlying price that a stale option quote is stamped with."""
LATE_US: Final = 5 * MICROS
"""An event that is to come out of order comes after the next of its stream, or this late if there is none so soon."""
REACH_US: Final = LATE_US + MICROS
"""Deliveries from a moment on are the same whether the stream is made from its first event or from so long before."""
HALT_US: Final = 300 * MICROS
OUTAGE_US: Final = 60 * MICROS
SPIKE: Final = 1.15
"""Factor on the prices of a spike; every other one divides by it."""
ABSURD_SIZE: Final = 10**12
CENTS: Final = 2
"""Digits of prices after the point."""
_DRAWN_BITS: Final = 64


class Fault(StrEnum):
    """What can go wrong."""

    STALE = "stale"
    CROSSED = "crossed"
    LOCKED = "locked"
    DUPLICATED = "duplicated"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    GAPPED = "gapped"
    NOT_A_NUMBER = "not_a_number"
    ABSURD = "absurd"
    SPIKED = "spiked"
    HALTED = "halted"
    OUTAGE = "outage"


class FaultRates(NamedTuple):
    """How much goes wrong: shares of the events, and for the last two how often an hour, at most once."""

    stale: float = 0.0
    crossed: float = 0.0
    locked: float = 0.0
    duplicated: float = 0.0
    late: float = 0.0
    out_of_order: float = 0.0
    gapped: float = 0.0
    not_a_number: float = 0.0
    absurd: float = 0.0
    spiked: float = 0.0
    halts_an_hour: float = 0.0
    """Of each symbol; nothing of it and of its options comes for HALT_US."""
    outages_an_hour: float = 0.0
    """Nothing of the provider comes for OUTAGE_US."""


class Injected(NamedTuple):
    """One fault: what it is, the event that it hit, and the event that was delivered instead, if any."""

    fault: Fault
    event_id: str
    delivered_id: str | None
    event_time: int
    """Of the event that it hit, microseconds since the epoch."""


class Delivery(NamedTuple):
    """An event and when it is due, microseconds since the epoch: its own time, or later."""

    due: int
    event: Event


Provided = QuoteReceived | TradeReceived | BookUpdated | OptionQuoteReceived | OptionTraded
PROVIDED: Final = (QuoteReceived, TradeReceived, BookUpdated, OptionQuoteReceived, OptionTraded)
_TRADES: Final = (TradeReceived, OptionTraded)
OF_EVENTS: Final = tuple(Fault(name) for name in FaultRates._fields[:-2])
"""Faults of single events, in the order of their rates."""


def faulty(
    events: Iterable[Event], rates: FaultRates, seed: int, note: Callable[[Injected], object]
) -> Iterator[Delivery]:
    """The events in order of when they are due, some with faults; each fault is noted as it is injected."""
    if not any(rates):
        yield from (Delivery(event.event_time, event) for event in events)
        return
    held: list[tuple[int, int, Event]] = []
    waiting: dict[tuple[type[Event], str], list[Event]] = {}
    passed: set[str] = set()
    limits = _limits(rates)
    for number, event in enumerate(events):
        now = event.event_time
        while held and held[0][0] <= now:
            yield from _unless_passed(heappop(held), passed)
        if not isinstance(event, PROVIDED):
            yield Delivery(now, event)
            continue
        fault = _absence(event, rates, seed) or _of_event(event, limits, seed)
        made = None if fault is None else _MADE[fault](event)
        if fault is not None and made is not None:
            note(Injected(fault, event.event_id, made[0].event_id if made else None, now))
        if fault in {Fault.LATE, Fault.OUT_OF_ORDER}:
            heappush(held, (now + LATE_US, number, event))
            if fault is Fault.OUT_OF_ORDER:
                waiting.setdefault(_stream(event), []).append(event)
            continue
        delivered = (event,) if made is None else made
        overtaken = waiting.pop(_stream(event), []) if delivered and waiting else []
        overtaken = [each for each in overtaken if each.event_time + LATE_US > now]
        passed.update(each.event_id for each in overtaken)
        for each in (*delivered, *overtaken):
            yield Delivery(now, each)
    for one in sorted(held):
        yield from _unless_passed(one, passed)


def _unless_passed(held: tuple[int, int, Event], passed: set[str]) -> Iterator[Delivery]:
    """An event whose time to wait is over, unless it has been delivered after one that overtook it."""
    due, _, event = held
    if event.event_id in passed:
        passed.remove(event.event_id)
    else:
        yield Delivery(due, event)


def raw_record(event: Event) -> bytes:
    """The record of an event, legal or not, with NaN spelt out: what no encoder of ours would write."""
    return json.dumps(msgspec.to_builtins(event), separators=(",", ":")).encode()


def _limits(rates: FaultRates) -> list[float]:
    """Running sums of the shares; one number between 0 and 1 tells by them which fault hits."""
    limits = list(accumulate(rates[: len(OF_EVENTS)]))
    if min(rates) < 0 or limits[-1] > 1:
        raise BadInput(f"rates of faults must not be negative, nor the shares of events add up to more than 1: {rates}")
    return limits


def _stream(event: Event) -> tuple[type[Event], str]:
    return type(event), str(getattr(event, BY_EVENT[type(event)].key))


def _uniform(seed: int, *address: str | int) -> float:
    """A number from 0 to 1 that depends on nothing but these."""
    drawn = sha256(f"{seed}|{address}".encode()).digest()[: _DRAWN_BITS // 8]
    return int.from_bytes(drawn, "little") / 2.0**_DRAWN_BITS


def _of_event(event: Event, limits: list[float], seed: int) -> Fault | None:
    if not limits[-1]:
        return None
    drawn = _uniform(seed, event.event_id)
    return next((fault for fault, limit in zip(OF_EVENTS, limits, strict=True) if drawn < limit), None)


def _absence(event: Provided, rates: FaultRates, seed: int) -> Fault | None:
    symbol = event.underlying if isinstance(event, (OptionQuoteReceived, OptionTraded)) else event.symbol
    if _within(event.event_time, rates.outages_an_hour, OUTAGE_US, seed, Fault.OUTAGE):
        return Fault.OUTAGE
    if _within(event.event_time, rates.halts_an_hour, HALT_US, seed, Fault.HALTED, symbol):
        return Fault.HALTED
    return None


def _within(time: int, rate: float, length_us: int, seed: int, *address: str) -> bool:
    """Whether a time lies in the hour's span; spans end with their hour."""
    if not rate:
        return False
    hour, passed = divmod(time, HOUR_US)
    if _uniform(seed, *address, hour) >= rate:
        return False
    begins = _uniform(seed, *address, hour, "begins") * (HOUR_US - length_us)
    return begins <= passed < begins + length_us


def _changed(event: Provided, fault: Fault, **fields: object) -> tuple[Event, ...]:
    return (replace(event, event_id=make_id(fault, event.event_id), **fields),)


def _stale(event: Provided) -> tuple[Event, ...]:
    if isinstance(event, OptionQuoteReceived):
        return _changed(event, Fault.STALE, underlying_time=event.underlying_time - STALE_US)
    return _changed(event, Fault.STALE, event_time=event.event_time - STALE_US)


def _crossed(event: Provided) -> tuple[Event, ...] | None:
    return _bid_raised(event, Fault.CROSSED, 0.01)


def _locked(event: Provided) -> tuple[Event, ...] | None:
    return _bid_raised(event, Fault.LOCKED, 0.0)


def _bid_raised(event: Provided, fault: Fault, beyond: float) -> tuple[Event, ...] | None:
    """The bid at the ask and so far beyond it, in dollars; None where there are no two sides."""
    if isinstance(event, BookUpdated):
        if not event.bid_prices or not event.ask_prices:
            return None
        raised = event.ask_prices[0] - event.bid_prices[0] + beyond
        return _changed(event, fault, bid_prices=tuple(round(price + raised, CENTS) for price in event.bid_prices))
    if isinstance(event, _TRADES) or not event.bid or not event.ask:
        return None
    return _changed(event, fault, bid=round(event.ask + beyond, CENTS))


def _not_a_number(event: Provided) -> tuple[Event, ...]:
    if isinstance(event, BookUpdated):
        return _changed(event, Fault.NOT_A_NUMBER, bid_prices=(nan, *event.bid_prices[1:]))
    return _changed(event, Fault.NOT_A_NUMBER, **{"price" if isinstance(event, _TRADES) else "ask": nan})


def _absurd(event: Provided) -> tuple[Event, ...]:
    if isinstance(event, BookUpdated):
        return _changed(event, Fault.ABSURD, ask_sizes=(*event.ask_sizes[:-1], ABSURD_SIZE))
    return _changed(event, Fault.ABSURD, **{"size" if isinstance(event, _TRADES) else "ask_size": ABSURD_SIZE})


def _spiked(event: Provided) -> tuple[Event, ...]:
    factor = SPIKE if int(event.event_id[-1], 16) % 2 else 1 / SPIKE

    def moved(price: float) -> float:
        return round(price * factor, CENTS)

    if isinstance(event, _TRADES):
        return _changed(event, Fault.SPIKED, price=max(0.01, moved(event.price)))
    if isinstance(event, BookUpdated):
        middle = (event.bid_prices[0] + event.ask_prices[0]) / 2 if event.bid_prices and event.ask_prices else 0.0
        shift = max(moved(middle) - middle, 0.01 - min(event.bid_prices, default=0.01))
        bids, asks = (tuple(round(p + shift, CENTS) for p in side) for side in (event.bid_prices, event.ask_prices))
        return _changed(event, Fault.SPIKED, bid_prices=bids, ask_prices=asks)
    return _changed(event, Fault.SPIKED, bid=moved(event.bid), ask=moved(event.ask))


def _kept(event: Provided) -> tuple[Event, ...]:
    return (event,)


def _twice(event: Provided) -> tuple[Event, ...]:
    return event, event


def _lost(_event: Provided) -> tuple[Event, ...]:
    return ()


_MADE: Final[dict[Fault, Callable[[Provided], tuple[Event, ...] | None]]] = {
    Fault.STALE: _stale,
    Fault.CROSSED: _crossed,
    Fault.LOCKED: _locked,
    Fault.DUPLICATED: _twice,
    Fault.LATE: _kept,
    Fault.OUT_OF_ORDER: _kept,
    Fault.GAPPED: _lost,
    Fault.NOT_A_NUMBER: _not_a_number,
    Fault.ABSURD: _absurd,
    Fault.SPIKED: _spiked,
    Fault.HALTED: _lost,
    Fault.OUTAGE: _lost,
}
"""What is delivered at its time instead of an event; None where the fault cannot be put on it."""
