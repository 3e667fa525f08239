"""Bars against a plain fold over the trades, and what their order, repetition and lateness may change."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import log
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import wire
from contracts.events import (
    BarClosed,
    BarCorrected,
    BarUpdated,
    Event,
    IndicatorsComputed,
    TimePassed,
    TradeReceived,
)
from contracts.ids import make_id
from contracts.topics import BY_EVENT
from stream_processing.feature_engineering.bar_sums import MICROS, WEEK_S, Sum, begun, opened_at
from stream_processing.feature_engineering.bars import FIGURES, KEPT_US, NAMES, Bars, Rules, factory
from stream_processing.feature_engineering.catalogue import BAR_SCAN
from stream_processing.feature_engineering.machine import Stream

RULES = Rules((1, 5, 60, 3_600), 1_000_000)
STREAM = Stream("test", "AAPL", simulated=True)
START = 1_767_225_600_000_000
FEW = 12
"""Examples of tests that read whole tapes."""
E = TypeVar("E", bound=Event)


def trades(count: int, seed: int = 0, seconds: float = 90.0) -> list[TradeReceived]:
    """Trades of a random walk in cents, in order of time."""
    random = np.random.default_rng(seed)
    times = START + np.sort(random.integers(0, round(seconds * MICROS), count))
    cents = 10_000 + np.cumsum(random.integers(-2, 3, count))
    sizes, sides = random.integers(1, 400, count), random.integers(-1, 2, count)
    columns = (times, cents, sizes, sides)
    return [
        TradeReceived(
            event_id=f"{seed:04x}{number:028x}",
            event_time=time,
            source=STREAM.source,
            simulated=True,
            symbol=STREAM.subject,
            price=cent / 100,
            size=size,
            side=side,
            sequence=number,
        )
        for number, (time, cent, size, side) in enumerate(zip(*(c.tolist() for c in columns), strict=True))
    ]


def disordered(count: int, seed: int, seconds: float) -> list[Event]:
    """Trades that come late and again, and clocks that vouch for no more than has come."""
    random = np.random.default_rng(seed)
    rows: list[tuple[float, Event]] = []
    for trade in trades(count, seed, seconds):
        delay = random.choice([0.0, random.uniform(0, 0.9), random.uniform(1.2, 20.0)], p=[0.5, 0.45, 0.05]) * MICROS
        rows.append((trade.event_time + delay, trade))
        if random.random() < 0.1:
            rows.append((trade.event_time + delay + random.uniform(0, 8) * MICROS, trade))
    clocks = [START + second * MICROS for second in range(round(seconds))]
    rows += [(moment + 21 * MICROS, passed(moment)) for moment in clocks if random.random() < 0.5]
    return [event for _, event in sorted(rows, key=lambda row: row[0])]


def passed(moment: int) -> TimePassed:
    return TimePassed(
        event_id=make_id("TimePassed", moment),
        event_time=moment,
        source=STREAM.source,
        simulated=True,
        symbol=STREAM.subject,
    )


def read(found: Sequence[Event]) -> list[Event]:
    return list(Bars(STREAM, RULES).read(found))


def of(kind: type[E], events: Sequence[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def plain(found: Sequence[TradeReceived], interval_s: int) -> dict[int, tuple[object, ...]]:
    """Opening time → all figures of the bar, by the obvious way."""
    groups: dict[int, list[TradeReceived]] = defaultdict(list)
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


@settings(max_examples=FEW)
@given(cuts=st.lists(st.integers(0, 200), max_size=6), rate=st.sampled_from([4, 20]), seed=st.integers(0, 5))
def test_nothing_depends_on_how_trades_are_cut_into_batches(cuts: list[int], rate: int, seed: int) -> None:
    found = disordered(200, seed, 200 / rate)
    parts, kept, make = list[Event](), None, factory(RULES)
    counted = dict.fromkeys(FIGURES, 0.0)
    for begin, end in pairwise([0, *sorted(cuts), len(found)]):
        machine = make(STREAM, kept)
        parts += machine.read(found[begin:end])
        kept = machine.kept()
        counted = {name: counted[name] + amount for name, amount in machine.figures().items()}
    whole = Bars(STREAM, RULES)
    assert list(map(wire.encode, parts)) == list(map(wire.encode, whole.read(found)))
    assert counted == whole.figures()
    assert counted["repeated_trades"] > 0
    assert counted["corrected_bars"] > 0


@settings(max_examples=FEW)
@given(moments=st.lists(st.integers(0, 599), max_size=8))
def test_told_time_ends_bars_but_changes_none(moments: list[int]) -> None:
    found = trades(600, seed=11, seconds=65.0)
    told: list[Event] = list(found)
    for place in sorted(moments, reverse=True):
        told.insert(place, passed(found[place].event_time - 1))
    end = found[-1].event_time // 60_000_000 * 60_000_000 + 60_000_000 + RULES.lateness_us
    by_trades, by_time = read(found), read([*told, passed(end)])
    assert of(BarUpdated, by_time) == of(BarUpdated, by_trades)
    assert of(BarCorrected, by_time) == []
    bars = of(BarClosed, by_time)
    assert bars[: len(of(BarClosed, by_trades))] == of(BarClosed, by_trades)
    for interval_s in (1, 5, 60):
        wanted = plain(found, interval_s)
        assert {bar.opened_at: figures(bar) for bar in bars if bar.interval_s == interval_s} == wanted


@settings(max_examples=FEW)
@given(cut=st.integers(1, 599))
def test_what_comes_later_changes_nothing_that_was_said(cut: int) -> None:
    found = trades(600, seed=2, seconds=30.0)
    begun = read(found[:cut])
    assert read(found)[: len(begun)] == begun


def test_a_trade_that_comes_again_counts_once() -> None:
    found = trades(500, seed=3, seconds=KEPT_US / MICROS)
    machine = Bars(STREAM, RULES)
    twice = [each for trade in found for each in (trade, trade)]
    assert list(machine.read(twice)) == read(found)
    assert machine.figures()["repeated_trades"] == len(found)
    assert of(BarCorrected, list(machine.read(found))) == []


def test_events_of_other_kinds_are_passed_over() -> None:
    events = read(found := trades(100, seed=16, seconds=5.0))
    other = of(BarClosed, events)[0]
    assert read([each for trade in found for each in (other, trade)]) == events


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


def test_a_late_trade_enters_the_longer_bars_that_are_open() -> None:
    found = trades(400, seed=5, seconds=30.0)
    held, rest = found[50], [*found[:50], *found[51:]]
    place = next(i for i, trade in enumerate(rest) if trade.event_time > held.event_time + 7 * MICROS)
    told = passed(START + 60 * MICROS + RULES.lateness_us)
    minute = of(BarClosed, read([*rest[:place], held, *rest[place:], told]))[-1]
    assert minute.interval_s == 60
    assert figures(minute)[:-1] == plain(found, 60)[START][:-1]


def test_a_late_trade_begins_the_longer_bars_that_none_has_begun() -> None:
    first, late = trades(2, seed=12, seconds=0.5)
    first = replace(first, event_time=START + 60_500_000)
    late = replace(late, event_time=START + 58_500_000)
    events = read([first, late, passed(START + 61 * MICROS)])
    assert [(bar.interval_s, bar.trade_count) for bar in of(BarCorrected, events)] == [(1, 1)]
    closed = [(bar.interval_s, bar.opened_at, bar.trade_count) for bar in of(BarClosed, events)]
    assert closed == [(5, START + 55 * MICROS, 1), (60, START, 1)]


def test_an_earlier_second_that_begins_after_a_later_one_ends_before_it() -> None:
    moments = [START + micros for micros in (11_500_000, 10_900_000, 12_100_000, 12_200_000)]
    found = [replace(trade, event_time=at) for trade, at in zip(trades(4, seed=13), moments, strict=True)]
    assert [bar.opened_at for bar in of(BarClosed, read(found))] == [START + 10 * MICROS]


def test_time_that_passes_without_trades_forgets_none() -> None:
    found = trades(300, seed=14, seconds=5.0)
    held, rest = found[50], [*found[:50], *found[51:]]
    corrected = of(BarCorrected, read([*rest, passed(START + 3_000 * MICROS), held]))
    assert {one.interval_s: figures(one)[:-1] for one in corrected} == {
        interval_s: plain(found, interval_s)[opened_at(held.event_time, interval_s)][:-1] for interval_s in (1, 5, 60)
    }


def test_what_comes_too_late_even_for_that_is_counted() -> None:
    found, machine = trades(400, seed=6, seconds=30.0), Bars(STREAM, RULES)
    assert list(machine.read(found[1:]))
    assert list(machine.read(found[:1])) == []
    assert machine.figures()["lost_trades"] == 1


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
        assert (one.open, one.close) == (so_far[0].price, so_far[-1].price)
        assert (one.high, one.low) == (max(t.price for t in so_far), min(t.price for t in so_far))
        assert one.trade_count == len(so_far)
        assert one.realised_variance is None


def test_a_quiet_time_has_no_bars() -> None:
    found = trades(200, seed=8, seconds=5.0)
    later = [
        replace(trade, event_id=f"{n:032x}", event_time=trade.event_time + 600 * MICROS)
        for n, trade in enumerate(found)
    ]
    seconds = [bar.opened_at for bar in of(BarClosed, read([*found, *later])) if bar.interval_s == 1]
    assert max(b - a for a, b in pairwise(seconds)) >= 595 * MICROS


def test_absurd_sizes_do_not_break_the_state() -> None:
    machine = Bars(STREAM, RULES)
    assert list(machine.read([replace(trade, price=1e9, size=10**15) for trade in trades(50, seed=9)]))
    assert Bars(STREAM, RULES, machine.kept()).kept() == machine.kept()


@given(
    orders=st.lists(st.tuples(st.integers(1, 10**15), st.integers(0, 10**15)), min_size=1, max_size=20),
    cuts=st.lists(st.integers(0, 20), max_size=4),
)
def test_sums_of_sums_are_exact(orders: list[tuple[int, int]], cuts: list[int]) -> None:
    found = [
        replace(trade, price=micros / MICROS, size=size)
        for trade, (micros, size) in zip(trades(len(orders), seed=15), orders, strict=True)
    ]
    whole, joined = begun(60, START, found[0]), begun(60, START, found[0])
    for trade in found:
        whole.add(trade)
    for begin, end in pairwise(sorted({0, *(min(cut, len(found)) for cut in cuts), len(found)})):
        part = begun(1, START, found[begin])
        for trade in found[begin:end]:
            part.add(trade)
        joined.merge(msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=Sum))
    assert joined == whole
    if whole.volume:
        turnover = sum(round(trade.price * MICROS) * trade.size for trade in found)
        assert whole.vwap == pytest.approx(float(Fraction(turnover, MICROS * whole.volume)), rel=1e-15)


def test_a_trade_of_no_shares_makes_a_bar_without_volume() -> None:
    found = [replace(trade, size=0) for trade in trades(300, seed=10, seconds=5.0)]
    assert all(bar.vwap == bar.close for bar in of(BarClosed, read(found)))


def test_weeks_begin_on_monday_and_days_at_midnight_utc() -> None:
    thursday = START + 15 * 3_600 * MICROS  # 2026-01-01
    assert opened_at(thursday, 86_400) == START
    assert opened_at(thursday, WEEK_S) == START - 3 * 86_400 * MICROS
    assert opened_at(START - 3 * 86_400 * MICROS, WEEK_S) == START - 3 * 86_400 * MICROS


def test_the_state_says_no_when_it_is_not_one() -> None:
    with pytest.raises(msgspec.DecodeError):
        Bars(STREAM, RULES, b"\x00\x01")


def test_bars_without_their_seconds_are_refused() -> None:
    with pytest.raises(ValueError, match="made of those of a second"):
        factory(Rules((60,), 1_000_000))
