"""Chains at the underlying's price now, against the exact functions called directly."""

import numpy as np
import pytest

from contracts.sessions import MICROS
from models.quantitative.american.exact import american
from models.quantitative.american_quadratic.prices import american_quadratic
from models.quantitative.european import european
from models.quantitative.second_order import second_order
from stream_processing.feature_engineering.chains.board import Board, board
from stream_processing.feature_engineering.chains.fitting import fit
from stream_processing.feature_engineering.chains.memory import Memory, Stamp, kept
from stream_processing.feature_engineering.chains.repricing import gaps, reprice
from tests.unit.stream_processing.feature_engineering.chains.quoted import EXPIRIES, START, chain, quote

NOW = 101.5
FIRST = ("price", "delta", "gamma", "vega", "theta", "rho")


def quoted(style: str = "american") -> Board:
    quotes = {one.contract: kept(one) for one in chain(START, style=style)}
    mute = kept(quote(START + MICROS, EXPIRIES[1], 100.0, "P", bid=0.0, style=style))
    crossed = kept(quote(START + MICROS, EXPIRIES[2], 100.0, "P", bid=50.0, style=style))
    quotes |= {one.contract: one for one in (mute, crossed)}
    return board(Memory(quotes=quotes, stamp=Stamp(START, START, "", NOW)), START + 2 * MICROS)


def test_american_contracts_are_priced_by_the_exact_engine() -> None:
    at = quoted()
    found = reprice(at, None)
    answered = np.isfinite(found.vol)
    assert 0.7 < answered.mean() < 1.0
    terms = (NOW, at.strike, at.years, at.rate, at.dividend_yield, found.vol, at.is_call)
    fast, accurate = american(*terms, scheme="fast"), american(*terms)
    for name in FIRST:
        value = getattr(found, name)
        assert np.isnan(value[~answered]).all()
        np.testing.assert_allclose(value, getattr(fast, name), atol=1e-12, err_msg=name)
        np.testing.assert_allclose(value, getattr(accurate, name), atol=2e-4, err_msg=name)
    assert not found.from_surface.any()


def test_vanna_and_charm_are_the_slopes_of_delta() -> None:
    at = quoted()
    found = reprice(at, None)
    held = np.flatnonzero(np.isfinite(found.vol) & (np.abs(found.delta) < 0.97))
    spot = np.full(held.size, NOW)
    strike, years, rate, dividend, vol, is_call = (
        column[held] for column in (at.strike, at.years, at.rate, at.dividend_yield, found.vol, at.is_call)
    )

    def delta(dv: float, dt: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return american(spot, strike, years + dt, rate, dividend, vol + dv, is_call).delta

    vanna = (delta(1e-3, 0.0) - delta(-1e-3, 0.0)) / 0.2
    charm = (delta(0.0, -1e-4) - delta(0.0, 1e-4)) / (2e-4 * 365)
    np.testing.assert_allclose(found.vanna[held], vanna, atol=2e-3)
    np.testing.assert_allclose(found.charm[held], charm, atol=1.5e-3)


def test_european_contracts_are_priced_by_black_and_scholes() -> None:
    at = quoted("european")
    found = reprice(at, None)
    terms = (NOW, at.strike, at.years, at.rate, at.dividend_yield, found.vol, at.is_call)
    for name in FIRST:
        np.testing.assert_allclose(getattr(found, name), getattr(european(*terms), name), rtol=1e-12, err_msg=name)
    for name in ("vanna", "charm"):
        np.testing.assert_allclose(getattr(found, name), getattr(second_order(*terms), name), rtol=1e-12)
    assert gaps(at, found, (0.05, 0.95)).vol.size == 0


def test_contracts_without_a_usable_quote_take_the_surface() -> None:
    at = quoted()
    surface = fit(at)
    assert surface is not None
    found = reprice(at, surface)
    lacking = np.isnan(at.vol)
    np.testing.assert_array_equal(found.from_surface, lacking)
    np.testing.assert_array_equal(found.vol[~lacking], at.vol[~lacking])
    np.testing.assert_allclose(found.vol[lacking], surface.implied_vol(at.strike[lacking], at.years[lacking]))
    assert np.isfinite(found.price).all()


def test_gaps_are_between_the_live_formula_and_the_exact_engine() -> None:
    at = quoted()
    found = reprice(at, None)
    size = np.abs(found.delta)
    rows = np.isfinite(at.vol) & (size >= 0.05) & (size <= 0.95)
    told = gaps(at, found, (0.05, 0.95))
    assert told.vol.size == rows.sum()
    assert told.vol.max() == pytest.approx(100.0 * np.abs(at.live_vol - at.vol)[rows].max())
    terms = (NOW, at.strike, at.years, at.rate, at.dividend_yield, at.live_vol, at.is_call)
    live = american_quadratic(*terms).delta
    np.testing.assert_allclose(np.sort(told.delta), np.sort(np.abs(live - found.delta)[rows]), atol=1e-12)
    assert told.vol.max() < 0.5
    assert told.delta.max() < 0.02
