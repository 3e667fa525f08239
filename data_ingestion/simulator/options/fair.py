"""Fair prices of whole chains at once: European for the index, American for stocks and funds.

Theory of operation
-------------------
The index's prices follow from the surface alone, so they are as free of arbitrage as it is. An American option is worth
its American price at the volatility of its strike, and never less than the same option that expires earlier, which
counts where a dividend or a stretch of little variance lies between two expiries: there one exercises before the
dividend. `floors` finds those places, so that a row is priced twice or more only where it can matter.

Discrete dividends enter as the continuous yield per expiry that gives the same forward. That smears the moment of the
dividend over the life of the option; the floors put the value of exercising before it back.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Bools, Floats, Ints
from data_ingestion.simulator.options.smile import Smile, implied_vol
from models.quantitative.american.exact import american_price
from models.quantitative.engines import evaluate
from models.quantitative.european import add_vol, sensitivities
from models.quantitative.formulas import MISSING, Chain, Formula, where

QUIET: Final = 0.8
"""An expiry is a floor for later ones where variance then grows at less than this share of its mean rate before."""
PAYS: Final = 0.35
"""A dividend lies between two expiries where the yield of the time between them is more than this share of the rate."""
LEAST_DIVIDEND: Final = 1e-6
"""Share of the price."""
LEAST_PREMIUM: Final = 5e-4
"""Dollars of early exercise that cannot show behind the distance that every quote keeps from its fair price."""
SCHEME: Final = "coarse"
"""Of `american_price`: off by up to 5e-5 of the spot, far inside the quotes, and smoothly so in strike and time."""
NONE: Final = -1
_TINY: Final = 1e-12
"""A rate or yield that is none."""


class Terms(NamedTuple):
    """What the options of one expiry have in common, arrays (expiries,); by name, and by rising time in each.

    Terms of several moments stand one after the other, see `together`.
    """

    name: Ints
    years: Floats
    rate: Floats
    """Continuous, per year."""
    dividend_yield: Floats
    """Continuous, per year: gives the forward that the dividends until expiry give."""
    theta: Floats
    """Total variance at the money, rising with time."""
    rho: Floats
    eta: Floats
    is_american: Bools

    @property
    def growth(self) -> Floats:
        """Forward price over spot price."""
        return np.asarray(np.exp((self.rate - self.dividend_yield) * self.years))

    @property
    def kept(self) -> Floats:
        """What is left of a share without its dividends, a share of its price."""
        return np.asarray(np.exp(-self.dividend_yield * self.years))

    @property
    def discount(self) -> Floats:
        """Price today of a dollar at expiry."""
        return np.asarray(np.exp(-self.rate * self.years))


class Fair(NamedTuple):
    """Price in dollars per share of the standard deliverable, and implied volatility per year, (rows,)."""

    price: Floats
    vol: Floats


class Rows(NamedTuple):
    """Options to be priced, arrays (rows,)."""

    expiry: Ints
    """Place in the terms."""
    spot: Floats
    """Price of the underlying, dollars, at the moment of the row."""
    strike: Floats
    is_call: Bools
    shares: Floats
    """Shares delivered for each of the multiplier's hundred."""

    def at(self, places: Ints, expiry: Ints) -> "Rows":
        """The rows at some places, at other expiries."""
        return Rows(expiry, self.spot[places], self.strike[places], self.is_call[places], self.shares[places])


def together(moments: Sequence[Terms]) -> Terms:
    """Terms of several moments in one: those of moment i begin where those before it end."""
    return Terms(*(np.concatenate(columns) for columns in zip(*moments, strict=True)))


def floors(given: Terms) -> Ints:
    """For each right (puts first) and expiry, the latest earlier one that may be worth more, or `NONE`.

    One exercises a call before a dividend, so at the last expiry before it, and a put after it, so at the first expiry
    after it. Where hardly any variance is to come until the next expiry, one may as well exercise at this one.
    """
    size = given.years.size
    before = np.maximum(np.arange(size) - 1, 0)
    follows = (given.name == given.name[before]) & (given.years > given.years[before]) & given.is_american
    span = np.where(follows, given.years - given.years[before], given.years)
    growth = (given.theta - np.where(follows, given.theta[before], 0.0)) / span
    is_quiet = np.append(growth[1:] < QUIET * (given.theta / given.years)[:-1], np.zeros(1, np.bool_))
    paid = given.dividend_yield * given.years
    falls = paid - np.where(follows, paid[before], 0.0) > PAYS * given.rate * span + LEAST_DIVIDEND
    falls_next = np.append(falls[1:], np.zeros(1, np.bool_))
    return np.stack([_latest(follows, falls | is_quiet), _latest(follows, falls_next | is_quiet)])


def _latest(follows: Bools, marked: Bools) -> Ints:
    """The latest marked place before each one, within runs of places that follow each other."""
    found: list[int] = []
    for place, one_follows in enumerate(follows.tolist()):
        found.append((place - 1 if marked[place - 1] else found[-1]) if one_follows else NONE)
    return np.array(found, dtype=np.int64)


def fair(given: Terms, rows: Rows) -> Fair:
    """Fair prices and implied volatilities of any rows, in any order."""
    held = _held(given, rows)
    price = _exercisable(given, rows, held)
    right, below = rows.is_call.astype(np.int64), floors(given)
    live = np.flatnonzero(given.is_american[rows.expiry] & (held.saving_sooner > LEAST_PREMIUM))
    at = below[right[live], rows.expiry[live]]
    while live.size:
        live, at = live[at != NONE], at[at != NONE]
        earlier = rows.at(live, at)
        sooner = _held(given, earlier)
        high = np.flatnonzero(sooner.price + sooner.saving > price[live])
        found = _exercisable(given, earlier.at(high, at[high]), _Held(*(column[high] for column in sooner)))
        price[live[high]] = np.maximum(price[live[high]], found)
        at = below[right[live], at]
    return Fair(price, held.vol)


class _Held(NamedTuple):
    """Options as if nobody could exercise early, (rows,)."""

    price: Floats
    vol: Floats
    saving: Floats
    """Dollars that exercising early may be worth at most."""
    saving_sooner: Floats
    """The same if the dividends do not come evenly."""


def _held(given: Terms, rows: Rows) -> _Held:
    """Prices at expiry, and a bound of what exercising before it adds.

    That is the interest on the strike (a put) or the dividends (a call), earned where it pays to exercise: in the money
    by at least the ratio of rate and yield, if they come evenly. The normal tail beyond z is at most exp(−z²/2)/2.
    """
    at, spot = rows.expiry, rows.spot * rows.shares
    years, kept, discount = given.years[at], given.kept[at], given.discount[at]
    log_moneyness = np.log(rows.strike / (spot * given.growth[at]))
    vol = implied_vol(log_moneyness, years, given.theta[at], Smile(given.rho[at], given.eta[at]))
    is_call = rows.is_call.astype(np.float64)
    price = evaluate(_EUROPEAN_PRICE, spot * kept, rows.strike, years, given.rate[at], 0.0, is_call, vol)[0]
    deviation = vol * np.sqrt(years)
    pays = np.log(np.maximum(given.rate, _TINY) / np.maximum(given.dividend_yield, _TINY))[at]
    away = np.where(rows.is_call, log_moneyness, -log_moneyness)
    deeper = np.maximum(np.where(rows.is_call, pays, -pays), 0.0)
    most = np.where(rows.is_call, spot * (1 - kept), rows.strike * (1 - discount))
    in_money, exercised = (most * _tail(one / deviation - deviation / 2) for one in (away, away + deeper))
    return _Held(price, vol, exercised, in_money)


def _tail(beyond: Floats) -> Floats:
    """At least the probability of more than so many standard deviations."""
    return np.where(beyond > 0.0, np.exp(-(beyond**2) / 2) / 2, 1.0)


def _exercisable(given: Terms, rows: Rows, held: _Held) -> Floats:
    """Prices with early exercise, where there is any.

    Where the yield is beyond any, by a dividend hours before expiry, exercise at once is all that is added.
    """
    at, spot = rows.expiry, rows.spot * rows.shares
    is_american = given.is_american[at]
    pays = np.where(rows.is_call, spot - rows.strike, rows.strike - spot)
    price = np.where(is_american, np.maximum(held.price, pays), held.price)
    early = np.flatnonzero(is_american & (held.saving > LEAST_PREMIUM))
    if early.size:
        of = at[early]
        columns = spot[early], rows.strike[early], given.years[of], given.rate[of], given.dividend_yield[of]
        found = american_price(*columns, held.vol[early], rows.is_call[early], scheme=SCHEME).price
        price[early] = np.fmax(price[early], found)
    return price


def _price_formula() -> Formula:
    """The European price alone: the Greeks would double the work."""
    chain = Chain()
    given = add_vol(chain)
    results = sensitivities(chain, given.terms, given.vol, given.total_vol)
    chain.step("price", where(given.answered, results.price, MISSING))
    return chain.close("price")


_EUROPEAN_PRICE: Final = _price_formula()
