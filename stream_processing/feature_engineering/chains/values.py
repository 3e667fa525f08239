"""What a whole chain says, as features of the catalogue."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from contracts.events import FittedExpiry
from models.quantitative.blocks import Floats
from models.quantitative.exposure.dealers import (
    DEALERS_LONG_CALLS_SHORT_PUTS,
    Exposures,
    Sums,
    Walls,
    exposures,
    total,
    walls,
)
from models.quantitative.exposure.flip import gamma_profile
from models.quantitative.exposure.sentiment import (
    VolStanding,
    expected_move_from_vol,
    max_pain,
    put_call_ratios,
    vol_standing,
)
from models.quantitative.surface.surface import Surface
from stream_processing.feature_engineering.chains.board import Board
from stream_processing.feature_engineering.chains.fitting import QUARTER, Wings, wings
from stream_processing.feature_engineering.chains.repricing import Gaps, Repriced, gaps
from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.point_in_time import MISSING, Row, catalogue, evaluated

DAYS_PER_YEAR: Final = 365.0
MONTH_DAYS, QUARTER_DAYS = 30.0, 90.0
LEAST_HISTORY_DAYS: Final = 20
"""Days before the volatility of now is compared with theirs."""
GAP_DELTAS: Final = (0.05, 0.95)
FLIP_WIDTH: Final = 0.2
FLIP_POINTS: Final = 41
_BAD_WINGS: Final = Wings(MISSING, MISSING, MISSING)


class Tally(NamedTuple):
    """What is known beside the quotes."""

    calls: int
    """Contracts traded today, and of puts."""
    puts: int
    closes: Sequence[float]
    """Volatility at the money, 30 days ahead, at the end of each day before."""


class View(NamedTuple):
    """All that the values are made of."""

    board: Board
    repriced: Repriced
    expiries: tuple[FittedExpiry, ...]
    month: Wings
    quarter: Wings
    day_vol: float
    tally: Tally
    standing: VolStanding | None
    sums: Sums
    walls: Walls
    flip: float | None
    gaps: Gaps


def values(
    board: Board, surface: Surface | None, repriced: Repriced, fitted: tuple[FittedExpiry, ...], tally: Tally
) -> dict[str, float]:
    """Those of `CHAIN` that have a value."""
    month, quarter = (_wings(surface, days) for days in (MONTH_DAYS, QUARTER_DAYS))
    parts = _exposures(board, repriced)
    view = View(
        board=board,
        repriced=repriced,
        expiries=fitted,
        month=month,
        quarter=quarter,
        day_vol=MISSING if surface is None else _vol(surface, 1.0),
        tally=tally,
        standing=_standing(month.at_the_money, tally.closes),
        sums=total(parts),
        walls=walls(board.strike, board.is_call, parts),
        flip=_flip(board, repriced),
        gaps=gaps(board, repriced, GAP_DELTAS),
    )
    return {name: value for name, value in evaluated(_ROWS, view).items() if np.isfinite(value)}


def _wings(surface: Surface | None, days: float) -> Wings:
    """The smile so many days ahead; none where the fitted expiries do not reach."""
    years = days / DAYS_PER_YEAR
    if surface is None or not surface.expiries[0].years <= years <= surface.expiries[-1].years:
        return _BAD_WINGS
    return wings(surface, years)


def _vol(surface: Surface, days: float) -> float:
    with np.errstate(all="ignore"):
        variance = surface.total_variance(0.0, days / DAYS_PER_YEAR).variance
        return float(np.sqrt(variance / (days / DAYS_PER_YEAR)))


def _standing(vol: float, closes: Sequence[float]) -> VolStanding | None:
    return vol_standing(vol, list(closes)) if vol > 0.0 and len(closes) >= LEAST_HISTORY_DAYS else None


def _exposures(board: Board, repriced: Repriced) -> Exposures:
    greeks = repriced.delta, repriced.gamma, repriced.vanna, repriced.charm
    return exposures(board.underlying_price, board.is_call, board.open_interest, *greeks, board.multiplier)


def _flip(board: Board, repriced: Repriced) -> float | None:
    rows = np.flatnonzero((board.open_interest > 0.0) & np.isfinite(repriced.vol))
    if not rows.size:
        return None
    profile = gamma_profile(
        board.underlying_price,
        board.strike[rows],
        board.years[rows],
        board.rate[rows],
        board.dividend_yield[rows],
        repriced.vol[rows],
        board.is_call[rows],
        board.open_interest[rows],
        board.multiplier[rows],
        width=FLIP_WIDTH,
        points=FLIP_POINTS,
    )
    return profile.flip_level


def _number(value: float | None) -> float:
    return MISSING if value is None else value


def _put_call_interest(view: View) -> float:
    known = np.isfinite(view.board.open_interest)
    held = view.board.open_interest[known]
    return _number(put_call_ratios(view.board.is_call[known], np.zeros(held.size), held).by_open_interest)


def _max_pain(view: View) -> float:
    front = view.board.expiries()[0]
    held = view.board.open_interest[front]
    known = held > 0.0
    if not known.any():
        return MISSING
    strike, is_call, multiplier = (
        column[front][known] for column in (view.board.strike, view.board.is_call, view.board.multiplier)
    )
    return max_pain(strike, is_call, held[known], multiplier).strike


def _move_of_a_day(view: View) -> float:
    if not view.day_vol > 0.0:
        return MISSING
    return expected_move_from_vol(view.board.underlying_price, 1.0 / DAYS_PER_YEAR, view.day_vol).amount


def _variance_vol(view: View) -> float:
    """Variance-swap levels of the expiries, their total variance linear in time."""
    years = np.array([one.years for one in view.expiries])
    month = MONTH_DAYS / DAYS_PER_YEAR
    if not years.size or not years[0] <= month <= years[-1]:
        return MISSING
    totals = years * np.array([one.variance_swap_vol for one in view.expiries]) ** 2
    return float(np.sqrt(np.interp(month, years, totals) / month))


def _most(found: Floats) -> float:
    return float(found.max()) if found.size else MISSING


def _ninety_ninth(found: Floats) -> float:
    return float(np.quantile(found, 0.99)) if found.size else MISSING


_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")
_FAST: Final[tuple[Horizon, ...]] = ("short", "medium")
_VOL, _POINTS, _DOLLARS = "per year", "volatility points", "dollars"
_CONVENTION: Final = DEALERS_LONG_CALLS_SHORT_PUTS.text
_SURFACE_WINDOW, _CHAIN_WINDOW = "the fitted surface", "the last quote of each contract"


def _row(
    name: str,
    meaning: str,
    unit: str,
    value: Callable[[View], float],
    *,
    window: str = _CHAIN_WINDOW,
    source: str = "OptionQuoteReceived",
    horizons: tuple[Horizon, ...] = _ALL,
    warm_up: int = 0,
) -> Row[View]:
    return Row(Feature(name, meaning, unit, window, warm_up, source, horizons), value)


def _on_surface(name: str, meaning: str, unit: str, value: Callable[[View], float]) -> Row[View]:
    return _row(name, meaning, unit, value, window=_SURFACE_WINDOW)


def _held(name: str, meaning: str, unit: str, value: Callable[[View], float]) -> Row[View]:
    return _row(name, meaning, unit, value, source="OpenInterestReported")


_ROWS: Final[tuple[Row[View], ...]] = (
    _on_surface(
        "atm_vol_30", "Volatility at the forward 30 days ahead, total variance linear in time between expiries",
        _VOL, lambda v: v.month.at_the_money,
    ),
    _on_surface("atm_vol_90", "The same 90 days ahead", _VOL, lambda v: v.quarter.at_the_money),
    _on_surface(
        "term_slope", "atm_vol_90 − atm_vol_30", _VOL, lambda v: v.quarter.at_the_money - v.month.at_the_money
    ),
    _on_surface(
        "skew_30",
        f"Volatility of the call less that of the put with a forward |delta| of {QUARTER}, 30 days ahead",
        _VOL, lambda v: v.month.risk_reversal,
    ),
    _on_surface(
        "butterfly_30", "Mean volatility of that call and that put less that at the forward", _VOL,
        lambda v: v.month.butterfly,
    ),
    _on_surface(
        "variance_vol_30",
        "Square root of the fair variance-swap strike 30 days ahead, from prices at all strikes, as indices of "
        "volatility have it",
        _VOL, _variance_vol,
    ),
    _row(
        "iv_rank", "Where atm_vol_30 stands between the lowest and the highest of its daily closes: 0 to 100, beyond "
        "them outside", "percent", lambda v: _number(v.standing and v.standing.rank_percent),
        window="252 days of snapshots", warm_up=LEAST_HISTORY_DAYS,
    ),
    _row(
        "iv_percentile", "Share of its daily closes that atm_vol_30 is above", "percent",
        lambda v: v.standing.percentile_percent if v.standing else MISSING,
        window="252 days of snapshots", warm_up=LEAST_HISTORY_DAYS,
    ),
    _row(
        "put_call_volume", "Puts over calls traded today, contracts", "1",
        lambda v: v.tally.puts / v.tally.calls if v.tally.calls else MISSING,
        window="the day in New York", source="OptionTraded",
    ),
    _held("put_call_interest", "Puts over calls open, of contracts that are quoted", "1", _put_call_interest),
    _held(
        "gex", f"Dealers' change of delta if the underlying moves by 1 %: {_CONVENTION}", "dollars per percent",
        lambda v: _sum(v, v.sums.gamma_dollars_per_percent),
    ),
    _held("dex", f"Dealers' delta: {_CONVENTION}", _DOLLARS, lambda v: _sum(v, v.sums.delta_dollars)),
    _held(
        "vanna_exposure", f"Change of dealers' delta if all volatilities rise by a point: {_CONVENTION}",
        "dollars per volatility point", lambda v: _sum(v, v.sums.vanna_dollars_per_vol_point),
    ),
    _held(
        "charm_exposure", f"Change of dealers' delta as a calendar day goes by: {_CONVENTION}", "dollars per day",
        lambda v: _sum(v, v.sums.charm_dollars_per_day),
    ),
    _held(
        "gamma_flip",
        f"Price within {FLIP_WIDTH:.0%} of the underlying's, the nearest to it, at which gex of the chain repriced "
        "there (European formula, volatilities staying with their strikes) changes its sign",
        _DOLLARS, lambda v: _number(v.flip),
    ),
    _held("call_wall", "Strike with the most gex of calls", _DOLLARS, lambda v: _number(v.walls.call_wall)),
    _held("put_wall", "Strike with the most gex of puts, by size", _DOLLARS, lambda v: _number(v.walls.put_wall)),
    _held(
        "max_pain", "Strike of the first expiry at which holders of all open contracts would receive least", _DOLLARS,
        _max_pain,
    ),
    _on_surface(
        "expected_move_1d", "A standard deviation of a calendar day at the volatility of the forward", _DOLLARS,
        _move_of_a_day,
    ),
    _on_surface(
        "expected_move_front", "Price of the straddle at the forward, of the first fitted expiry", _DOLLARS,
        lambda v: _number(v.expiries[0].expected_move) if v.expiries else MISSING,
    ),
    _row(
        "quotes_used", "Share of the contracts that are priced at the volatility of their own quote", "1",
        lambda v: float(np.mean(np.isfinite(v.board.vol))),
    ),
    _row(
        "iv_gap_max", "Largest distance of the live formula's volatility from the exact engine's, |delta| 0.05 to 0.95",
        _POINTS, lambda v: _most(v.gaps.vol), horizons=_FAST,
    ),
    _row("iv_gap_99", "Its 99th percentile", _POINTS, lambda v: _ninety_ninth(v.gaps.vol), horizons=_FAST),
    _row(
        "delta_gap_max", "The same of delta, each at its own volatility", "1", lambda v: _most(v.gaps.delta),
        horizons=_FAST,
    ),
    _row("delta_gap_99", "Its 99th percentile", "1", lambda v: _ninety_ninth(v.gaps.delta), horizons=_FAST),
)  # fmt: skip
CHAIN: Final = catalogue(_ROWS)
"""What is said of each chain."""


def _sum(view: View, found: Floats) -> float:
    """A sum over the chain; none where no open contract has Greeks."""
    return float(found[0]) if view.sums.left_out[0] < view.board.strike.size else MISSING
