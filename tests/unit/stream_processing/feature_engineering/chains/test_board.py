"""The chain as columns, and what its quotes say."""

import numpy as np
import pytest

from contracts.sessions import MICROS
from models.quantitative.american.implied_vol import american_implied_vol
from models.quantitative.quotes import implied_vol
from models.quantitative.reasons import Reason
from models.quantitative.times import years_between
from stream_processing.feature_engineering.chains.board import OLDEST_S, board, solve
from stream_processing.feature_engineering.chains.memory import Interest, Memory, Stamp, is_adjusted, kept
from tests.unit.stream_processing.feature_engineering.chains.quoted import (
    EXPIRIES,
    RATE,
    SPOT,
    START,
    YIELD,
    chain,
    quote,
    smile,
)


def remembered(style: str = "american") -> Memory:
    quotes = {one.contract: kept(one) for one in chain(START, style=style)}
    return Memory(quotes=quotes, stamp=Stamp(START, START, "", SPOT))


@pytest.mark.parametrize("style", ["american", "european"])
def test_vols_are_those_of_the_exact_functions(style: str) -> None:
    quotes = [kept(one) for one in chain(START, style=style)]
    solved = solve(quotes)
    for one, found in zip(quotes, solved, strict=True):
        years = years_between(one.time, one.expires_at)
        terms = (0.5 * (one.bid + one.ask), SPOT, one.strike, years, RATE, YIELD, float(one.is_call))
        exact = american_implied_vol(*terms) if style == "american" else implied_vol(*terms)
        if one.bid == 0.0:
            assert found.reason == Reason.NO_BID
        else:
            assert found.reason == exact.reason_code
            np.testing.assert_allclose(found.vol, exact.implied_vol, rtol=1e-9)
        if found.reason == Reason.OK:
            assert found.vol == pytest.approx(smile(one.strike, float(years)), abs=2e-3)
            assert found.live_vol == pytest.approx(found.vol, abs=5e-3)


def test_rows_stand_by_expiry_strike_and_right() -> None:
    at = board(remembered(), START + MICROS)
    places = [(one.expires_at, one.strike, one.is_call) for one in at.quotes]
    assert places == sorted(places)
    assert [at.quotes[rows.start].expires_at for rows in at.expiries()] == list(EXPIRIES)
    assert at.expiries()[-1].stop == len(places)
    assert at.underlying_price == SPOT
    np.testing.assert_allclose(at.age_s, [1.0 - one.sequence / 1e3 for one in at.quotes])
    assert np.isnan(at.open_interest).all()


def test_a_quote_is_solved_once() -> None:
    memory = remembered()
    board(memory, START + MICROS)
    known = dict(memory.solved)
    contract = next(iter(memory.quotes))
    memory.solved[contract] = known[contract]._replace(vol=0.5, reason=0)
    assert 0.5 in board(memory, START + 2 * MICROS).vol


def test_too_old_a_quote_is_stale() -> None:
    memory = remembered()
    late = kept(quote(START + int(OLDEST_S) * MICROS, EXPIRIES[0], 100.0, "C", spot=101.0))
    memory.quotes[late.contract] = late
    at = board(memory, START + int(OLDEST_S + 1) * MICROS)
    usable = np.isfinite(at.vol)
    assert [one.contract for one, is_usable in zip(at.quotes, usable, strict=True) if is_usable] == [late.contract]
    assert (at.reason[~usable & (at.bid > 0.0)] != Reason.OK).all()
    assert Reason.STALE in at.reason
    assert np.isnan(at.live_vol[~usable]).all()


def test_rate_and_yield_are_those_of_the_newest_quote_of_the_expiry() -> None:
    memory = remembered()
    late = kept(quote(START + MICROS, EXPIRIES[1], 100.0, "C"))._replace(rate=0.05, dividend_yield=0.02)
    memory.quotes[late.contract] = late
    at = board(memory, START + MICROS)
    first, second, _ = at.expiries()
    assert set(at.rate[first]) == {RATE}
    assert set(at.rate[second]) == {0.05}
    assert set(at.dividend_yield[second]) == {0.02}


def test_open_interest_stands_beside_its_contract() -> None:
    memory = remembered()
    contract = list(memory.quotes)[5]
    memory.interest[contract] = Interest(START, "", 77)
    at = board(memory, START + MICROS)
    assert [one.contract for one, held in zip(at.quotes, at.open_interest, strict=True) if held == 77.0] == [contract]


def test_adjusted_contracts_are_told_by_their_root() -> None:
    assert is_adjusted("SDS1240119P00012500")
    assert not is_adjusted("SPXW240119P04000000")
    assert not is_adjusted("X")
