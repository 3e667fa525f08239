"""Option trades: a session's volume to the contract, at prices inside what is quoted, any minute alone."""

from datetime import date
from functools import lru_cache

import numpy as np
import pytest

from contracts.events import OptionTraded
from contracts.wire import encode
from data_ingestion.simulator.core.clock import MINUTE_US
from data_ingestion.simulator.options.arrays import Ints
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.interest import NOTHING, Bought, keys
from data_ingestion.simulator.options.quotes import DEAR
from data_ingestion.simulator.options.trades import (
    LARGE,
    USUAL_SIZE,
    Schedule,
    Trades,
    option_trades,
    schedule,
    trades_of,
)
from data_ingestion.simulator.orders.listing import listed
from data_ingestion.simulator.orders.touch import touch
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.options.market import WORLD, day, latent, number_of

DAY = date(2026, 2, 18)
SEED, SOURCE = WORLD.seed, "simulator-40"
PLENTY = 1e6
BOUGHT = 400_000
FEW = 8
"""One contract in so many trades where the whole day is made."""


def volume(every: int = 1) -> Ints:
    """Of one in so many contracts: many trade a little, few a lot."""
    drawn = np.random.default_rng(1).pareto(0.9, day(DAY).chain.strike.size)
    traded = np.minimum(drawn * 4, 20_000).astype(np.int64)
    return np.where(np.arange(traded.size) % every == 0, traded, 0)


def planned(rate_per_s: float = PLENTY, every: int = 1) -> Schedule:
    return schedule(SEED, day(DAY), volume(every), NOTHING, rate_per_s)


def all_day(plan: Schedule) -> Trades:
    session = day(DAY).session
    made = [trades_of(plan, SEED, session, minute) for minute in range(session.minutes)]
    late = [one._replace(offset=one.offset + minute * MINUTE_US) for minute, one in enumerate(made)]
    return Trades(*(np.concatenate(column) for column in zip(*late, strict=True)))


@lru_cache(maxsize=1)
def whole_day() -> tuple[Schedule, Trades]:
    plan = planned(every=FEW)
    return plan, all_day(plan)


def events(minute: int, plan: Schedule) -> list[OptionTraded]:
    segment = latent().segment(number_of(DAY), minute)
    best = touch(segment, listed(UNIVERSE))
    return list(option_trades(segment, latent(), day(DAY), plan, best, SOURCE))


@lru_cache(maxsize=1)
def of_a_minute() -> tuple[OptionTraded, ...]:
    return tuple(events(200, planned(100.0)))


def test_a_contracts_trades_add_up_to_its_volume() -> None:
    plan, made = whole_day()
    assert np.bincount(made.row, made.size, plan.place.size).astype(int).tolist() == plan.contracts.tolist()
    assert np.bincount(made.row, minlength=plan.place.size).tolist() == plan.trades.tolist()
    assert (plan.contracts == volume(FEW)[plan.place]).all()
    assert made.size.min() == 1
    expired = day(DAY).chain.expires_at <= day(DAY).session.opens_at + MINUTE_US
    sure = np.flatnonzero((volume(FEW) >= USUAL_SIZE) & ~expired)
    assert set(sure.tolist()) <= set(plan.place.tolist())


def test_sizes_are_skewed() -> None:
    _, made = whole_day()
    assert np.median(made.size) <= USUAL_SIZE
    assert made.size.mean() == pytest.approx(USUAL_SIZE, rel=0.05)
    assert 0.6 < (made.size <= 10).mean() < 0.98
    assert 0.0002 < (made.size >= 100).mean() < 0.02


def test_the_open_and_the_close_trade_the_most() -> None:
    _, made = whole_day()
    by_minute = np.bincount(made.offset // MINUTE_US, made.size)
    middle = by_minute[180:210].mean()
    assert by_minute[:30].mean() > 1.7 * middle
    assert by_minute[-31:-1].mean() > 1.5 * middle
    assert (by_minute > 0).all()


def test_contracts_do_not_trade_in_the_minute_in_which_they_expire() -> None:
    plan, made = whole_day()
    left = day(DAY).chain.expires_at[plan.place[made.row]] - day(DAY).session.opens_at - made.offset
    assert left.min() >= MINUTE_US
    expiring = left < 60 * MINUTE_US
    assert expiring.any()


def test_fewer_trades_are_larger() -> None:
    plenty, few = planned(), planned(2.0)
    most = 2.0 * day(DAY).session.minutes * 60
    assert most * 0.97 < few.trades.sum() < most * 1.03
    assert few.contracts.sum() > 0.9 * plenty.contracts.sum()
    assert set(few.place.tolist()) < set(plenty.place.tolist())
    assert planned(0.0).place.size == 0
    assert events(3, planned(0.0)) == []


def test_any_minute_can_be_made_alone_and_is_the_same() -> None:
    plan = planned(100.0)
    again = events(200, plan)
    assert tuple(again) == of_a_minute()
    assert events(201, plan)[0].sequence > again[-1].sequence
    assert trades_of(plan, SEED + 1, day(DAY).session, 200).row.tolist() != [
        *trades_of(plan, SEED, day(DAY).session, 200).row
    ]


def test_a_quiet_contract_trades_once_and_all_it_trades() -> None:
    whole = planned()
    plan = whole._replace(**{field: getattr(whole, field)[[-1]] for field in whole._fields})
    plan = plan._replace(contracts=np.array([3]), trades=np.array([1]))
    session = day(DAY).session
    (minute,) = [minute for minute in range(session.minutes) if trades_of(plan, SEED, session, minute).row.size]
    (event,) = events(minute, plan)
    assert (event.contract, event.size) == (day(DAY).contracts[int(plan.place[0])].symbol, 3)


def test_trades_are_legal_and_inside_what_is_quoted() -> None:
    made = of_a_minute()
    assert len(made) > 500
    assert len({event.event_id for event in made}) == len(made)
    times, numbers = [event.event_time for event in made], [event.sequence for event in made]
    assert times == sorted(times)
    assert numbers == list(range(numbers[0], numbers[0] + len(made)))
    begins = day(DAY).session.opens_at + 200 * MINUTE_US
    assert begins <= times[0] < times[-1] < begins + MINUTE_US
    ticks = {one.symbol: one.ticks for one in CLASSES}
    for event in made:
        assert encode(event)
        assert 0 <= event.bid <= event.price <= event.ask
        cents = [round(each * 100) for each in (event.bid, event.price, event.ask)]
        below, above = ticks[event.underlying]
        tick = above if event.bid >= DEAR else below
        assert all(each % tick == 0 for each in cents)
    asked, offered = (np.mean([event.price == getattr(event, side) for event in made]) for side in ("ask", "bid"))
    assert 0.4 < asked < 0.6
    assert 0.35 < offered < 0.55
    assert any(event.bid < event.price < event.ask for event in made)


def test_what_is_bought_out_of_the_ordinary_is_large_and_at_the_ask() -> None:
    row, contracts = int(np.argmax(volume())), volume()
    contracts[row] += BOUGHT
    bought = Bought(keys(day(DAY).chain.where(np.array([row]))), np.array([BOUGHT]), np.array([number_of(DAY)]))
    plan = schedule(SEED, day(DAY), contracts, bought, PLENTY)
    (special,) = np.flatnonzero(plan.is_bought).tolist()
    assert (plan.place[special], plan.contracts[special]) == (row, BOUGHT)
    assert plan.contracts[special] / plan.trades[special] == pytest.approx(LARGE, rel=0.01)
    (usual,) = np.flatnonzero((plan.place == row) & ~plan.is_bought).tolist()
    assert plan.contracts[usual] == volume()[row]
    only = plan._replace(**{field: getattr(plan, field)[[special]] for field in plan._fields})
    made = [event for minute in (0, 1, 2) for event in events(minute, only)]
    assert len(made) > 30
    assert {event.contract for event in made} == {day(DAY).contracts[row].symbol}
    assert all(event.price > (event.bid + event.ask) / 2 - 0.01 for event in made)
    assert np.mean([event.price == event.ask for event in made]) > 0.6
    assert np.mean([event.size for event in made]) > 50
