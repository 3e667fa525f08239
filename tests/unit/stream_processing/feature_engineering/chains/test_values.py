"""What chains say, against the functions of the library called directly."""

import numpy as np
import pytest

from contracts.events import SurfaceFitted
from contracts.sessions import MICROS
from models.quantitative.exposure.dealers import exposures, total, walls
from models.quantitative.exposure.flip import gamma_profile
from models.quantitative.exposure.sentiment import max_pain
from stream_processing.feature_engineering.chains.board import Board, board
from stream_processing.feature_engineering.chains.fitting import fit, told
from stream_processing.feature_engineering.chains.machine import ChainRules, Chains
from stream_processing.feature_engineering.chains.memory import HISTORY_DAYS, Interest, Memory, Stamp, kept
from stream_processing.feature_engineering.chains.repricing import Repriced, reprice
from stream_processing.feature_engineering.chains.values import CHAIN, LEAST_HISTORY_DAYS, Tally, values
from tests.unit.stream_processing.feature_engineering.chains.quoted import (
    DAY_US,
    EXPIRIES,
    SPOT,
    START,
    STREAM,
    chain,
    passed,
    quote,
    smile,
    trade,
)

NAMES = {feature.name for feature in CHAIN}
HISTORY = [0.2 + 0.002 * number for number in range(LEAST_HISTORY_DAYS)]
OF_INTEREST = {feature.name for feature in CHAIN if feature.source == "OpenInterestReported"}


def held(*, with_interest: bool = True) -> Board:
    quotes = {one.contract: kept(one) for one in chain(START)}
    random = np.random.default_rng(5)
    interest = {one: Interest(START, "", int(random.integers(1, 900))) for one in quotes if with_interest}
    return board(Memory(quotes=quotes, interest=interest, stamp=Stamp(START, START, "", SPOT)), START + MICROS)


def said(at: Board, tally: Tally = Tally(40, 50, HISTORY)) -> tuple[dict[str, float], Repriced]:  # noqa: B008 - frozen
    surface = fit(at)
    assert surface is not None
    repriced = reprice(at, surface)
    return values(at, surface, repriced, told(at, surface), tally), repriced


def test_a_full_chain_says_all_that_the_catalogue_has() -> None:
    found, _ = said(held())
    assert set(found) == NAMES
    assert len(NAMES) == len(CHAIN)
    assert all(np.isfinite(value) for value in found.values())


def test_volatilities_are_those_of_the_smile() -> None:
    found, _ = said(held())
    for name, days in (("atm_vol_30", 30), ("atm_vol_90", 90)):
        assert found[name] == pytest.approx(smile(SPOT, days / 365), abs=3e-3)
    assert found["term_slope"] == found["atm_vol_90"] - found["atm_vol_30"]
    spread = 2 * 0.6745 * 0.25 * np.sqrt(30 / 365)
    assert found["skew_30"] == pytest.approx(-0.1 / (0.3 + 30 / 365) * spread, rel=0.1)
    assert abs(found["butterfly_30"]) < 0.01
    assert found["variance_vol_30"] > found["atm_vol_30"]
    assert found["expected_move_1d"] == pytest.approx(SPOT * 0.25 / np.sqrt(365), rel=0.02)
    assert found["expected_move_front"] == pytest.approx(0.8 * SPOT * 0.25 * np.sqrt(15 / 365), rel=0.02)


def test_exposures_are_those_of_the_library() -> None:
    at = held()
    found, repriced = said(at)
    greeks = repriced.delta, repriced.gamma, repriced.vanna, repriced.charm
    parts = exposures(SPOT, at.is_call, at.open_interest, *greeks, 100.0)
    sums, at_walls = total(parts), walls(at.strike, at.is_call, parts)
    assert found["gex"] == pytest.approx(sums.gamma_dollars_per_percent[0])
    assert found["dex"] == pytest.approx(sums.delta_dollars[0])
    assert found["vanna_exposure"] == pytest.approx(sums.vanna_dollars_per_vol_point[0])
    assert found["charm_exposure"] == pytest.approx(sums.charm_dollars_per_day[0])
    assert (found["call_wall"], found["put_wall"]) == (at_walls.call_wall, at_walls.put_wall)
    columns = at.strike, at.years, at.rate, at.dividend_yield, repriced.vol, at.is_call
    profile = gamma_profile(SPOT, *columns, at.open_interest)
    assert found["gamma_flip"] == pytest.approx(profile.flip_level, rel=1e-6)


def test_interest_and_trades_give_ratios_and_pain() -> None:
    at = held()
    found, _ = said(at)
    puts = at.is_call == 0.0
    assert found["put_call_interest"] == pytest.approx(at.open_interest[puts].sum() / at.open_interest[~puts].sum())
    assert found["put_call_volume"] == 50 / 40
    front = at.expiries()[0]
    pain = max_pain(at.strike[front], at.is_call[front], at.open_interest[front])
    assert found["max_pain"] == pain.strike


def test_without_interest_trades_or_history_nothing_is_said_of_them() -> None:
    found, _ = said(held(with_interest=False), Tally(0, 5, HISTORY[:-1]))
    assert NAMES - set(found) == {*OF_INTEREST, "put_call_volume", "iv_rank", "iv_percentile"}


def test_rank_and_percentile_are_in_the_own_history() -> None:
    now = said(held())[0]["atm_vol_30"]
    low, high = min(HISTORY), max(HISTORY)
    found, _ = said(held(), Tally(1, 1, HISTORY))
    assert found["iv_rank"] == pytest.approx(100 * (now - low) / (high - low))
    assert found["iv_percentile"] == pytest.approx(100 * np.mean(np.array(HISTORY) < now))
    flat, _ = said(held(), Tally(1, 1, [0.2] * 30))
    assert "iv_rank" not in flat
    assert flat["iv_percentile"] == 100.0


def test_a_chain_that_cannot_be_fitted_says_what_can_be_said() -> None:
    at = held()
    few = board(
        Memory(
            quotes={one.contract: one for one in at.quotes[:3]},
            interest={one.contract: Interest(START, "", 10) for one in at.quotes[:3]},
            stamp=Stamp(START, START, "", SPOT),
        ),
        START + MICROS,
    )
    assert fit(few) is None
    found = values(few, None, reprice(few, None), (), Tally(1, 2, HISTORY))
    assert {"put_call_volume", "put_call_interest", "max_pain", "quotes_used"} <= set(found)
    assert found.keys().isdisjoint({"atm_vol_30", "iv_rank", "expected_move_1d", "expected_move_front"})


def surfaces(machine: Chains, day: int) -> list[SurfaceFitted]:
    start = START + day * DAY_US
    odd = [trade(start + 5, EXPIRIES[1], 100.0, right, size) for right, size in (("C", 4), ("P", day))]
    events = [*chain(start + 1), *odd, passed(start + 7 * MICROS)]
    return [event for event in machine.read(events) if isinstance(event, SurfaceFitted)]


def test_each_day_leaves_its_last_volatility_and_its_trades_behind() -> None:
    machine = Chains(STREAM, ChainRules())
    found = [surfaces(machine, day)[-1].values for day in range(3)]
    assert [one["put_call_volume"] for one in found] == [0.0, 0.25, 0.5]
    memory = machine._memory
    assert memory.closes == [one["atm_vol_30"] for one in found[:2]]
    memory.closes = [0.2] * HISTORY_DAYS
    last = surfaces(machine, 3)[-1].values
    assert memory.closes == [0.2] * (HISTORY_DAYS - 1) + [found[2]["atm_vol_30"]]
    assert "iv_percentile" in last


def test_a_day_without_a_surface_leaves_nothing_behind() -> None:
    machine = Chains(STREAM, ChainRules())
    for day in range(3):
        time = START + day * DAY_US
        list(machine.read([quote(time, EXPIRIES[1], 100.0, "C"), passed(time + 6 * MICROS)]))
    assert machine._memory.closes == []
