"""Option flow against the scan over each contract's trades, and what order, repetition and lateness may change."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from contracts.events import Event, OpenInterestReported, OptionFlowComputed, OptionTraded
from contracts.ids import make_id
from stream_processing.feature_engineering import option_flow
from stream_processing.feature_engineering.machine import Stream
from stream_processing.feature_engineering.option_flow import NAMES, OptionFlow, OptionFlowRules, factory
from stream_processing.feature_engineering.order_flow import OPTION_FLOW
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
RULES = OptionFlowRules(lateness_us=1_500_000)
MAKE = factory(RULES)
START = 1_767_620_000_000_000
"""A Monday morning in New York, 8:33."""
DAY = 86_400 * SECOND
BASE: dict[str, Any] = {"source": STREAM.source, "simulated": True, "underlying": STREAM.subject}
CONTRACTS = tuple(f"AAPL260116{right}00{strike}000" for right in "CP" for strike in (180, 190, 200))


def traded(at: int, contract: str = CONTRACTS[0], number: int = 0, **changed: Any) -> OptionTraded:  # noqa: ANN401 - fields
    fields = {"price": 2.5, "size": 10, "bid": 2.4, "ask": 2.5, "sequence": number} | changed
    return OptionTraded(
        **BASE,
        event_id=make_id("trade", contract, at, number),
        event_time=at,
        contract=contract,
        expires_at=START + 30 * DAY,
        strike=190.0,
        right="C" if contract[10] == "C" else "P",
        multiplier=100,
        **fields,
    )


def reported(at: int, contract: str = CONTRACTS[0], interest: int = 1_000, volume: int = 400) -> OpenInterestReported:
    identity = make_id("report", contract, at)
    return OpenInterestReported(
        **BASE, event_id=identity, event_time=at, contract=contract, open_interest=interest, volume=volume
    )


def tape(seconds: int = 25, a_second: int = 6, seed: int = 0, start: int = START) -> list[list[Event]]:
    """Trades of half an hour's contracts, and reports about most of them within the first seconds."""
    random = np.random.default_rng(seed)
    count = seconds * a_second
    times = (start + np.sort(random.integers(0, seconds * SECOND, count))).tolist()
    prices = (random.integers(5, 900, count) / 100).tolist()
    sides = random.integers(-2, 3, count).tolist()
    sizes, chosen = random.integers(1, 300, count).tolist(), random.integers(0, len(CONTRACTS), count).tolist()
    asks = [price + 0.1 * side if side >= 0 else 0.0 for price, side in zip(prices, sides, strict=True)]
    columns = zip(times, chosen, prices, sizes, asks, strict=True)
    trades: list[Event] = [
        traded(at, CONTRACTS[which], number, price=price, size=size, bid=price, ask=ask)
        for number, (at, which, price, size, ask) in enumerate(columns)
    ]
    reports: list[Event] = [
        reported(start + place * 700_000, contract, *random.integers(0, 900, 2).tolist())
        for place, contract in enumerate(CONTRACTS[1:])
    ]
    return [trades, reports]


def said(topics: Sequence[Sequence[Event]], until: int) -> list[OptionFlowComputed]:
    return [one for one in at_once(MAKE, STREAM, topics, until) if isinstance(one, OptionFlowComputed)]


def plain(topics: Sequence[Sequence[Any]]) -> list[dict[str, float]]:
    """What each trade says, by the scan over all trades of its contract, and by sums over all trades of its day."""
    trades, reports = topics
    rows = defaultdict[str, list[list[float]]](list)
    for trade in trades:
        known = [r for r in reports if r.contract == trade.contract and r.event_time < trade.event_time]
        interest, usual = (
            (known[-1].open_interest, np.mean([r.volume for r in known[-20:]])) if known else (np.nan,) * 2
        )
        day = float(trade.event_time // DAY)
        rows[trade.contract].append(
            [day, trade.price, trade.size, trade.bid, trade.ask, trade.multiplier, interest, float(usual)]
        )  # fmt: skip
    columns = {
        name: dict(zip(OPTION_FLOW.inputs, np.array(table, dtype=np.float64).T, strict=True))
        for name, table in rows.items()
    }
    found = {name: iter(OPTION_FLOW.advance(OPTION_FLOW.start(), table).tolist()) for name, table in columns.items()}
    result, sums, today = [], dict[str, float](), 0
    for trade in trades:
        if trade.event_time // DAY != today:
            today, sums = trade.event_time // DAY, {"all": 0.0, "net": 0.0, "bullish": 0.0, "calls": 0.0}
        values = dict(zip(NAMES, next(found[trade.contract]), strict=False))
        premium, side = values["option_premium"], values["option_side"]
        is_call = trade.right == "C"
        sums["all"] += premium
        sums["net"] += side * premium
        sums["bullish"] += side * premium * (1 if is_call else -1)
        sums["calls"] += premium * is_call
        values |= {
            "flow_net_premium": sums["net"],
            "flow_bullish_premium": sums["bullish"],
            "flow_call_share": sums["calls"] / sums["all"],
        }
        result.append({name: value for name, value in values.items() if np.isfinite(value)})
    return result


def joined(tapes: Sequence[Sequence[Sequence[Event]]]) -> list[list[Event]]:
    return [[event for one in tapes for event in one[kind]] for kind in range(2)]


def test_each_trade_says_what_the_scan_says_of_its_contract() -> None:
    days = joined([tape(seed=day, start=START + day * DAY) for day in range(3)])
    found = said(days, START + 3 * DAY)
    assert [one.trade_id for one in found] == [trade.event_id for trade in days[0]]
    assert [one.values for one in found] == plain(days)
    assert set(found[-1].values) == set(NAMES)
    first = found[0].values
    assert "option_premium" in first
    assert "unusual_flow" not in first


def test_every_event_names_its_trade() -> None:
    topics = tape()
    for one, trade in zip(said(topics, START + 60 * SECOND), topics[0], strict=True):
        assert isinstance(trade, OptionTraded)
        assert (one.event_time, one.contract, one.underlying) == (trade.event_time, trade.contract, trade.underlying)
        assert (one.source, one.simulated, one.event_id) == (
            "test",
            True,
            make_id("OptionFlowComputed", trade.event_id),
        )


@pytest.mark.parametrize("seed", range(12))
def test_nothing_depends_on_batches_or_on_the_order_of_topics_or_on_repetition(seed: int) -> None:
    topics, until = tape(seed=seed), START + 27 * SECOND
    mixed = [delayed(topic, RULES.lateness_us, seed + number) for number, topic in enumerate(topics)]
    once = at_once(MAKE, STREAM, topics, until)
    found, figures = in_batches(
        MAKE, STREAM, [doubled(topic, seed) for topic in mixed], until, RULES.lateness_us, seed
    )  # fmt: skip
    assert len(once) == len(topics[0])
    assert encoded(found) == encoded(once)
    assert figures["repeated_events"] + figures["late_events"] == sum(len(topic) // 3 for topic in topics)


def test_several_days_are_told_alike_in_batches() -> None:
    days = [tape(seconds=4, seed=day, start=START + day * 4 * DAY) for day in range(5)]
    days[3][1].clear()
    once = at_once(MAKE, STREAM, joined(days), START + 21 * DAY)
    machine, parts = MAKE(STREAM, None), list[Event]()
    since = 0
    for day in range(5):
        for second in (1, 2, 3, 60):
            cut = START + day * 4 * DAY + second * SECOND
            batch = [event for topic in joined(days) for event in topic if since <= event.event_time < cut]
            parts += machine.read([*batch, passed(STREAM, cut + RULES.lateness_us)])
            machine, since = MAKE(STREAM, machine.kept()), cut
    assert encoded(parts) == encoded(once)


@pytest.mark.parametrize("cut_s", [3, 11, 20])
def test_what_comes_later_changes_nothing_that_was_said(cut_s: int) -> None:
    topics, cut = tape(), START + cut_s * SECOND
    begun = said([[event for event in topic if event.event_time < cut] for topic in topics], cut + 2 * SECOND)
    assert len(begun) > cut_s
    assert said(topics, START + 60 * SECOND)[: len(begun)] == begun


def test_what_is_late_follows_from_the_clock_s_place_among_the_events() -> None:
    (trades, reports), random = tape(), np.random.default_rng(0)
    mixed = [*trades, *reports, *(passed(STREAM, START + second * SECOND) for second in range(30))]
    events = [mixed[place] for place in np.argsort(np.arange(len(mixed)) + random.integers(0, 90, len(mixed)))]
    machine = OptionFlow(STREAM, RULES)
    found = list(machine.read(events))
    assert encoded(one_by_one(MAKE, STREAM, events)) == encoded(found)
    late = machine.figures()["late_events"]
    assert len(trades) > len(found) >= len(trades) - late > 0


def values_of(*events: Event) -> list[dict[str, float]]:
    machine = OptionFlow(STREAM, RULES)
    end = max(event.event_time for event in events) // SECOND * SECOND + 3 * SECOND
    said = list(machine.read([*events, passed(STREAM, end)]))
    return [one.values for one in said if isinstance(one, OptionFlowComputed)]


def test_a_report_counts_for_trades_after_it() -> None:
    same, after = values_of(reported(START), traded(START), traded(START + 1, number=1))
    assert "option_volume_to_interest" not in same
    assert after["option_volume_to_interest"] == 20 / 1_000
    assert after["option_volume_to_mean_20"] == 20 / 400


def test_the_usual_volume_is_that_of_twenty_reports() -> None:
    reports = [reported(START + day * DAY, volume=1_000 * (day + 1)) for day in range(25)]
    (values,) = values_of(*reports, traded(START + 25 * DAY))
    assert values["option_volume_to_mean_20"] == 10 / (1_000 * np.mean(range(6, 26)))


def test_a_contract_that_nothing_is_heard_of_is_forgotten() -> None:
    other = traded(START + 9 * DAY, CONTRACTS[1])
    for days, is_known in ((9, True), (11, False)):
        values = values_of(reported(START), other, traded(START + days * DAY, number=1))
        assert ("option_volume_to_interest" in values[-1]) == is_known


def test_where_there_is_no_room_contracts_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(option_flow, "MOST_CONTRACTS", 2)
    machine = OptionFlow(STREAM, RULES)
    events = [reported(START + place, contract) for place, contract in enumerate(CONTRACTS[:3])]
    trades = [traded(START + 5 + place, contract) for place, contract in enumerate(CONTRACTS[1:4])]
    found = list(machine.read([*events, *trades, passed(STREAM, START + 4 * SECOND)]))
    assert [one.contract for one in found if isinstance(one, OptionFlowComputed)] == [CONTRACTS[1]]
    assert machine.figures() == {"late_events": 0, "repeated_events": 0, "lost_events": 3}


def test_trades_that_cannot_be_say_nothing() -> None:
    absurd = traded(START, price=1e9, size=10**15)
    assert values_of(traded(START + 1, number=1, size=0), absurd) == []
    good = traded(START + 2, number=2)
    assert values_of(absurd, good) == values_of(good)


def test_what_it_does_not_read_changes_nothing() -> None:
    topics = tape(seconds=3)
    found = said(topics, START + 9 * SECOND)
    assert said([*topics, list[Event](found)], START + 9 * SECOND) == found


def test_trades_wait_for_the_clock_and_the_lateness() -> None:
    machine = OptionFlow(STREAM, RULES)
    assert list(machine.read([traded(START)])) == []
    assert list(machine.read([passed(STREAM, START + 2 * SECOND)])) == []
    assert len(list(machine.read([passed(STREAM, START + 3 * SECOND)]))) == 1
    assert list(machine.read([passed(STREAM, START + 9 * SECOND), traded(START + 1)])) == []
    assert machine.figures()["late_events"] == 1
