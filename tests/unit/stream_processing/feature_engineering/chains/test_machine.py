"""What chains say depends on the events alone."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import pytest

from contracts import wire
from contracts.events import ChainRepriced, Event, SurfaceFitted
from contracts.ids import make_id
from contracts.sessions import MICROS
from stream_processing.feature_engineering.chains import memory
from stream_processing.feature_engineering.chains.machine import ChainRules, Chains, factory
from tests.unit.stream_processing.feature_engineering.chains.quoted import (
    EXPIRIES,
    START,
    STREAM,
    chain,
    interest,
    passed,
    quote,
    tape,
    trade,
)

RULES = ChainRules()
STEP = RULES.interval_us
SECONDS = 17
EVENTS = list(tape(1, SECONDS))
CLOCK = [passed(START + second * MICROS) for second in range(SECONDS + 2)]


def fresh(kept: bytes | None = None) -> Chains:
    return Chains(STREAM, RULES, kept)


def said(machine: Chains, events: Iterable[Event]) -> list[bytes]:
    return [wire.encode(event) for event in machine.read(events)]


@pytest.fixture(scope="module")
def at_once() -> list[bytes]:
    """The whole tape in one call."""
    return said(fresh(), [*EVENTS, *CLOCK])


def surfaces(told: Sequence[bytes]) -> list[SurfaceFitted]:
    events = [wire.decode("features.surfaces", one) for one in told if b'"SurfaceFitted"' in one[:30]]
    return [event for event in events if isinstance(event, SurfaceFitted)]


def test_a_snapshot_is_told_for_every_instant_with_new_quotes(at_once: list[bytes]) -> None:
    found = surfaces(at_once)
    assert [one.event_time for one in found] == [START + STEP, START + 2 * STEP, START + 3 * STEP]
    assert len(at_once) == len(found) * (1 + len(EXPIRIES))
    assert all(len(one.expiries) == len(EXPIRIES) for one in found)
    chains = [wire.decode("features.chains", one) for one in at_once if b'"ChainRepriced"' in one[:30]]
    assert len({one.event_id for one in chains}) == len(chains)
    for one in chains:
        assert isinstance(one, ChainRepriced)
        assert one.surface_id in {surface.event_id for surface in found}
    first = [one for one in chains if isinstance(one, ChainRepriced) and one.event_time == START + STEP]
    ids = [contract.quote_id for one in first for contract in one.contracts]
    assert found[0].quotes_id == make_id(*ids)
    assert found[0].contracts == len(ids)


@pytest.mark.parametrize("seed", range(3))
def test_batches_order_repetition_and_restarts_change_nothing(at_once: list[bytes], seed: int) -> None:
    random = np.random.default_rng(seed)
    arrivals = [(event.event_time + int(random.integers(0, RULES.lateness_us)), event) for event in EVENTS]
    arrivals += [(at + int(random.integers(0, 500_000)), event) for at, event in arrivals if random.random() < 0.2]
    arrivals.sort(key=lambda one: one[0])
    told: list[bytes] = []
    kept = None
    until = START
    while until < CLOCK[-1].event_time:
        since, until = until, until + int(random.integers(100_000, 4_000_000))
        batch = [event for at, event in arrivals if since <= at < until]
        random.shuffle(batch)
        machine = fresh(kept)
        told += said(machine, [*batch, *(one for one in CLOCK if since <= one.event_time < until)])
        kept = machine.kept()
    told += said(fresh(kept), [*(event for at, event in arrivals if at >= until), CLOCK[-1]])
    assert told == at_once


def test_how_often_time_passes_changes_nothing(at_once: list[bytes]) -> None:
    assert said(fresh(), [*EVENTS, CLOCK[-1]]) == at_once
    machine = fresh()
    apart = said(machine, [*EVENTS, CLOCK[7]]) + said(machine, [CLOCK[7], CLOCK[3], CLOCK[-1]])
    assert apart == at_once


@pytest.mark.parametrize("cut_s", [6, 9, 14])
def test_the_future_changes_nothing(at_once: list[bytes], cut_s: int) -> None:
    cut = START + cut_s * MICROS
    before = [event for event in EVENTS if event.event_time <= cut]
    told = said(fresh(), [*before, passed(cut)])
    assert told == at_once[: len(told)]
    assert len(told) == (cut_s - 1) // 5 * (1 + len(EXPIRIES))


def test_what_comes_late_is_counted_and_not_mixed_in() -> None:
    machine = fresh()
    assert said(machine, [*chain(START + 1), passed(START + STEP + RULES.lateness_us)])
    contract = EXPIRIES[0], 100.0, "C"
    late = quote(START + 2 * MICROS, *contract)
    events = [late, trade(late.event_time, *contract, 5), interest(late.event_time, late.contract, 7)]
    assert said(machine, [*events, passed(START + 3 * STEP)]) == []
    assert [machine.figures()[name] for name in ("late_quotes", "late_trades", "late_reports")] == [1.0, 1.0, 1.0]
    told = said(machine, [quote(START + 3 * STEP, EXPIRIES[1], 100.0, "C"), passed(START + 4 * STEP)])
    assert surfaces(told)[0].values.keys().isdisjoint({"gex", "put_call_volume"})


def test_without_a_new_quote_nothing_is_told() -> None:
    machine = fresh()
    assert said(machine, [*chain(START + 1), passed(START + 2 * STEP)])
    traded = trade(START + 2 * STEP, EXPIRIES[0], 100.0, "C", 3)
    assert said(machine, [traded, passed(START + 9 * STEP)]) == []
    assert machine.figures()["snapshots"] == 1


def test_a_quote_of_the_instant_belongs_to_it_and_of_two_the_later_counts() -> None:
    contract = EXPIRIES[0], 100.0, "C"
    early, late = (quote(START + STEP, *contract, number, spot=spot) for number, spot in ((1, 99.0), (2, 101.0)))
    machine = fresh()
    told = said(machine, [late, early, quote(START + STEP + 1, *contract, spot=105.0), passed(START + STEP + MICROS)])
    assert surfaces(told)[0].quotes_id == make_id(late.event_id)
    assert surfaces(told)[0].underlying_price in {99.0, 101.0}
    assert machine.figures()["unfitted_chains"] == 1


def test_expired_contracts_leave_and_adjusted_ones_do_not_come() -> None:
    soon = START + 7 * MICROS
    machine = fresh()
    odd = quote(START + 1, EXPIRIES[0], 100.0, "C", root="ABC1")
    events = [odd, quote(START + 2, soon, 100.0, "C"), quote(START + 3, EXPIRIES[0], 100.0, "C")]
    told = said(machine, [*events, quote(START + STEP + 1, EXPIRIES[0], 96.0, "P"), passed(START + 3 * STEP)])
    assert [one.contracts for one in surfaces(told)] == [2, 2]
    assert machine.figures()["adjusted_quotes"] == 1
    alone = fresh()
    assert said(alone, [quote(START + 1, START + STEP, 100.0, "C"), passed(START + 3 * STEP)]) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_CONTRACTS", 10)
    monkeypatch.setattr(memory, "MOST_CELLS", 2)
    machine = fresh()
    told = said(machine, [*chain(START + 1), passed(START + 2 * STEP)])
    assert surfaces(told)[0].contracts == 10
    quotes = [quote(START + at * STEP, EXPIRIES[0], 80.0 + at, "C") for at in range(3, 8)]
    said(machine, quotes)
    kept = machine.kept()
    assert machine.figures()["skipped_instants"] == 3
    told = said(fresh(kept), [passed(START + 9 * STEP)])
    assert [one.event_time for one in surfaces(told)] == [START + 6 * STEP, START + 7 * STEP]
    assert surfaces(told)[0].contracts == 10


def test_old_open_interest_is_forgotten() -> None:
    machine = fresh()
    first = chain(START + 1)
    week = memory.INTEREST_KEPT_US
    told = said(machine, [*(interest(START + 1, one.contract, 5) for one in first), *first, passed(START + 2 * STEP)])
    assert "gex" in surfaces(told)[0].values
    told = said(machine, [*chain(START + 2 * week), passed(START + 2 * week + 3 * STEP)])
    assert "gex" not in surfaces(told)[0].values


def test_figures_begin_anew_and_the_factory_makes_machines() -> None:
    machine = factory(RULES)(STREAM, None)
    list(machine.read([*chain(START + 1), passed(START + 2 * STEP)]))
    assert machine.figures()["snapshots"] == 1
    assert 0.0 < machine.figures()["iv_gap_max"] < 1.0
    assert set(factory(RULES)(STREAM, machine.kept()).figures().values()) == {0.0}


@pytest.mark.parametrize("seed", range(4))
def test_no_quote_however_absurd_raises_or_breaks_a_contract(seed: int) -> None:
    random = np.random.default_rng(seed)

    def price() -> float:
        return float(np.exp(random.uniform(-14.0, 20.0)))

    events = []
    for number, one in enumerate(chain(START + 1, style=("american", "european")[seed % 2])):
        changes: dict[str, float] = {
            "bid": (0.0, one.bid, price())[int(random.integers(3))],
            "ask": (0.0, one.ask, price())[int(random.integers(3))],
            "underlying_price": one.underlying_price if random.random() < 0.8 else price(),
            "underlying_time": one.event_time + int(random.integers(-(10**8), 10**7)),
            "rate": float(random.uniform(-1.0, 1.0)),
            "dividend_yield": float(random.uniform(-1.0, 1.0)),
            "strike": one.strike if random.random() < 0.8 else price(),
            "multiplier": int(random.integers(1, 2**62)),
            "expires_at": int(random.integers(START, 253_402_300_799_999_999)),
        }
        few = {name: value for name, value in changes.items() if random.random() < 0.2}
        events += [msgspec.structs.replace(one, **few), interest(START + number, one.contract, 2**62)]
    told = said(fresh(), [*events, passed(START + 3 * STEP)])
    assert len(told) > 1
