"""Every contract of a chain at the underlying's price now: its own volatility where it has one, else the surface's."""

from typing import Final, NamedTuple

import numpy as np

from models.quantitative.american.exact import american
from models.quantitative.american_quadratic.prices import american_quadratic
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.second_order import second_order
from models.quantitative.surface.surface import Surface
from stream_processing.feature_engineering.chains.board import SCHEME, Board

_VOL_STEP: Final = 0.005
"""Share of the volatility, to either side, between the deltas behind vanna."""
_TIME_STEP: Final = 0.01
"""Share of the time to expiry between the deltas behind charm."""
_PERCENT, _DAYS_PER_YEAR = 0.01, 365.0


class Repriced(NamedTuple):
    """One row a contract, in the units of `GreeksComputed`; NaN where there is no volatility."""

    vol: Floats
    from_surface: np.ndarray[tuple[int], np.dtype[np.bool_]]
    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    charm: Floats


class Gaps(NamedTuple):
    """Distance of the live formula from the exact engine, one for each American contract that both can solve."""

    vol: Floats
    """Volatility points."""
    delta: Floats


def reprice(board: Board, surface: Surface | None) -> Repriced:
    """The whole chain."""
    lacking = np.isnan(board.vol)
    vol = board.vol.copy()
    if surface is not None and lacking.any():
        vol[lacking] = _of_surface(surface, board, np.flatnonzero(lacking))
    results = np.full((8, vol.size), np.nan)
    answered = np.isfinite(vol)
    for value, rows in (
        (_american, np.flatnonzero(answered & board.is_american)),
        (_european, np.flatnonzero(answered & ~board.is_american)),
    ):
        if rows.size:
            results[:, rows] = value(*_terms(board, rows, vol))
    return Repriced(vol, lacking & answered, *results)


def gaps(board: Board, exact: Repriced, widest: tuple[float, float]) -> Gaps:
    """The gaps of contracts whose exact |delta| lies within `widest`; delta at the volatility that each implies."""
    size = np.abs(exact.delta)
    both = board.is_american & np.isfinite(board.vol) & np.isfinite(board.live_vol)
    rows = np.flatnonzero(both & (size >= widest[0]) & (size <= widest[1]))
    if not rows.size:
        return Gaps(np.empty(0), np.empty(0))
    live = american_quadratic(*_terms(board, rows, board.live_vol))
    return Gaps(
        np.abs(board.live_vol[rows] - board.vol[rows]) / _PERCENT,
        np.abs(live.delta - exact.delta[rows]),
    )


def _terms(board: Board, rows: np.ndarray[tuple[int], np.dtype[np.intp]], vol: Floats) -> tuple[Floats, ...]:
    columns = board.strike, board.years, board.rate, board.dividend_yield, vol, board.is_call
    return np.full(rows.size, board.underlying_price), *(column[rows] for column in columns)


def _of_surface(surface: Surface, board: Board, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    with np.errstate(all="ignore"):  # far from any quote there may be no price, and then no volatility
        found = surface.implied_vol(board.strike[rows], board.years[rows])
    return np.where(found > 0.0, found, np.nan)


def _american(
    spot: Floats, strike: Floats, years: Floats, rate: Floats, dividend_yield: Floats, vol: Floats, is_call: Floats
) -> Floats:
    exact = american(spot, strike, years, rate, dividend_yield, vol, is_call, scheme=SCHEME)
    up, down = (
        american_quadratic(spot, strike, years, rate, dividend_yield, vol * share, is_call).delta
        for share in (1.0 + _VOL_STEP, 1.0 - _VOL_STEP)
    )
    long, short = (
        american_quadratic(spot, strike, years * share, rate, dividend_yield, vol, is_call).delta
        for share in (1.0 + _TIME_STEP, 1.0 - _TIME_STEP)
    )
    vanna = (up - down) * _PERCENT / (2.0 * _VOL_STEP * vol)
    charm = (short - long) / (2.0 * _TIME_STEP * years * _DAYS_PER_YEAR)
    return np.array([*exact[1:], vanna, charm])


def _european(*terms: Floats) -> Floats:
    moves = second_order(*terms)
    return np.array([*european(*terms)[1:], moves.vanna, moves.charm])
