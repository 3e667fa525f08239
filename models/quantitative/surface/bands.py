"""The quotes of an expiry as limits on one price curve: normalised, undiscounted, cleaned, each row with its reason.

In units of the forward and undiscounted, a call costs c(x) at x = K/F and a put c(x) − 1 + x, so both sides of a strike
bound the same number. The out-of-the-money side always counts. The other side, quoted wider, narrows the band where it
agrees with it; where it does not, one of the two is stale, and it is left out.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.quantitative.blocks import Floats
from models.quantitative.surface.forward import ExpiryQuotes, Forward, ToEuropean
from models.quantitative.surface.normalised import total_vol

USED: Final = "used"
REASONS: Final = (USED, "no_bid", "crossed", "bad_input", "no_vol", "in_the_money", "parity", "duplicate")
"""Why a row was not used: `no_vol` has no implied volatility at its middle, `in_the_money` is the wider side of an
American strike or has no partner, `parity` contradicts the other side of its strike, `duplicate` repeats a contract."""
_CODE: Final = {name: code for code, name in enumerate(REASONS)}


class Bands(NamedTuple):
    """Limits on the normalised price curve, by rising strike; all arrays have one row a strike."""

    x: Floats
    """Strike over forward."""
    low: Floats
    """Normalised out-of-the-money price (put below the forward, call above), as the next two."""
    high: Floats
    mid: Floats
    """Of the out-of-the-money quote."""
    variance: Floats
    """Total implied variance of `mid`."""
    error: Floats
    """Half of the out-of-the-money quote's spread, over the slope of price in variance."""


class Cleaned(NamedTuple):
    """Bands, and what became of every quote."""

    bands: Bands
    reason: NDArray[np.intp]
    """Index in `REASONS`, in the shape of the quotes."""
    low: Floats
    """Normalised European bid of each row that has one, NaN elsewhere; in the shape of the quotes, as the next."""
    high: Floats


def clean(quotes: ExpiryQuotes, forward: Forward, underlying_price: float, to_european: ToEuropean | None) -> Cleaned:
    """The bands of an expiry whose forward is known."""
    unit = forward.forward * forward.discount
    reason = _first_look(quotes)
    is_call = quotes.is_call == 1.0
    outside = np.where(is_call, quotes.strike > forward.forward, quotes.strike <= forward.forward)
    if to_european is not None:
        reason[(reason == _CODE[USED]) & ~outside] = _CODE["in_the_money"]
    premium = np.zeros(quotes.strike.size)
    rows = np.flatnonzero(reason == _CODE[USED])
    if to_european is not None and rows.size:
        mid = 0.5 * (quotes.bid + quotes.ask)[rows]
        terms = (underlying_price, quotes.strike[rows], quotes.years, forward.rate, forward.dividend_yield)
        premium[rows] = mid - to_european(mid, *terms, quotes.is_call[rows])
        reason[rows[~np.isfinite(premium[rows])]] = _CODE["no_vol"]
    used = reason == _CODE[USED]
    low = np.where(used, np.maximum(quotes.bid - premium, 0.0) / unit, np.nan)
    high = np.where(used, (quotes.ask - premium) / unit, np.nan)
    bands = _merge(quotes, forward, outside, reason, (low, high))
    return Cleaned(bands, reason, low, high)


def _first_look(quotes: ExpiryQuotes) -> NDArray[np.intp]:
    reason = np.zeros(quotes.strike.size, dtype=np.intp)
    numbers = np.isfinite(quotes.bid) & np.isfinite(quotes.ask) & np.isfinite(quotes.strike) & (quotes.strike > 0.0)
    rights = (quotes.is_call == 1.0) | (quotes.is_call == 0.0)
    reason[quotes.ask < quotes.bid] = _CODE["crossed"]
    reason[quotes.bid <= 0.0] = _CODE["no_bid"]
    reason[~(numbers & rights)] = _CODE["bad_input"]
    used = np.flatnonzero(reason == _CODE[USED])
    contract = np.stack([quotes.strike[used], quotes.is_call[used]])
    _, first = np.unique(contract, axis=1, return_index=True)
    repeated = np.ones(used.size, dtype=np.bool_)
    repeated[first] = False
    reason[used[repeated]] = _CODE["duplicate"]
    return reason


def _merge(
    quotes: ExpiryQuotes,
    forward: Forward,
    outside: NDArray[np.bool_],
    reason: NDArray[np.intp],
    prices: tuple[Floats, Floats],
) -> Bands:
    """One row a strike that has an out-of-the-money quote with a volatility; marks the rows it leaves out."""
    low, high = prices
    rows = np.flatnonzero((reason == _CODE[USED]) & outside)
    rows = rows[np.argsort(quotes.strike[rows])]
    x = quotes.strike[rows] / forward.forward
    mid = 0.5 * (low[rows] + high[rows])
    vol = total_vol(mid, x)
    good = np.isfinite(vol)
    reason[rows[~good]] = _CODE["no_vol"]
    rows, x, mid, vol = rows[good], x[good], mid[good], vol[good]
    band_low, band_high = low[rows].copy(), high[rows].copy()
    inside = np.flatnonzero((reason == _CODE[USED]) & ~outside)
    place = np.searchsorted(quotes.strike[rows], quotes.strike[inside])
    partnered = place < rows.size
    partnered[partnered] = quotes.strike[rows][place[partnered]] == quotes.strike[inside[partnered]]
    reason[inside[~partnered]] = _CODE["in_the_money"]
    inside, place = inside[partnered], place[partnered]
    intrinsic = np.abs(1.0 - quotes.strike[inside] / forward.forward)
    narrowed_low = np.maximum(band_low[place], low[inside] - intrinsic)
    narrowed_high = np.minimum(band_high[place], high[inside] - intrinsic)
    agrees = narrowed_low <= narrowed_high
    reason[inside[~agrees]] = _CODE["parity"]
    band_low[place[agrees]], band_high[place[agrees]] = narrowed_low[agrees], narrowed_high[agrees]
    d1 = -np.log(x) / vol + 0.5 * vol
    slope = np.exp(-0.5 * d1**2) / np.sqrt(2.0 * np.pi) / (2.0 * vol)
    error = np.maximum(0.5 * (high - low)[rows], 1e-7) / slope
    return Bands(x, band_low, band_high, mid, vol**2, error)
