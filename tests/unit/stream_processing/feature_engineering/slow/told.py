"""What a source of five names says slowly over some weeks, after years of it, and machines that read it."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from contracts import sessions
from contracts.events import BarClosed, Event, NewsPublished, RateCurvePublished, TimePassed
from contracts.ids import make_id
from stream_processing.feature_engineering.machine import Stream
from stream_processing.feature_engineering.point_in_time import DAY_US
from stream_processing.feature_engineering.slow.machine import Rules, SlowFeatures, factory
from tests.unit.stream_processing.feature_engineering.happened import SYMBOLS, all_events

SOURCE = "simulator-7"
STREAM = Stream(SOURCE, SOURCE, simulated=True)
NAMES = SYMBOLS[:5]
MINUTE_US, SECOND_US = 60_000_000, 1_000_000
RULES = Rules(
    2 * SECOND_US, 15 * MINUTE_US, {name: "even" if place % 2 == 0 else "odd" for place, name in enumerate(NAMES[:-1])}
)
"""The last name has no sector."""
LAST_DAY = date(2024, 11, 29)
UNTIL = sessions.instant(LAST_DAY, sessions.CLOSE) + DAY_US
FROM = UNTIL - 36 * DAY_US
"""Within it most companies announce and file."""


def bar(symbol: str, ends_at: int, close: float, interval_s: int = 86_400) -> BarClosed:
    return BarClosed(
        event_id=make_id("BarClosed", SOURCE, symbol, interval_s, ends_at),
        event_time=ends_at,
        source=SOURCE,
        simulated=True,
        symbol=symbol,
        interval_s=interval_s,
        opened_at=ends_at - interval_s * SECOND_US,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=100,
        vwap=close,
        trade_count=1,
    )


def passed(at: int, *symbols: str) -> list[TimePassed]:
    return [
        TimePassed(
            event_id=make_id("TimePassed", SOURCE, symbol, at),
            event_time=at,
            source=SOURCE,
            simulated=True,
            symbol=symbol,
        )
        for symbol in symbols or NAMES
    ]


def day_end(day: date) -> int:
    return sessions.instant(day, sessions.OPEN) // DAY_US * DAY_US + DAY_US


@lru_cache(maxsize=1)
def bars() -> tuple[BarClosed, ...]:
    """Of fifty sessions; the last name has none on some days."""
    days = [session.day for session in sessions.sessions(LAST_DAY - timedelta(days=75), LAST_DAY)]
    random = np.random.default_rng(5)
    closes = np.round(80 * np.exp(np.cumsum(0.015 * random.standard_normal((len(days), len(NAMES))), axis=0)), 2)
    return tuple(
        bar(symbol, day_end(day), closes[row, column].item())
        for row, day in enumerate(days)
        for column, symbol in enumerate(NAMES)
        if column < len(NAMES) - 1 or row % 7
    )


@lru_cache(maxsize=1)
def everything() -> tuple[Event, ...]:
    """In order of time: company facts and releases of four years, news and curves of the last weeks, bars."""
    found = [
        event
        for event in all_events()
        if event.event_time <= UNTIL
        and getattr(event, "symbol", NAMES[0]) in (*NAMES, "MARKET")
        and (event.event_time > FROM - 8 * DAY_US or not isinstance(event, NewsPublished | RateCurvePublished))
    ]
    return tuple(sorted([*found, *bars()], key=lambda event: (event.event_time, event.event_id)))


@lru_cache(maxsize=1)
def before() -> bytes:
    """What a machine has kept of all until `FROM`."""
    machine = made()
    until = [event for event in everything() if event.event_time <= FROM]
    assert sum(1 for _ in machine.read([*until, *passed(FROM + RULES.lateness_us)])) > 0
    return machine.kept()


@lru_cache(maxsize=1)
def coming() -> tuple[Event, ...]:
    """All after `FROM`."""
    return tuple(event for event in everything() if event.event_time > FROM)


@lru_cache(maxsize=1)
def whole() -> tuple[Event, ...]:
    """What is said of it, read in one call."""
    return tuple(at_once(coming(), before()))


def made(kept: bytes | None = None, rules: Rules = RULES) -> SlowFeatures:
    machine = factory(rules)(STREAM, kept)
    assert isinstance(machine, SlowFeatures)
    return machine


def said(machine: SlowFeatures, events: Iterable[Event]) -> list[Event]:
    return list(machine.read(events))


def at_once(events: Sequence[Event], kept: bytes | None = None, rules: Rules = RULES) -> list[Event]:
    """What a machine says that reads all of it in one call and learns that time has passed it."""
    end = max(event.event_time for event in events) + rules.bars_after_us + rules.lateness_us
    return said(made(kept, rules), [*events, *passed(end)])
