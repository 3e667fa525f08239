"""Flow against the scans over the whole tape, and what order, repetition and lateness may change."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from contracts.events import BookUpdated, Event, FlowComputed, QuoteReceived, TradeReceived
from contracts.ids import make_id
from stream_processing.feature_engineering.flow import NAMES, Flow, FlowRules, factory
from stream_processing.feature_engineering.flow_sessions import TICK
from stream_processing.feature_engineering.machine import Stream
from stream_processing.feature_engineering.memory_kernels import Floats
from stream_processing.feature_engineering.order_flow import BOOK_FLOW, QUOTE_FLOW, TRADE_FLOW, VPIN, bucket_volume
from stream_processing.feature_engineering.scan import Scan
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE, volume_profile
from tests.unit.stream_processing.feature_engineering.machine_laws import (
    SECOND,
    at_once,
    delayed,
    doubled,
    encoded,
    in_batches,
    one_by_one,
    passed,
)

STREAM = Stream("test", "AAPL", simulated=True)
RULES = FlowRules(lateness_us=1_500_000)
START = 1_767_620_000_000_000
"""A Monday morning in New York, 8:33."""
DAY = 86_400 * SECOND
MAKE = factory(RULES)
BASE: dict[str, Any] = {"source": STREAM.source, "simulated": True, "symbol": STREAM.subject}


class Tape:
    """Trades, quotes and books of one name over some seconds, each in order of time."""

    def __init__(self, seconds: int = 40, a_second: int = 6, seed: int = 0, start: int = START) -> None:
        random = np.random.default_rng(seed)
        count = seconds * a_second
        cents = 10_000 + np.cumsum(random.integers(-2, 3, count))

        def of(kind: str) -> list[dict[str, Any]]:
            times = start + np.sort(random.integers(0, seconds * SECOND, count))
            return [
                {**BASE, "event_id": make_id(kind, seed, number), "event_time": at, "sequence": number}
                for number, at in enumerate(times.tolist())
            ]

        def sizes(*shape: int) -> list[Any]:
            return list(random.integers(1, 400, (count, *shape)).tolist())

        sides = random.integers(-1, 2, count).tolist()
        prices = (cents / 100).tolist()
        self.trades: list[Event] = [
            TradeReceived(**base, price=price, size=size, side=side)
            for base, price, size, side in zip(of("trade"), prices, sizes(), sides, strict=True)
        ]
        self.quotes: list[Event] = [
            QuoteReceived(**base, bid=price - 0.01, ask=price + 0.01, bid_size=bid, ask_size=ask)
            for base, price, (bid, ask) in zip(of("quote"), prices, sizes(2), strict=True)
        ]
        depths = random.integers(0, 11, (count, 2)).tolist()
        self.books: list[Event] = [
            BookUpdated(
                **base,
                bid_prices=tuple(price - step / 100 for step in range(1, bids + 1)),
                bid_sizes=tuple(size[:bids]),
                ask_prices=tuple(price + step / 100 for step in range(1, asks + 1)),
                ask_sizes=tuple(size[:asks]),
            )
            for base, price, size, (bids, asks) in zip(of("book"), prices, sizes(10), depths, strict=True)
        ]
        self.until = start + (seconds + 2) * SECOND

    @property
    def topics(self) -> list[list[Event]]:
        return [self.trades, self.quotes, self.books]


def said(topics: Sequence[Sequence[Event]], until: int) -> list[FlowComputed]:
    found = at_once(MAKE, STREAM, topics, until)
    assert all(isinstance(one, FlowComputed) for one in found)
    return [one for one in found if isinstance(one, FlowComputed)]


def columns(events: Sequence[Any], *names: str) -> dict[str, Floats]:
    return {name: np.array([getattr(event, name) for event in events], dtype=np.float64) for name in names}


def as_of(events: Sequence[Event], out: Floats, end: int, scan: Scan) -> dict[str, float]:
    before = [place for place, event in enumerate(events) if event.event_time < end]
    row = out[before[-1]] if before else np.full(len(scan.features), np.nan)
    return {feature.name: value for feature, value in zip(scan.features, row.tolist(), strict=True)}


def whole(scan: Scan, rows: dict[str, Floats]) -> Floats:
    return scan.advance(scan.start(), rows)


def plain(tape: Tape, days: Sequence[float], buckets: Sequence[float]) -> list[dict[str, float]]:
    """What each second says, from scans over the whole tape."""
    trades: list[Any] = tape.trades
    books: list[Any] = tape.books
    rows = columns(trades, "event_time", "price", "size", "side")
    in_force = [[q for q in tape.quotes if q.event_time < trade.event_time][-1:] for trade in trades]
    for side in ("bid", "ask"):
        rows[side] = np.array([getattr(found[0], side) if found else 0.0 for found in in_force])
    rows |= {"session_day": np.array(days), "bucket_volume": np.array(buckets)}
    levels = {
        f"{name}_{level}": np.array([dict(enumerate(getattr(book, field))).get(level - 1, 0.0) for book in books])
        for level in range(1, 6)
        for name, field in (
            ("bid", "bid_prices"),
            ("bid_size", "bid_sizes"),
            ("ask", "ask_prices"),
            ("ask_size", "ask_sizes"),
        )
    }
    outs = [
        (tape.quotes, QUOTE_FLOW, columns(tape.quotes, *QUOTE_FLOW.inputs)),
        (tape.books, BOOK_FLOW, levels),
        (tape.trades, TRADE_FLOW, rows),
        (tape.trades, VPIN, rows),
    ]
    scanned = [(events, whole(scan, table), scan) for events, scan, table in outs]
    result = []
    for end in sorted({trade.event_time // SECOND * SECOND + SECOND for trade in trades}):
        values: dict[str, float] = {}
        for events, out, scan in scanned:
            values |= as_of(events, out, end, scan)
        today = [place for place, trade in enumerate(trades) if trade.event_time < end]
        today = [place for place in today if days[place] == days[today[-1]]]
        profile = volume_profile(rows["price"][today], rows["size"][today], TICK)
        values |= {feature.name: getattr(profile, feature.name) for feature in VOLUME_PROFILE}
        values |= {f"{feature.name}_30m": getattr(profile, feature.name) for feature in VOLUME_PROFILE}
        result.append({name: value for name, value in values.items() if np.isfinite(value)})
    return result


def test_each_second_says_what_the_scans_say_of_the_whole_tape() -> None:
    tape = Tape(seconds=60)
    found = said(tape.topics, tape.until)
    count = len(tape.trades)
    wanted = plain(tape, [1.0] * count, [np.nan] * count)
    assert [one.values for one in found] == wanted
    assert {"ofi_rate_1s", "ofi_depth_5", "roll_spread_100", "point_of_control"} < set(found[-1].values)
    assert set(found[-1].values) < set(NAMES)


def test_a_second_names_its_last_trade_and_ends_at_its_end() -> None:
    tape = Tape(seconds=10, a_second=1)
    last = {trade.event_time // SECOND: trade.event_id for trade in tape.trades}
    found = said(tape.topics, tape.until)
    assert [(one.event_time // SECOND - 1, one.trade_id) for one in found] == list(last.items())
    assert {(one.symbol, one.source, one.simulated, one.event_time % SECOND) for one in found} == {
        ("AAPL", "test", True, 0)
    }
    assert len({one.event_id for one in found}) == len(found)


def test_sessions_measure_the_buckets_of_the_next() -> None:
    days = [Tape(seconds=30, a_second=12, seed=day, start=START + day * DAY) for day in range(4)]
    tape = Tape(seconds=0)
    tape.trades, tape.quotes, tape.books = ([e for day in days for e in day.topics[kind]] for kind in range(3))
    volumes = [sum(trade.size for trade in day.trades) for day in days]  # type: ignore[attr-defined]
    names = [float(day) for day, of in enumerate(days, 1) for _ in of.trades]
    buckets = [bucket_volume(volumes[: int(day) - 1]) for day in names]
    found = said(tape.topics, days[-1].until)
    assert [one.values for one in found] == plain(tape, names, buckets)
    assert "vpin_50" in found[-1].values
    assert "vpin_50" not in found[30].values


@pytest.mark.parametrize("seed", range(12))
def test_nothing_depends_on_batches_or_on_the_order_of_topics_or_on_repetition(seed: int) -> None:
    tape = Tape(seconds=25, seed=seed)
    topics = [
        doubled(delayed(topic, RULES.lateness_us, seed + number), seed) for number, topic in enumerate(tape.topics)
    ]
    once = at_once(MAKE, STREAM, tape.topics, tape.until)
    found, figures = in_batches(MAKE, STREAM, topics, tape.until, RULES.lateness_us, seed)
    assert len(once) >= 20
    assert encoded(found) == encoded(once)
    assert figures["repeated_events"] + figures["late_events"] == sum(len(topic) // 3 for topic in tape.topics)
    assert figures["lost_events"] == 0


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_too_late_is_counted_and_changes_nothing(seed: int) -> None:
    tape, random = Tape(seconds=25, seed=seed), np.random.default_rng(seed)
    topics = list[list[Event]]()
    late = 0
    for kind, other in zip(tape.topics, Tape(seconds=20, a_second=1, seed=100 + seed).topics, strict=True):
        mixed = list(kind)
        for event in reversed(other):
            beyond = event.event_time // SECOND * SECOND + SECOND + RULES.lateness_us
            after = next(place for place, good in enumerate(kind) if good.event_time >= beyond)
            mixed.insert(int(random.integers(after + 1, len(kind) + 1)), event)
            late += 1
        topics.append(mixed)
    once = at_once(MAKE, STREAM, tape.topics, tape.until)
    assert encoded(at_once(MAKE, STREAM, topics, tape.until)) == encoded(once)
    found, figures = in_batches(MAKE, STREAM, topics, tape.until, RULES.lateness_us, seed)
    assert encoded(found) == encoded(once)
    assert figures == {"late_events": late, "repeated_events": 0, "lost_events": 0}


def test_what_is_late_follows_from_the_order_of_the_events() -> None:
    tape, random = Tape(seconds=15, a_second=4), np.random.default_rng(0)
    clock: list[Event] = [passed(STREAM, START + second * SECOND) for second in range(18)]
    ordered = sorted([*(event for topic in tape.topics for event in topic), *clock], key=lambda event: event.event_time)
    places = np.argsort(np.arange(len(ordered)) + random.integers(0, 60, len(ordered)))
    events = [ordered[place] for place in places]
    machine = Flow(STREAM, RULES)
    found = list(machine.read(events))
    assert encoded(one_by_one(MAKE, STREAM, events)) == encoded(found)
    assert len(found) > 10
    assert machine.figures()["late_events"] > 10


@pytest.mark.parametrize("cut_s", [3, 11, 24])
def test_what_comes_later_changes_nothing_that_was_said(cut_s: int) -> None:
    tape = Tape(seconds=30)
    cut = START + cut_s * SECOND
    before = [[event for event in topic if event.event_time < cut] for topic in tape.topics]
    begun = said(before, cut + 2 * SECOND)
    assert len(begun) > cut_s // 2
    assert said(tape.topics, tape.until)[: len(begun)] == begun


def test_seconds_wait_for_the_clock_and_the_lateness() -> None:
    tape = Tape(seconds=3, a_second=20)
    machine = Flow(STREAM, RULES)
    assert list(machine.read([event for topic in tape.topics for event in topic])) == []
    assert list(machine.read([passed(STREAM, START + 2 * SECOND)])) == []
    first = list(machine.read([passed(STREAM, START + 3 * SECOND)]))
    assert [one.event_time for one in first] == [START + SECOND]
    assert list(machine.read([passed(STREAM, START + SECOND)])) == []


def test_without_quotes_and_books_there_is_what_trades_say() -> None:
    tape = Tape(seconds=5)
    found = said([tape.trades, [], []], tape.until)
    assert len(found) == 5
    assert not any(name.startswith(("ofi", "effective")) for one in found for name in one.values)
    assert said([[], tape.quotes, tape.books], tape.until) == []


def test_what_it_does_not_read_changes_nothing() -> None:
    tape = Tape(seconds=5)
    found = said(tape.topics, tape.until)
    assert said([*tape.topics, list[Event](found)], tape.until) == found


def test_a_trade_of_no_shares_is_none() -> None:
    tape = Tape(seconds=5)
    empty = TradeReceived(
        **BASE, event_id=make_id("empty"), event_time=START + 4_999_999, price=1.0, size=0, side=0, sequence=0
    )
    assert said([[*tape.trades, empty], tape.quotes, tape.books], tape.until) == said(tape.topics, tape.until)


def test_a_quote_of_the_same_instant_may_be_what_the_trade_caused() -> None:
    tape = Tape(seconds=1, a_second=1)
    (trade,), (quote,) = tape.trades, tape.quotes
    at = trade.event_time
    for moment, is_in_force in ((at - 1, True), (at, False)):
        moved = QuoteReceived(
            **BASE, event_id=quote.event_id, event_time=moment, bid=99.0, ask=101.0, bid_size=1, ask_size=1, sequence=0
        )
        sided = TradeReceived(**BASE, event_id=trade.event_id, event_time=at, price=101.0, size=1, side=1, sequence=0)
        (found,) = said([[sided], [moved], []], tape.until)
        assert ("effective_spread" in found.values) == is_in_force
