"""Which points events become: bounded in number, the same when read again, labelled."""

from types import NoneType
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import stages, wire
from contracts.events import BarClosed, BarCorrected, Event, GreeksComputed, IndicatorsComputed, MicrostructureComputed
from contracts.ids import make_id
from contracts.ports import Message, Stamps
from contracts.topics import BARS, BY_EVENT, GREEKS
from storage.influxdb_client import series
from storage.influxdb_client.series import BY_KIND, SERIES, Points
from storage.timescaledb_client.schema import REAL, WHOLE, kind_of
from tests.servers.influx import Fields, Key, parse
from tests.unit.contracts.examples import EXAMPLES
from tests.unit.models.market import bar, micro
from tests.unit.storage.market import BEGAN, SECOND, signal

DAY = 86_400 * SECOND
SAMPLES = {type(event): event for event in EXAMPLES}


def message(event: Event, offset: int = 0, stamps: Stamps | None = None) -> Message:
    return Message(BY_EVENT[type(event)].name, 0, offset, event.event_time + 7_000, wire.encode(event), stamps or {})


def greeks(number: int, **changes: object) -> GreeksComputed:
    fields = {
        "event_id": make_id("greeks", number), "event_time": BEGAN, "source": "spark", "simulated": True,
        "quote_id": make_id("quote", number), "contract": "AAPL260116C00190000", "underlying": "AAPL",
        "expires_at": BEGAN + 15 * DAY, "strike": 190.0, "right": "C", "method": "m", "reason": "ok", "bid": 4.1,
        "ask": 4.2, "underlying_price": 190.0, "underlying_time": BEGAN, "implied_vol": 0.25, "delta": 0.5,
        "gamma": 0.02, "vega": 0.2, "theta": -0.1, "rho": 0.05,
    } | changes  # fmt: skip
    return GreeksComputed(**fields)  # type: ignore[arg-type]


def held(lines: list[str], into: dict[Key, Fields] | None = None) -> dict[Key, Fields]:
    """What a server holds after these lines: the same tags and time overwrite."""
    points = {} if into is None else into
    for text in lines:
        key, fields = parse(text)
        points[key] = points.get(key, {}) | fields
    return points


@pytest.mark.parametrize("row", SERIES, ids=lambda row: row.name)
def test_no_tag_is_a_contract_or_an_id_and_every_field_is_a_number_of_the_event(row: series.Series) -> None:
    event = SAMPLES[row.event]
    identities = {str(getattr(event, name)) for name in event.__struct_fields__ if name.endswith("id")}
    values = {name: tell(event) for name, tell in row.tags.items()}
    assert "contract" not in values
    assert not identities & set(values.values())
    assert getattr(event, "contract", None) not in values.values()
    hints = get_type_hints(row.event)
    assert all(_is_number(hints[name]) for name in row.fields)
    assert row.fields or hints[row.entries] == dict[str, float]


def _is_number(hint: object) -> bool:
    """Whether an annotation is that of a number, or of a number that may be absent."""
    parts = [part for part in get_args(hint) if part is not NoneType] or [hint]
    return len(parts) == 1 and kind_of(parts[0]) in {WHOLE, REAL}


def test_only_bars_and_their_corrections_share_a_measurement() -> None:
    names = [row.name for row in SERIES if row.event is not BarCorrected] + [series.LATENCY]
    assert len(set(names)) == len(names) == len(BY_KIND)
    assert BY_KIND[BarCorrected].name == BY_KIND[BarClosed].name


def test_a_correction_takes_the_place_of_its_bar() -> None:
    closed = bar(BEGAN + 60 * SECOND, 100.0)
    fields = {name: getattr(closed, name) for name in closed.__struct_fields__} | {
        "event_id": make_id("correction"), "event_time": closed.event_time - SECOND // 2, "close": 99.0,
        "bar_id": closed.event_id, "revision": 1,
    }  # fmt: skip
    ((key, told),) = held(Points().lines([message(closed), message(BarCorrected(**fields))])).items()
    assert key[2] == closed.event_time * 1000
    assert told["close"] == 99.0


def test_indicators_are_fields_by_their_names_and_odd_names_are_left_out() -> None:
    found = IndicatorsComputed(
        event_id=make_id("indicators"), event_time=BEGAN, source="spark", simulated=True, bar_id=make_id("bar"),
        symbol="AAPL", interval_s=60, values={"rsi_14": 55.5, "a b": 1.0, "x=1,y": 2.0, "": 3.0},
    )  # fmt: skip
    ((key, told),) = held(Points().lines([message(found)])).items()
    assert (key[0], dict(key[1])["interval"]) == ("indicators", "60s")
    assert told == {"rsi_14": 55.5}


def test_the_last_event_of_a_second_stands_for_it() -> None:
    events = [micro(BEGAN + ms * 1000, imbalance=ms / 10_000) for ms in (0, 400, 999, 1_000)]
    points = held(Points().lines([message(event) for event in events]))
    tags = (("simulated", "true"), ("symbol", events[0].symbol))
    assert {at: fields["imbalance_1"] for (_, at_tags, at), fields in points.items() if at_tags == tags} == {
        BEGAN * 1000: events[2].imbalance_1, (BEGAN + SECOND) * 1000: events[3].imbalance_1,
    }  # fmt: skip
    assert all(set(fields) <= set(BY_KIND[MicrostructureComputed].fields) for fields in points.values())


def test_bars_of_different_lengths_that_end_together_stay_apart_and_a_correction_replaces() -> None:
    events = [bar(BEGAN, 100.0), bar(BEGAN, 101.0)]
    longer = BarClosed(**{f: getattr(events[0], f) for f in events[0].__struct_fields__} | {"interval_s": 300})
    points = held(Points().lines([message(event) for event in (*events, longer)]))
    assert {(dict(tags)["interval"], at): fields["close"] for (_, tags, at), fields in points.items()} == {
        ("60s", BEGAN * 1000): 101.0, ("300s", BEGAN * 1000): 100.0,
    }  # fmt: skip


def test_options_of_one_microsecond_do_not_overwrite_each_other() -> None:
    points = held(Points().lines([message(greeks(n)) for n in range(5)]))
    assert len(points) == 5
    assert {at // 1000 for _, _, at in points} == {BEGAN}


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        ({}, True),
        ({"delta": -0.5, "right": "P"}, True),
        ({"delta": 0.44}, False),
        ({"delta": -0.56}, False),
        ({"delta": None}, False),
        ({"reason": "stale"}, False),
    ],
)
def test_only_options_near_the_money_stand_for_their_underlying(changes: dict[str, object], drawn: bool) -> None:  # noqa: FBT001
    assert bool(Points().lines([message(greeks(0, **changes))])) is drawn


@pytest.mark.parametrize(
    ("days", "name"), [(0, "0-7d"), (6.99, "0-7d"), (7, "7-30d"), (30, "30-90d"), (90, "90d+"), (900, "90d+")]
)
def test_terms_have_a_handful_of_names(days: float, name: str) -> None:
    assert series.term(greeks(0, expires_at=BEGAN + round(days * DAY))) == name


def test_a_number_that_is_absent_is_left_out_of_its_point() -> None:
    ((_, fields),) = held(Points().lines([message(greeks(0, theta=None))])).items()
    assert "theta" not in fields
    assert fields["implied_vol"] == 0.25


def test_real_data_and_simulated_data_are_different_series() -> None:
    points = held(Points().lines([message(signal(0)), message(greeks(1, simulated=False))]))
    assert {name: dict(tags)["simulated"] for name, tags, _ in points} == {"signals": "true", "near_money": "false"}


def test_the_number_of_series_is_bounded_and_known_ones_go_on() -> None:
    points = Points(max_series=3)
    made = [greeks(n, underlying=f"N{n}") for n in range(10)]
    assert len(points.lines([message(event) for event in made])) == 3
    assert points.too_many == 7
    assert len(points.lines([message(event) for event in made[:3]])) == 3
    assert points.too_many == 7


def test_records_that_break_their_contract_are_passed_over_and_counted() -> None:
    points = Points()
    bad = Message(GREEKS.name, 0, 0, BEGAN, b"{", {})
    assert len(points.lines([bad, message(greeks(0))])) == 1
    assert points.unreadable == 1


def test_latencies_are_milliseconds_after_an_event_was_due_by_topic() -> None:
    stamps = {stages.DUE: BEGAN - 3_000, stages.SENT: BEGAN - 1_000, stages.MARKET: BEGAN}
    told = Points().lines([message(bar(BEGAN, 100.0), stamps=stamps)])
    points = {key[:2]: (key[2], fields) for key, fields in held(told).items()}
    tags = (("partition", "0"), ("simulated", "true"), ("topic", BARS.name))
    assert points["latency", tags] == (BEGAN * 1000, {"sent_ms": 2.0, "market_ms": 3.0, "appended_ms": 10.0})


@pytest.mark.parametrize("stamps", [{}, {stages.SENT: BEGAN}, {stages.DUE: 0}])
def test_without_knowing_when_it_was_due_there_is_no_latency(stamps: Stamps) -> None:
    assert series.waterfall(stamps, BEGAN) == {}


EVENTS: list[Event] = [
    made
    for n in range(12)
    for made in (
        micro(BEGAN + n * 300_000, imbalance=n / 100),
        bar(BEGAN + n // 4 * SECOND, 100.0 + n),
        greeks(n, event_time=BEGAN + n * 100_000),
        signal(n),
    )
]
MESSAGES = [message(event, n, {stages.DUE: event.event_time - n * 1000}) for n, event in enumerate(EVENTS)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 10)), max_size=12))
def test_reading_again_after_kills_ends_with_the_same_points(runs: list[tuple[int, int]]) -> None:
    """Each run reads on from what was committed, writes some batches and is killed before it commits the last."""
    points: dict[Key, Fields] = {}
    committed = 0
    for size, lost in runs:
        end = min(committed + size, len(MESSAGES))
        held(Points().lines(MESSAGES[committed:end]), points)
        committed = max(committed, end - lost)
    held(Points().lines(MESSAGES[committed:]), points)
    assert points == held(Points().lines(MESSAGES))
