"""Volatility surfaces from option chains: a curve per expiry, ordered in time, with a report on each.

Theory of operation
-------------------
For each expiry, by rising time: the forward from put–call parity (`surface.forward`), the quotes as limits on one curve
(`surface.bands`), the SVI summary (`surface.svi`), and the arbitrage-free curve (`surface.slice`), held above the one
before. Rates that an expiry's own parity tells too badly are taken from the expiries that tell them well.

Between expiries total variance is linear in time at equal moneyness k = ln(K/F): this keeps calendar spreads free of
arbitrage. Butterflies between expiries are not guarded by construction; `density` is negative where there are any.
Before the first expiry and after the last total variance is proportional to time.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.surface import smiles
from models.quantitative.surface.bands import REASONS, USED, Bands, Cleaned, clean
from models.quantitative.surface.forward import ExpiryQuotes, Forward, ToEuropean, implied_forward
from models.quantitative.surface.slice import Slice, fit_slice
from models.quantitative.surface.smiles import Smile, Variance
from models.quantitative.surface.ssvi import SSVI, fit_ssvi
from models.quantitative.surface.svi import MIN_QUOTES, SVIFit, durrleman, fit_svi, is_degenerate

Places = NDArray[np.intp]
ARBITRAGE_TOLERANCE = 1e-7
"""Of the forward, by which normalised prices may fall with time and still count as equal: a fifth of a thousandth of a
dollar on 4,000, far below any tick."""
MAX_RATE_ERROR = 0.001
"""Standard error, per year, beyond which an expiry's own rate is not used."""
_GRID = np.linspace(-3.0, 2.0, 2001)
"""Log moneyness at which the surface is checked."""


class Quality(NamedTuple):
    """Report on one expiry's fit."""

    years: float
    reasons: dict[str, int]
    """Quotes by what became of them; `bands.REASONS` explains the names."""
    inside: float
    """Share of the used quotes whose fitted price lies within bid and ask."""
    svi_inside: float
    """The same of the SVI summary, over out-of-the-money quotes."""
    rms_vol: float
    """Root mean square of fitted less middle volatility over out-of-the-money quotes, in vol points (0.01)."""
    converged: bool
    butterfly: bool
    """Whether the curve has butterfly arbitrage: density, slope or price out of bounds anywhere."""
    calendar: bool
    """Whether it has calendar arbitrage against the expiry before."""
    svi_degenerate: bool


class Expiry(NamedTuple):
    """One fitted expiry."""

    years: float
    forward: Forward
    bands: Bands
    curve: Slice
    svi: SVIFit
    quality: Quality


class Surface(NamedTuple):
    """Fitted expiries by rising time."""

    underlying_price: float
    expiries: tuple[Expiry, ...]
    skipped: tuple[tuple[float, str], ...]
    """Years and reason of expiries without a fit: `no_forward`, `few_quotes` or `expired`."""

    def total_variance(self, log_moneyness: ArrayLike, years: ArrayLike) -> Variance:
        """Total variance and its derivatives in log moneyness k = ln(K/F); arguments broadcast."""
        k, t = np.broadcast_arrays(np.asarray(log_moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64))
        parts = np.zeros((3, *k.shape))
        for side, weight in self._neighbours(t):
            for place in np.unique(side[weight != 0.0]):
                rows = (side == place) & (weight != 0.0)
                found = smiles.total_variance(self.expiries[place].curve, k[rows])
                parts[:, rows] += weight[rows] * np.stack(found)
        return Variance(*(np.asarray(part) for part in parts))

    def implied_vol(self, strike: ArrayLike, years: ArrayLike) -> Floats:
        """Volatility per year at strikes; arguments broadcast."""
        k = np.log(np.asarray(strike, dtype=np.float64) / self.forward(years))
        return np.asarray(np.sqrt(self.total_variance(k, years).variance / np.asarray(years)), dtype=np.float64)

    def forward(self, years: ArrayLike) -> Floats:
        """Forward price: the carry is linear in time between expiries and proportional to it outside."""
        t = np.asarray(years, dtype=np.float64)
        times = self.years()
        carry = np.array([np.log(e.forward.forward / self.underlying_price) for e in self.expiries])
        inside = np.interp(t, np.concatenate([[0.0], times]), np.concatenate([[0.0], carry]))
        grown = np.where(t > times[-1], carry[-1] * t / times[-1], inside)
        return np.asarray(self.underlying_price * np.exp(grown), dtype=np.float64)

    def local_vol(self, log_moneyness: ArrayLike, years: ArrayLike) -> Floats:
        """Dupire's local volatility per year: √(∂w/∂T / g); NaN where the surface has no variance."""
        k, t = np.broadcast_arrays(np.asarray(log_moneyness, dtype=np.float64), np.asarray(years, dtype=np.float64))
        times = self.years()
        last = np.clip(np.searchsorted(times, t, side="left"), 0, times.size - 1)
        inside = (t > times[0]) & (t <= times[-1])
        before = np.where(inside, times[np.maximum(last - 1, 0)], 0.0)
        later = np.where(t > times[-1], times[-1], times[last])
        # Within a gap variance is linear in time, so its slope is the same at every time in it.
        late = self.total_variance(k, later).variance
        early = np.where(before > 0.0, self.total_variance(k, np.maximum(before, times[0])).variance, 0.0)
        here = self.total_variance(k, t)
        shape = durrleman(k, *here)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt((late - early) / (later - before) / shape), dtype=np.float64)

    def density(self, strike: ArrayLike, years: ArrayLike) -> Floats:
        """Risk-neutral density of the underlying at expiry, per 1.00 of its price."""
        price, t = np.broadcast_arrays(np.asarray(strike, dtype=np.float64), np.asarray(years, dtype=np.float64))
        forward = self.forward(t)
        k = np.log(price / forward)
        here = self.total_variance(k, t)
        vol = np.sqrt(here.variance)
        d2 = -k / vol - 0.5 * vol
        bell = np.exp(-0.5 * d2**2) / np.sqrt(2.0 * np.pi)
        return np.asarray(durrleman(k, *here) * bell / (vol * price), dtype=np.float64)

    def term_structure(self) -> list[Smile]:
        """Volatility at the money, skew, curvature and variance-swap level of each expiry."""
        return [smiles.describe(expiry.curve, expiry.years) for expiry in self.expiries]

    def ssvi(self) -> SSVI:
        """Three numbers for all expiries, fitted now to the quotes that the surface is made of."""
        theta = [float(smiles.total_variance(one.curve, np.zeros(1)).variance[0]) for one in self.expiries]
        return fit_ssvi(self.years(), np.array(theta), [one.bands for one in self.expiries])

    def years(self) -> Floats:
        """Times of the fitted expiries."""
        return np.array([expiry.years for expiry in self.expiries])

    def _neighbours(self, t: Floats) -> tuple[tuple[Places, Floats], tuple[Places, Floats]]:
        """Expiries before and after, with the weights of their variances."""
        times = self.years()
        later = np.clip(np.searchsorted(times, t, side="left"), 0, times.size - 1)
        earlier = np.maximum(later - 1, 0)
        inside = (t > times[0]) & (t <= times[-1])
        gap = np.where(inside, times[later] - times[earlier], 1.0)
        early = np.where(inside, (times[later] - t) / gap, 0.0)
        late = np.where(inside, 1.0 - early, t / times[later])
        return (earlier, early), (later, late)


def fit_surface(
    chain: Sequence[ExpiryQuotes],
    underlying_price: float,
    *,
    rate: float | None = None,
    to_european: ToEuropean | None = None,
    carried: Mapping[float, float] | None = None,
) -> Surface:
    """Fit every expiry that has a forward and enough quotes.

    `rate`, continuous per year, is taken from the quotes where it is not given; American chains need it, and
    `to_european`, such as the price of `american.implied_vol.de_americanised_price`. Where it is given, `carried` may
    have forwards by years to expiry, for expiries with too few pairs of their own. Raises `BadInput` where no expiry
    can be fitted.
    """
    expiries: list[Expiry] = []
    skipped: list[tuple[float, str]] = []
    alive = sorted((quotes for quotes in chain if quotes.years > 0.0), key=lambda quotes: quotes.years)
    skipped += [(quotes.years, "expired") for quotes in chain if not quotes.years > 0.0]
    forwards = _forwards(alive, underlying_price, rate, to_european, carried)
    for quotes, forward in zip(alive, forwards, strict=True):
        if not np.isfinite(forward.forward):
            skipped.append((quotes.years, "no_forward"))
            continue
        found = clean(quotes, forward, underlying_price, to_european)
        if found.bands.x.size < MIN_QUOTES:
            skipped.append((quotes.years, "few_quotes"))
            continue
        before = expiries[-1].curve if expiries else None
        expiries.append(_fit(quotes, forward, found, before))
    if not expiries:
        raise BadInput(f"no expiry can be fitted: {skipped or 'the chain is empty'}")
    return Surface(underlying_price, tuple(expiries), tuple(skipped))


def _forwards(
    chain: Sequence[ExpiryQuotes],
    spot: float,
    rate: float | None,
    to_european: ToEuropean | None,
    carried: Mapping[float, float] | None,
) -> list[Forward]:
    """Each expiry's forward, with its own rate where that is known well and its neighbours' elsewhere."""
    found = [implied_forward(quotes, spot, rate=rate, to_european=to_european) for quotes in chain]
    if rate is not None:
        carry = carried or {}
        pairs = zip(chain, found, strict=True)
        return [_carried(carry.get(quotes.years), quotes.years, one, spot, rate) for quotes, one in pairs]
    sound = [
        (quotes.years, forward.rate)
        for quotes, forward in zip(chain, found, strict=True)
        if forward.rate_error < MAX_RATE_ERROR
    ]
    if not sound:
        return found
    times, rates = np.array(sound).T
    return [
        forward
        if forward.rate_error < MAX_RATE_ERROR or not np.isfinite(forward.forward)
        else implied_forward(quotes, spot, rate=float(np.interp(quotes.years, times, rates)))
        for quotes, forward in zip(chain, found, strict=True)
    ]


def _carried(forward: float | None, years: float, found: Forward, spot: float, rate: float) -> Forward:
    """What the pairs say, or else the forward that is carried."""
    if forward is None or np.isfinite(found.forward):
        return found
    return Forward(
        forward=forward,
        forward_error=np.nan,
        discount=float(np.exp(-rate * years)),
        rate=rate,
        rate_error=0.0,
        dividend_yield=rate - float(np.log(forward / spot)) / years,
        pairs=0,
    )


def _fit(quotes: ExpiryQuotes, forward: Forward, found: Cleaned, before: Slice | None) -> Expiry:
    bands = found.bands
    k = np.log(bands.x)
    svi = fit_svi(k, bands.variance, bands.error)
    curve = fit_slice(bands, svi.svi, before)
    used = found.reason == REASONS.index(USED)
    x = quotes.strike[used] / forward.forward
    call = curve.call_price(x)
    price = np.where(quotes.is_call[used] == 1.0, call, call - 1.0 + x)
    fitted = smiles.total_variance(curve, k).variance
    off = (np.sqrt(fitted) - np.sqrt(bands.variance)) / np.sqrt(quotes.years)
    quality = Quality(
        years=quotes.years,
        reasons={name: int(np.sum(found.reason == code)) for code, name in enumerate(REASONS)},
        inside=float(np.mean((price >= found.low[used]) & (price <= found.high[used]))),
        svi_inside=float(np.mean(np.abs(svi.svi.total_variance(k) - bands.variance) <= bands.error)),
        rms_vol=float(100.0 * np.sqrt(np.nanmean(off**2))),
        converged=bool(curve.converged),
        butterfly=has_butterfly(curve),
        calendar=before is not None and has_calendar(before, curve),
        svi_degenerate=is_degenerate(svi.svi),
    )
    return Expiry(quotes.years, forward, bands, curve, svi, quality)


def has_butterfly(curve: Slice) -> bool:
    """Whether density, slope or price is out of bounds, at the knots, where density is least, or on a wide grid."""
    x = np.concatenate([curve.knots, np.exp(_GRID)])
    price, slope, density = curve.curve(x)
    sound = (density >= 0.0) & (slope >= -1.0) & (slope <= 0.0) & (price >= 0.0) & (price <= np.minimum(x, 1.0))
    return not bool(sound.all() and curve.left_power >= 1.0 and curve.right_power >= 0.0)


def has_calendar(before: Slice, after: Slice) -> bool:
    """Whether the later curve is below the earlier one by more than the tolerance anywhere on a wide grid."""
    x = np.concatenate([before.knots, after.knots, np.exp(_GRID)])
    return bool(np.any(after.price(x) < before.price(x) - ARBITRAGE_TOLERANCE))
