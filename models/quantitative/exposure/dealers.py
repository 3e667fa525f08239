"""Exposure of option dealers: gamma, delta, vanna and charm in dollars, by strike and by expiry.

Theory of operation
-------------------
Open interest says how many contracts exist, not who holds which side. Every figure here therefore rests on an
assumption about the dealers' side, a `Convention`, which each result carries with it. Under a convention a contract
adds sign · open interest · multiplier · Greek, brought to dollars:

* gamma_dollars_per_percent (GEX) = Γ · S · S/100: change of the dealers' delta, in dollars of the underlying, when it
  moves by 1 %. Positive: hedging sells into a rise and buys into a fall. Per 1.00 of the underlying: times 100/S.
* delta_dollars (DEX) = Δ · S: dollars of the underlying that dealers hold through options; their hedge is the negative.
* vanna_dollars_per_vol_point = ∂Δ/∂σ · S: change of delta_dollars when every volatility rises by one point (0.01).
* charm_dollars_per_day = ∂Δ/∂t · S: change of delta_dollars when a calendar day goes by.

The Greeks come from whatever model suits the contracts (European or American), so they are arguments.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.payoffs.legs import SHARES_PER_CONTRACT
from models.quantitative.reasons import Reason

PERCENT: Final = 0.01


class Convention(NamedTuple):
    """Which side of the open contracts dealers are assumed to hold: +1 long, −1 short."""

    call_side: float
    put_side: float
    text: str


DEALERS_LONG_CALLS_SHORT_PUTS: Final = Convention(
    1.0, -1.0, "dealers are long every open call and short every open put (customers overwrite calls and buy puts)"
)
"""The usual one for indices and their funds."""
DEALERS_SHORT_ALL: Final = Convention(-1.0, -1.0, "dealers are short every open contract (customers buy all of them)")
"""The other extreme, nearer to single stocks in demand."""


class Exposures(NamedTuple):
    """Each contract's part, in the shape of the inputs; NaN where `reason_code` is not `ok`."""

    reason_code: Floats
    """`Reason.OK`, or `Reason.BAD_INPUT` where a number is missing or impossible."""
    gamma_dollars_per_percent: Floats
    delta_dollars: Floats
    vanna_dollars_per_vol_point: Floats
    charm_dollars_per_day: Floats
    convention: Convention


class Sums(NamedTuple):
    """Sums over contracts, one for each of `keys`. Contracts without an answer are left out and counted."""

    keys: Floats
    """Strikes, expiries or whatever the sums are by, ascending."""
    gamma_dollars_per_percent: Floats
    delta_dollars: Floats
    vanna_dollars_per_vol_point: Floats
    charm_dollars_per_day: Floats
    left_out: NDArray[np.int64]
    """Contracts whose `reason_code` is not `ok`."""
    convention: Convention


class Walls(NamedTuple):
    """The strikes with the most gamma of calls and of puts; none where there is no gamma at all."""

    call_wall: float | None
    put_wall: float | None
    convention: Convention


def exposures(
    underlying_price: ArrayLike,
    is_call: ArrayLike,
    open_interest: ArrayLike,
    delta: ArrayLike,
    gamma: ArrayLike,
    vanna: ArrayLike,
    charm: ArrayLike,
    multiplier: ArrayLike = SHARES_PER_CONTRACT,
    convention: Convention = DEALERS_LONG_CALLS_SHORT_PUTS,
) -> Exposures:
    """Exposure of dealers through each contract of a chain; arguments broadcast.

    Open interest in contracts, multiplier in shares a contract; delta and gamma per 1.00 of the underlying, vanna as
    change of delta per volatility point, charm as change of delta per calendar day.

    >>> result = exposures(100.0, [1, 0], 1000, delta=[0.5, -0.5], gamma=0.04, vanna=0.0, charm=0.0)
    >>> result.gamma_dollars_per_percent.tolist(), result.delta_dollars.tolist()
    ([400000.0, -400000.0], [5000000.0, 5000000.0])
    """
    columns = checks.one_shape(
        underlying_price=underlying_price,
        is_call=is_call,
        open_interest=open_interest,
        delta=delta,
        gamma=gamma,
        vanna=vanna,
        charm=charm,
        multiplier=multiplier,
    )
    spot, call, contracts, deltas, gammas, vannas, charms, shares = columns
    sound = np.logical_and.reduce([np.isfinite(column) for column in columns])
    sound &= (spot > 0.0) & (contracts >= 0.0) & (shares > 0.0) & ((call == 0.0) | (call == 1.0))
    side = np.where(call == 1.0, convention.call_side, convention.put_side)
    with np.errstate(invalid="ignore", over="ignore"):  # rows that are not sound
        dollars = np.where(sound, side * contracts * shares * spot, np.nan)
        values = (gammas * spot * PERCENT * dollars, deltas * dollars, vannas * dollars, charms * dollars)
    reason = np.where(sound, float(Reason.OK), float(Reason.BAD_INPUT))
    return Exposures(reason, *values, convention)


def sum_by(keys: ArrayLike, parts: Exposures) -> Sums:
    """The contracts' parts summed by strike, by expiry, or by any other number that each contract has.

    >>> parts = exposures(100.0, 1, [10, 20, 30], delta=0.5, gamma=0.0, vanna=0.0, charm=0.0)
    >>> by_strike = sum_by([95.0, 105.0, 95.0], parts)
    >>> by_strike.keys.tolist(), by_strike.delta_dollars.tolist()
    ([95.0, 105.0], [200000.0, 100000.0])
    """
    _, given = checks.one_shape(reason_code=parts.reason_code, keys=checks.finite("keys", keys))
    found, group = np.unique(given.ravel(), return_inverse=True)
    answered = parts.reason_code.ravel() == Reason.OK

    def sums(values: Floats) -> Floats:
        weights = values.ravel()[answered]
        return np.bincount(group[answered], weights, minlength=found.size).astype(np.float64)

    left_out = np.bincount(group[~answered], minlength=found.size).astype(np.int64)
    return Sums(
        found,
        sums(parts.gamma_dollars_per_percent),
        sums(parts.delta_dollars),
        sums(parts.vanna_dollars_per_vol_point),
        sums(parts.charm_dollars_per_day),
        left_out,
        parts.convention,
    )


def total(parts: Exposures) -> Sums:
    """The sums over the whole chain, under a single key of 0."""
    return sum_by(np.zeros_like(parts.reason_code), parts)


def walls(strike: ArrayLike, is_call: ArrayLike, parts: Exposures) -> Walls:
    """The strikes where calls, and where puts, have the largest gamma exposure by size; the lower one of equals."""
    strikes, call, _ = checks.one_shape(
        strike=checks.positive("strike", strike), is_call=checks.is_call(is_call), reason_code=parts.reason_code
    )
    return Walls(_wall(strikes, parts, call == 1.0), _wall(strikes, parts, call == 0.0), parts.convention)


def _wall(strikes: Floats, parts: Exposures, chosen: NDArray[np.bool_]) -> float | None:
    sizes = np.where(chosen & (parts.reason_code == Reason.OK), np.abs(parts.gamma_dollars_per_percent), 0.0)
    found, group = np.unique(strikes.ravel(), return_inverse=True)
    by_strike = np.bincount(group, sizes.ravel(), minlength=found.size)
    return float(found[np.argmax(by_strike)]) if np.any(by_strike > 0.0) else None
