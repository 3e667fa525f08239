"""What a chain says whoever holds it: max pain, put/call ratios, expected move, and how volatility stands."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.payoffs.legs import SHARES_PER_CONTRACT


class MaxPain(NamedTuple):
    """The settlement price, among the strikes, at which the holders of all open contracts would receive least."""

    strike: float
    """The lowest of equals."""
    strikes: Floats
    """Every strike, ascending."""
    payout_dollars: Floats
    """What holders of calls and puts together would receive if the underlying settled at each of `strikes`."""


class PutCallRatios(NamedTuple):
    """Puts over calls; none where there are no calls to divide by."""

    by_volume: float | None
    by_open_interest: float | None


class ExpectedMove(NamedTuple):
    """How far the underlying is expected to move by expiry, either way."""

    amount: float
    """Per share."""
    low: float
    high: float
    percent: float
    """`amount` as a percentage of the underlying's price."""
    meaning: str
    """What `amount` measures."""


class VolStanding(NamedTuple):
    """Where an implied volatility stands in its own history."""

    rank_percent: float | None
    """0 at the lowest of the history and 100 at the highest, beyond them if it is; none where the history is flat."""
    percentile_percent: float
    """Share of the history that was strictly lower."""


def max_pain(
    strike: ArrayLike, is_call: ArrayLike, open_interest: ArrayLike, multiplier: ArrayLike = SHARES_PER_CONTRACT
) -> MaxPain:
    """Max pain of the contracts of one expiry.

    >>> max_pain([90.0, 100.0, 110.0], [1, 0, 0], [10, 10, 5]).strike
    100.0
    """
    strikes, call, contracts, shares = (
        column.ravel()
        for column in checks.one_shape(
            strike=checks.positive("strike", strike),
            is_call=checks.is_call(is_call),
            open_interest=checks.not_negative("open_interest", open_interest),
            multiplier=checks.positive("multiplier", multiplier),
        )
    )
    if not strikes.size:
        raise BadInput("strike is empty: give the contracts of one expiry")
    settlements = np.unique(strikes)
    intrinsic = np.maximum(np.where(call == 1.0, 1.0, -1.0) * (settlements[:, None] - strikes), 0.0)
    payout = intrinsic @ (contracts * shares)
    return MaxPain(float(settlements[np.argmin(payout)]), settlements, payout)


def put_call_ratios(is_call: ArrayLike, volume: ArrayLike, open_interest: ArrayLike) -> PutCallRatios:
    """Contracts of puts over contracts of calls, by the day's volume and by open interest.

    >>> put_call_ratios([1, 0], volume=[200, 100], open_interest=[0, 10])
    PutCallRatios(by_volume=0.5, by_open_interest=None)
    """
    call, traded, held = checks.one_shape(
        is_call=checks.is_call(is_call),
        volume=checks.not_negative("volume", volume),
        open_interest=checks.not_negative("open_interest", open_interest),
    )

    def ratio(contracts: Floats) -> float | None:
        calls = contracts[call == 1.0].sum()
        return float(contracts[call == 0.0].sum() / calls) if calls > 0.0 else None

    return PutCallRatios(ratio(traded), ratio(held))


def expected_move_from_straddle(
    underlying_price: float, forward: float, strike: ArrayLike, call_price: ArrayLike, put_price: ArrayLike
) -> ExpectedMove:
    """The price of the straddle nearest to the forward, which is what the market pays for the mean absolute move.

    Strikes of one expiry with the prices of their call and put; a strike with a missing price (NaN) is passed over.
    """
    spot = float(checks.positive("underlying_price", underlying_price))
    middle = float(checks.positive("forward", forward))
    strikes, calls, puts = checks.one_shape(
        strike=checks.positive("strike", strike), call_price=call_price, put_price=put_price
    )
    straddles = np.where((calls >= 0.0) & (puts >= 0.0), calls + puts, np.nan).ravel()
    priced = np.flatnonzero(np.isfinite(straddles))
    if not priced.size:
        raise BadInput("call_price and put_price: no strike has both, so there is no straddle to read")
    nearest = priced[np.argmin(np.abs(strikes.ravel()[priced] - middle))]
    return _move(spot, float(straddles[nearest]), "mean absolute move, the price of the at-the-money straddle")


def expected_move_from_vol(underlying_price: float, years: float, vol: float) -> ExpectedMove:
    """One standard deviation at the at-the-money volatility (per year): S·σ·√T.

    >>> round(expected_move_from_vol(100.0, 0.25, 0.2).amount, 10)
    10.0
    """
    spot = float(checks.positive("underlying_price", underlying_price))
    time, sigma = float(checks.positive("years", years)), float(checks.positive("vol", vol))
    return _move(spot, spot * sigma * time**0.5, "one standard deviation at the at-the-money volatility")


def _move(spot: float, amount: float, meaning: str) -> ExpectedMove:
    return ExpectedMove(amount, spot - amount, spot + amount, 100.0 * amount / spot, meaning)


def vol_standing(current_vol: float, history: ArrayLike) -> VolStanding:
    """IV rank and IV percentile of a volatility in its own history, usually the daily values of a year.

    >>> vol_standing(0.25, [0.10, 0.20, 0.30, 0.18])
    VolStanding(rank_percent=75.0, percentile_percent=75.0)
    """
    now = float(checks.positive("current_vol", current_vol))
    past = checks.positive("history", history).ravel()
    if not past.size:
        raise BadInput("history is empty: give at least one earlier volatility")
    low, high = float(past.min()), float(past.max())
    rank = 100.0 * (now - low) / (high - low) if high > low else None
    return VolStanding(rank, 100.0 * float(np.mean(past < now)))
