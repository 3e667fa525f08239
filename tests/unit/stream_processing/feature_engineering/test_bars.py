"""Bars against a plain fold over the trades, and what their order, repetition and lateness may change."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import log
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import wire
from contracts.events import BarClosed, BarCorrected, BarUpdated, Event, IndicatorsComputed
from contracts.topics import BY_EVENT
from stream_processing.feature_engineering.bar_sums import MICROS, WEEK_S, Trade, opened_at
from stream_processing.feature_engineering.bars import KEPT_US, NAMES, Bars, Rules, Stream, Symbol, keep, restore
from stream_processing.feature_engineering.catalogue import BAR_SCAN

RULES = Rules((1, 5, 60, 3_600), 1_000_000)
STREAM = Stream("test", "AAPL", simulated=True)
START = 1_767_225_600_000_000
E = TypeVar("E", bound=Event)


def trades(count: int, seed: int = 0, seconds: float = 90.0) -> list[Trade]:
    """Trades of a random walk in cents, in order of time."""
    random = np.random.default_rng(seed)
    times = START + np.sort(random.integers(0, round(seconds * MICROS), count))
    cents = 10_000 + np.cumsum(random.integers(-2, 3, count))
    sizes, sides = random.integers(1, 400, count), random.integers(-1, 2, count)
    columns = (times, cents, sizes, sides)
    return [
        Trade(f"{seed:04x}{number:028x}", time, number, cent / 100, size, side)
        for number, (time, cent, size, side) in enumerate(zip(*(c.tolist() for c in columns), strict=True))
    ]


def read(found: Sequence[Trade], state: Symbol | None = None, rules: Rules = RULES) -> list[Event]:
    return list(Bars(STREAM, rules, state or Symbol()).read(found))


def of(kind: type[E], events: Sequence[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def plain(found: Sequence[Trade], interval_s: int) -> dict[int, tuple[object, ...]]:
    """Opening time → all figures of the bar, by the obvious way."""
    groups: dict[int, list[Trade]] = defaultdict(list)
    for trade in sorted(found, key=lambda trade: (trade.event_time, trade.sequence)):
        groups[trade.event_time // (interval_s * MICROS) * interval_s * MICROS].append(trade)
    made: dict[int, tuple[object, ...]] = {}
    for begins, inside in groups.items():
        prices = [trade.price for trade in inside]
        seconds = {trade.event_time // MICROS: trade.price for trade in inside}
        cents = sum(round(trade.price * 100) * trade.size for trade in inside)
        volume = sum(trade.size for trade in inside)
        signed = sum(trade.side * trade.size for trade in inside)
        squared = sum(log(b / a) ** 2 for a, b in pairwise([prices[0], *seconds.values()]))
        made[begins] = (
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            volume,
            cents / 100 / volume,
            len(inside),
            signed,
            squared,
        )
    return made


def figures(bar: BarClosed | BarCorrected) -> tuple[object, ...]:
    names = ("open", "high", "low", "close", "volume", "vwap", "trade_count", "signed_volume", "realised_variance")
    return tuple(getattr(bar, name) for name in names)


def test_bars_are_those_of_a_plain_fold() -> None:
    found = trades(3_000)
    closed = of(BarClosed, read(found))
    watermark = found[-1].event_time - RULES.lateness_us
    for interval_s in RULES.intervals_s:
        wanted = {at: row for at, row in plain(found, interval_s).items() if at + interval_s * MICROS <= watermark}
        assert {bar.opened_at: figures(bar) for bar in closed if bar.interval_s == interval_s} == wanted
    assert {bar.interval_s for bar in closed} == {1, 5, 60}


def test_every_event_is_legal_and_its_own() -> None:
    events = read(trades(2_000))
    assert len({event.event_id for event in events}) == len(events)
    for event in events:
        assert wire.decode(BY_EVENT[type(event)].name, wire.encode(event)) == event
        assert (event.source, event.simulated) == ("test", True)


def test_what_a_final_bar_says_is_what_the_series_says_at_once() -> None:
    events = read(trades(4_000, seconds=120.0))
    closed = [bar for bar in of(BarClosed, events) if bar.interval_s == 1]
    columns = {name: np.array([getattr(bar, name) for bar in closed]) for name in BAR_SCAN.inputs}
    table = BAR_SCAN.advance(BAR_SCAN.start(), columns)
    said = [one for one in of(IndicatorsComputed, events) if one.interval_s == 1]
    assert [one.bar_id for one in said] == [bar.event_id for bar in closed]
    for one, bar, row in zip(said, closed, table.tolist(), strict=True):
        assert one.event_time == bar.event_time
        assert one.values == {name: value for name, value in zip(NAMES, row, strict=True) if value == value}  # noqa: PLR0124 - no NaN
    assert len(said[-1].values) > 40


@given(cuts=st.lists(st.integers(0, 600), max_size=6))
def test_nothing_depends_on_how_trades_are_cut_into_batches(cuts: list[int]) -> None:
    found = trades(600, seed=1)
    whole, state, parts = read(found), Symbol(), list[Event]()
    for begin, end in pairwise([0, *sorted(cuts), len(found)]):
        parts += read(found[begin:end], state)
        state = restore(keep(state))
    assert parts == whole


@given(cut=st.integers(1, 599))
def test_what_comes_later_changes_nothing_that_was_said(cut: int) -> None:
    found = trades(600, seed=2)
    begun = read(found[:cut])
    assert read(found)[: len(begun)] == begun


def test_a_trade_that_comes_again_counts_once() -> None:
    found = trades(500, seed=3, seconds=KEPT_US / MICROS)
    state = Symbol()
    twice = [each for trade in found for each in (trade, trade)]
    assert read(twice, state) == read(found)
    assert state.repeated == len(found)
    assert of(BarCorrected, read(found, state)) == []


def test_a_trade_within_the_allowed_lateness_enters_its_bar() -> None:
    found = trades(400, seed=4, seconds=30.0)
    held, rest = found[50], [*found[:50], *found[51:]]
    place = next(i for i, trade in enumerate(rest) if trade.event_time > held.event_time + 0.4 * MICROS)
    shuffled = [*rest[:place], held, *rest[place:]]
    assert of(BarCorrected, read(shuffled)) == []
    assert of(BarClosed, read(shuffled)) == of(BarClosed, read(found))


def test_a_later_one_makes_corrections_that_name_the_final_bars() -> None:
    found = trades(400, seed=5, seconds=30.0)
    held, rest = found[50], [*found[:50], *found[51:]]
    place = next(i for i, trade in enumerate(rest) if trade.event_time > held.event_time + 7 * MICROS)
    events = read([*rest[:place], held, *rest[place:]])
    corrected = of(BarCorrected, events)
    final = {bar.event_id: bar for bar in of(BarClosed, events)}
    assert sorted(one.interval_s for one in corrected) == [1, 5]
    for one in corrected:
        bar = final[one.bar_id]
        assert (one.opened_at, one.revision) == (bar.opened_at, 1)
        assert one.event_time == held.event_time
        assert one.trade_count == bar.trade_count + 1
        wanted = plain(found, one.interval_s)[one.opened_at]
        assert figures(one)[:-1] == wanted[:-1]
        assert one.realised_variance == bar.realised_variance
    assert len(of(BarClosed, events)) == len(of(BarClosed, read(found)))


def test_what_comes_too_late_even_for_that_is_counted() -> None:
    found, state = trades(400, seed=6, seconds=30.0), Symbol()
    read(found[1:], state)
    assert read(found[:1], state) == []
    assert state.lost == 1


def test_open_bars_of_a_minute_and_more_are_shown_as_of_their_last_trade() -> None:
    found = trades(2_000, seed=7, seconds=70.0)
    shown = of(BarUpdated, read(found))
    times = {trade.event_time for trade in found}
    assert {one.interval_s for one in shown} == {60, 3_600}
    assert {one.event_time for one in shown} <= times
    assert 24 <= len(shown) <= 30
    for one in shown:
        so_far = [
            t
            for t in found
            if opened_at(t.event_time, one.interval_s) == one.opened_at and t.event_time <= one.event_time
        ]
        assert one.volume == sum(trade.size for trade in so_far)


def test_a_quiet_time_has_no_bars() -> None:
    found = trades(200, seed=8, seconds=5.0)
    later = [
        trade._replace(event_id=f"{n:032x}", event_time=trade.event_time + 600 * MICROS)
        for n, trade in enumerate(found)
    ]
    seconds = [bar.opened_at for bar in of(BarClosed, read([*found, *later])) if bar.interval_s == 1]
    assert max(b - a for a, b in pairwise(seconds)) >= 595 * MICROS


def test_absurd_sizes_do_not_break_the_state() -> None:
    state = Symbol()
    read([trade._replace(price=1e9, size=10**15) for trade in trades(50, seed=9)], state)
    assert restore(keep(state)) == state


def test_a_trade_of_no_shares_makes_a_bar_without_volume() -> None:
    found = [trade._replace(size=0) for trade in trades(300, seed=10, seconds=5.0)]
    assert all(bar.vwap == bar.close for bar in of(BarClosed, read(found)))


def test_weeks_begin_on_monday_and_days_at_midnight_utc() -> None:
    thursday = START + 15 * 3_600 * MICROS  # 2026-01-01
    assert opened_at(thursday, 86_400) == START
    assert opened_at(thursday, WEEK_S) == START - 3 * 86_400 * MICROS
    assert opened_at(START - 3 * 86_400 * MICROS, WEEK_S) == START - 3 * 86_400 * MICROS


def test_the_state_says_no_when_it_is_not_one() -> None:
    with pytest.raises(msgspec.DecodeError):
        restore(b"\x00\x01")
