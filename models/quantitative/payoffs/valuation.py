"""Value and Greeks of a position before its options expire."""

from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.payoffs.legs import SAME_TIME_YEARS, OptionLeg, Position, StockLeg, net_cost, options_of
from models.quantitative.payoffs.profile import Profile, last_slope, settled
from models.quantitative.reasons import Reason, reason_names

FAR: Final = 1e3
"""Times the last price of a profile: there every option moves as it does in the limit."""


class Greeks(Protocol):
    """Results of a model for each option, per share; `EuropeanGreeks` is one."""

    @property
    def reason_code(self) -> Floats:
        """Index in `reasons.REASONS`."""
        ...

    @property
    def price(self) -> Floats:
        """Currency per share."""
        ...

    @property
    def delta(self) -> Floats:
        """Per 1.00 of the underlying."""
        ...

    @property
    def gamma(self) -> Floats:
        """Change of delta per 1.00 of the underlying."""
        ...

    @property
    def vega(self) -> Floats:
        """Per volatility point (0.01)."""
        ...

    @property
    def theta(self) -> Floats:
        """Per calendar day."""
        ...

    @property
    def rho(self) -> Floats:
        """Per percentage point of rate (0.01)."""
        ...


class Model(Protocol):
    """A pricing function with the arguments of `european`."""

    def __call__(
        self,
        underlying_price: ArrayLike,
        strike: ArrayLike,
        years: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        vol: ArrayLike,
        is_call: ArrayLike,
    ) -> Greeks:
        """Price and Greeks."""
        ...


class PositionGreeks(NamedTuple):
    """A position's figures in dollars, in the shape of the underlying prices they are for."""

    value: Floats
    """What the legs are worth."""
    profit: Floats
    """Value less what was paid for them."""
    delta: Floats
    """Dollars per 1.00 of the underlying, which is shares."""
    gamma: Floats
    """Change of delta per 1.00 of the underlying."""
    vega: Floats
    """Dollars per volatility point (0.01)."""
    theta: Floats
    """Dollars per calendar day."""
    rho: Floats
    """Dollars per percentage point of rate (0.01)."""


def value_position(
    legs: Position,
    underlying_price: ArrayLike,
    rate: float,
    dividend_yield: float,
    vol: ArrayLike,
    elapsed_years: float = 0.0,
    model: Model = european,
) -> PositionGreeks:
    """Value and Greeks at these prices of the underlying when `elapsed_years` have gone by.

    `vol` is one volatility for all options, or one for each in their order. The time must not lie beyond the first
    expiry; options that expire just then stand at their intrinsic value, with the slope of it as their delta.
    """
    prices = checks.positive("underlying_price", underlying_price)
    options = options_of(legs)
    vols = _one_each(checks.positive("vol", vol), len(options))
    checks.not_negative("elapsed_years", elapsed_years)
    totals = {name: np.zeros_like(prices) for name in PositionGreeks._fields}
    for leg in legs:
        totals["value"] += settled(leg, prices) if not isinstance(leg, OptionLeg) else 0.0
        totals["delta"] += leg.quantity if isinstance(leg, StockLeg) else 0.0
    for leg, sigma in zip(options, vols, strict=True):
        remaining = leg.years - elapsed_years
        if remaining < -SAME_TIME_YEARS:
            raise BadInput(f"elapsed_years is {elapsed_years}: must not be beyond the first expiry, {leg.years}")
        if remaining <= SAME_TIME_YEARS:
            totals["value"] += settled(leg, prices)
            totals["delta"] += leg.shares * _slope(leg, prices)
            continue
        greeks = model(prices, leg.strike, remaining, rate, dividend_yield, float(sigma), leg.is_call)
        _refuse_unanswered(greeks.reason_code, leg)
        totals["value"] += leg.shares * greeks.price
        for name in PositionGreeks._fields[2:]:
            totals[name] += leg.shares * getattr(greeks, name)
    totals["profit"] = totals["value"] - net_cost(legs)
    return PositionGreeks(**totals)


def profit_before_expiry(
    legs: Position,
    prices: ArrayLike,
    rate: float,
    dividend_yield: float,
    vol: ArrayLike,
    elapsed_years: float,
    model: Model = european,
) -> Profile:
    """Profit after `elapsed_years` as straight lines between these ascending prices, beyond them at its last slope."""
    nodes = checks.positive("prices", prices)
    if nodes.ndim != 1 or nodes.size < 2 or np.any(np.diff(nodes) <= 0.0):  # noqa: PLR2004 - a line has two ends
        raise BadInput("prices must be at least two, ascending")
    far = [*nodes, FAR * nodes[-1]]
    found = value_position(legs, far, rate, dividend_yield, vol, elapsed_years, model)
    return Profile(nodes, found.profit[:-1], last_slope(found.delta[-1], legs))


def _one_each(vols: Floats, options: int) -> Floats:
    if vols.shape not in {(), (options,)}:
        raise BadInput(f"vol has shape {vols.shape}: give one, or one for each of the {options} options")
    return np.broadcast_to(vols, (options,))


def _slope(leg: OptionLeg, prices: Floats) -> Floats:
    """Slope of the intrinsic value; at the strike itself half of it, the mean of both sides."""
    return 0.5 * (np.sign(prices - leg.strike) + (1.0 if leg.is_call else -1.0))


def _refuse_unanswered(reason_code: Floats, leg: OptionLeg) -> None:
    bad = np.flatnonzero(reason_code != Reason.OK)
    if bad.size:
        reason = reason_names(np.ravel(reason_code))[bad[0]]
        raise BadInput(f"underlying_price[{bad[0]}]: no price for {leg}: {reason}; check rate, yield and volatility")
