"""The volatility surface of a chain, and each of its expiries in a few numbers.

Theory of operation
-------------------
Quotes of one instant were made at different prices of the underlying. So each is first brought to now: its implied
volatility, exact for its exercise style, gives the European price at the price of the underlying now, and its spread is
laid around that. That removes the premium for early exercise too, so the fit sees a European chain. Prices grow to
expiry at the rate that the quotes are stamped with, so the forward of each expiry alone is left for put–call parity;
where an expiry has too few pairs it is that of the stamped rate and yield.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr

from contracts.events import FittedExpiry
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.surface.forward import ExpiryQuotes
from models.quantitative.surface.smiles import describe
from models.quantitative.surface.surface import Expiry, Surface, fit_surface
from stream_processing.feature_engineering.chains.board import Board

QUARTER: Final = 0.25
_REACH: Final = np.linspace(-3.0, 3.0, 61)
"""Standard deviations to expiry in which the contracts of a quarter delta are looked for."""


class Wings(NamedTuple):
    """A smile by delta, undiscounted and by the forward; volatilities per year, NaN where they are not found."""

    at_the_money: float
    risk_reversal: float
    """Volatility of the call less that of the put with a |delta| of a quarter."""
    butterfly: float
    """Their mean less the volatility at the money."""


def fit(board: Board) -> Surface | None:
    """The surface through the usable quotes; none where no expiry has enough of them."""
    terms = board.strike, board.years, board.rate, board.dividend_yield, board.vol, board.is_call
    with np.errstate(all="ignore"):  # expiries so far ahead that nothing has a price
        grown = np.exp(board.rate * board.years)
        price = european(board.underlying_price, *terms).price * grown
        half = 0.5 * (board.ask - board.bid) * grown
    usable = np.isfinite(price)
    chain, carried = [], {}
    for rows in board.expiries():
        chosen = np.flatnonzero(usable[rows]) + rows.start
        mid, spread = price[chosen], half[chosen]
        if chosen.size:
            years, carry = float(board.years[rows.start]), board.rate[rows.start] - board.dividend_yield[rows.start]
            carried[years] = board.underlying_price * float(np.exp(carry * years))
            columns = board.strike[chosen], board.is_call[chosen], mid - spread, mid + spread
            chain.append(ExpiryQuotes(years, *columns))
    try:
        with np.errstate(all="ignore"):  # quotes that contradict each other
            return fit_surface(chain, board.underlying_price, rate=0.0, carried=carried)
    except (ValueError, ArithmeticError):  # too few quotes, or none that make sense together
        return None


def told(board: Board, surface: Surface) -> tuple[FittedExpiry, ...]:
    """What the event says of each fitted expiry."""
    fitted = {expiry.years: expiry for expiry in surface.expiries}
    found = []
    for rows in board.expiries():
        expiry = fitted.get(float(board.years[rows.start]))
        if expiry is not None and (one := _told(board, surface, rows.start, expiry)) is not None:
            found.append(one)
    return tuple(found)


def wings(surface: Surface, years: float) -> Wings:
    """The smile at some time."""
    with np.errstate(all="ignore"):
        level = float(surface.total_variance(0.0, years).variance)
        k = _REACH * np.sqrt(level)
        total = np.sqrt(surface.total_variance(k, years).variance)
        delta = ndtr(0.5 * total - k / total)
    good = np.isfinite(delta)
    call, put = (_at(share, delta[good], total[good]) for share in (QUARTER, 1.0 - QUARTER))
    middle, root = float(np.sqrt(level)), float(np.sqrt(years))
    return Wings(middle / root, (call - put) / root, (0.5 * (call + put) - middle) / root)


def _at(share: float, delta: Floats, total_vol: Floats) -> float:
    """The volatility where the call's delta, which falls with the strike, is some share."""
    if delta.size == 0 or not delta[-1] <= share <= delta[0]:
        return np.nan
    return float(np.interp(share, delta[::-1], total_vol[::-1]))


def _told(board: Board, surface: Surface, row: int, expiry: Expiry) -> FittedExpiry | None:
    """None where a number that must be there is not finite."""
    smile, quality = describe(expiry.curve, expiry.years), expiry.quality
    forward, rate = float(expiry.forward.forward), float(board.rate[row])
    straddle = 2.0 * forward * float(np.exp(-rate * expiry.years) * expiry.curve.price(np.ones(1))[0])
    reversal = wings(surface, expiry.years).risk_reversal
    needed = (forward, smile.atm_vol, smile.skew, smile.curvature, smile.variance_swap_vol, quality.rms_vol)
    if not np.isfinite([*needed, *expiry.svi.svi]).all() or forward <= 0.0:
        return None
    return FittedExpiry(
        expires_at=board.quotes[row].expires_at,
        years=expiry.years,
        forward=forward,
        rate=rate,
        atm_vol=smile.atm_vol,
        skew=smile.skew,
        curvature=smile.curvature,
        variance_swap_vol=smile.variance_swap_vol,
        risk_reversal_25=reversal if np.isfinite(reversal) else None,
        expected_move=straddle if np.isfinite(straddle) else None,
        svi=tuple(float(number) for number in expiry.svi.svi),
        quotes=quality.reasons["used"],
        inside=quality.inside,
        rms_error=quality.rms_vol,
        has_arbitrage=quality.butterfly or quality.calendar,
    )
