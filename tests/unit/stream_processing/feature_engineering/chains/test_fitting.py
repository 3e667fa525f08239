"""Surfaces of chains: a known smile comes back, and what cannot be fitted says so."""

import numpy as np
import pytest

from contracts.sessions import MICROS
from stream_processing.feature_engineering.chains.board import Board, board
from stream_processing.feature_engineering.chains.fitting import fit, told, wings
from stream_processing.feature_engineering.chains.memory import Memory, Stamp, kept
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


def quoted(style: str = "american", spot: float = SPOT) -> Board:
    quotes = {one.contract: kept(one) for one in chain(START, style=style)}
    return board(Memory(quotes=quotes, stamp=Stamp(START, START, "", spot)), START + MICROS)


@pytest.mark.parametrize("style", ["american", "european"])
def test_a_known_smile_comes_back(style: str) -> None:
    at = quoted(style)
    surface = fit(at)
    assert surface is not None
    found = told(at, surface)
    assert [one.expires_at for one in found] == list(EXPIRIES)
    for one in found:
        forward = SPOT * np.exp((RATE - YIELD) * one.years)
        assert one.forward == pytest.approx(forward, abs=0.02)
        assert one.rate == RATE
        assert one.atm_vol == pytest.approx(smile(one.forward, one.years), abs=5e-4)
        assert one.skew == pytest.approx(-0.1 / (0.3 + one.years), abs=0.02)
        assert one.risk_reversal_25 is not None
        assert one.risk_reversal_25 < 0.0
        straddle = one.forward * one.atm_vol * np.sqrt(one.years) * 0.8 * np.exp(-RATE * one.years)
        assert one.expected_move == pytest.approx(straddle, rel=0.01)
        assert one.variance_swap_vol > one.atm_vol
        assert one.inside == 1.0
        assert not one.has_arbitrage
        assert one.quotes > 10


def test_quotes_are_brought_to_the_price_of_now() -> None:
    """Each contract keeps its volatility as the underlying moves on."""
    at = quoted(spot=103.0)
    surface = fit(at)
    assert surface is not None
    for one in told(at, surface):
        assert one.forward == pytest.approx(103.0 * np.exp((RATE - YIELD) * one.years), abs=0.05)
        assert one.atm_vol == pytest.approx(smile(one.forward, one.years), abs=2e-3)


def test_the_wings_of_a_flat_smile_are_level() -> None:
    at = quoted()
    flat = fit(
        at._replace(vol=np.full(at.vol.size, 0.2), bid=np.full(at.vol.size, 1.0), ask=np.full(at.vol.size, 1.01))
    )
    assert flat is not None
    found = wings(flat, 60 / 365)
    assert found.at_the_money == pytest.approx(0.2, abs=1e-4)
    assert found.risk_reversal == pytest.approx(0.0, abs=1e-3)
    assert found.butterfly == pytest.approx(0.0, abs=1e-3)


def test_too_few_quotes_have_no_surface() -> None:
    one = quote(START, EXPIRIES[0], 100.0, "C")
    memory = Memory(quotes={one.contract: kept(one)}, stamp=Stamp(START, START, "", SPOT))
    assert fit(board(memory, START + MICROS)) is None


def test_quotes_that_contradict_each_other_raise_nothing() -> None:
    at = quoted()
    random = np.random.default_rng(3)
    for _ in range(5):
        wild = fit(at._replace(vol=random.uniform(0.01, 3.0, at.vol.size)))
        if wild is not None:
            assert all(np.isfinite(one.forward) for one in told(at, wild))


def test_wings_that_are_not_reached_are_missing() -> None:
    at = quoted()
    surface = fit(at)
    assert surface is not None
    last = surface.expiries[-1]
    cut = surface._replace(
        expiries=(last._replace(curve=last.curve._replace(call=np.full_like(last.curve.call, np.nan))),)
    )
    assert np.isnan(wings(cut, last.years).risk_reversal)
    assert told(at, cut) == ()
