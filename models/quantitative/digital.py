"""Digital European options: those that pay a fixed sum, or the underlying itself, if they end in the money.

Theory of operation
-------------------
The two are the parts of which an ordinary option is made: per 1.00 of cash the strike's part over the strike, and the
underlying's part. A call is the second minus the strike times the first. Their Greeks need d₁ and its derivatives, see
`models.quantitative.second_order`, and those of d₂: by the underlying 1/(S·s), by volatility −d₁/σ, and by the time
left (r − q)/s − d₁/2T.
"""

from numpy.typing import ArrayLike

from models.quantitative.engines import evaluate
from models.quantitative.european import DAYS_PER_YEAR, PERCENT, EuropeanGreeks, GivenVol, Parts, add_parts, add_vol
from models.quantitative.formulas import MISSING, Chain, Formula, Number, where


def _cash(given: GivenVol, parts: Parts) -> dict[str, Number]:
    """Greeks of the option that pays 1.00."""
    terms, s = given.terms, given.total_vol
    price, density = parts.strike_part / terms.strike, terms.side * parts.density / terms.strike
    drift = (terms.rate - terms.dividend) / s - 0.5 * parts.d1 / terms.years
    return {
        "price": price,
        "delta": density / (terms.spot * s),
        "gamma": -1.0 * density * parts.d1 / (terms.spot * terms.spot * s * s),
        "vega": (-1.0 * PERCENT) * density * parts.d1 / given.vol,
        "theta": (terms.rate * price - density * drift) * (1.0 / DAYS_PER_YEAR),
        "rho": PERCENT * terms.years * (density / s - price),
    }


def _asset(given: GivenVol, parts: Parts) -> dict[str, Number]:
    """Greeks of the option that pays the underlying."""
    terms, s = given.terms, given.total_vol
    price, density = parts.spot_part, terms.side * parts.density
    drift = (terms.rate - terms.dividend) / s - 0.5 * parts.d2 / terms.years
    return {
        "price": price,
        "delta": (price + density / s) / terms.spot,
        "gamma": -1.0 * density * parts.d2 / (terms.spot * terms.spot * s * s),
        "vega": (-1.0 * PERCENT) * density * parts.d2 / given.vol,
        "theta": (terms.dividend * price - density * drift) * (1.0 / DAYS_PER_YEAR),
        "rho": PERCENT * terms.years * density / s,
    }


def _formula(*, pays_cash: bool) -> Formula:
    chain = Chain()
    given = add_vol(chain)
    parts = add_parts(chain, given.terms, given.total_vol)
    results = (_cash if pays_cash else _asset)(given, parts)
    for name, value in results.items():
        chain.step(name, where(given.answered, value, MISSING))
    return chain.close(*EuropeanGreeks._fields)


CASH_OR_NOTHING = _formula(pays_cash=True)
ASSET_OR_NOTHING = _formula(pays_cash=False)
"""Both: `EuropeanGreeks` from the inputs of `terms.add_terms` and `vol`."""


def cash_or_nothing(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
) -> EuropeanGreeks:
    """Price and Greeks of what pays 1.00 above (call) or below (put) the strike; units and arguments of `european`.

    >>> f"{cash_or_nothing(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, is_call=True).price:.6f}"
    '0.532325'
    """
    inputs = (underlying_price, strike, years, rate, dividend_yield, is_call, vol)
    return EuropeanGreeks(*evaluate(CASH_OR_NOTHING, *inputs))


def asset_or_nothing(
    underlying_price: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    vol: ArrayLike,
    is_call: ArrayLike,
) -> EuropeanGreeks:
    """Price and Greeks of what pays the underlying above (call) or below (put) the strike; units as in `european`.

    >>> f"{asset_or_nothing(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, is_call=True).price:.4f}"
    '63.6831'
    """
    inputs = (underlying_price, strike, years, rate, dividend_yield, is_call, vol)
    return EuropeanGreeks(*evaluate(ASSET_OR_NOTHING, *inputs))
