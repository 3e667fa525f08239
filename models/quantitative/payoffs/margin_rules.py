"""The strategy-based margin rules as rows of a table: which legs belong together, and what they then require.

Initial requirements of the Cboe Margin Manual (strategy-based margin), which are those of Cboe Rule 10.3 and FINRA
Rule 4210(f)(2) on top of Regulation T (12 CFR 220): minimums, which brokers may raise. Every requirement is for one
contract of each of the rule's slots and one lot of stock, in dollars, before the proceeds of what is sold are applied.
Long options count with their full price. Not covered: leveraged funds, low-priced stock, exercise by exception, and
portfolio margin.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from models.quantitative.payoffs.legs import SAME_TIME_YEARS, OptionLeg

Account = Literal["margin", "cash"]
Slot = Literal["long call", "short call", "long put", "short put", "long stock", "short stock"]
Unit = OptionLeg | None
"""One contract of an option, or one lot of stock (none: it has no terms)."""

STOCK_LONG: Final = 0.5
STOCK_SHORT: Final = 1.5
"""The proceeds of the sale and a half, Regulation T, 12 CFR 220.12."""
LONG_TERM_SHARE: Final = 0.75
LONG_TERM_YEARS: Final = 0.75


class Underlying(NamedTuple):
    """The market side of the rules."""

    price: float
    basic: float = 0.20
    """Share of the underlying's value: 20 % for single stocks and narrow indices, 15 % for broad ones."""
    minimum: float = 0.10
    """Share of the underlying's value (calls) or of the strike (puts) that a naked option requires at least."""


BROAD_INDEX_BASIC: Final = 0.15


class Rule(NamedTuple):
    """Legs that belong together and what they require."""

    name: str
    slots: tuple[Slot, ...]
    fits: Callable[[Sequence[Unit]], bool]
    """Whether the legs' terms allow it; the legs come in the order of the slots."""
    requirement: Callable[[Sequence[Unit], Underlying, float], float]
    """Dollars for one of each, given the legs, the underlying and the multiplier."""
    source: str
    accounts: tuple[Account, ...] = ("margin",)


def _any(_: Sequence[Unit]) -> bool:
    return True


def _options(units: Sequence[Unit]) -> list[OptionLeg]:
    return [unit for unit in units if unit is not None]


def _shorts_expire_first(units: Sequence[Unit]) -> bool:
    """No long option may expire before a short one that it covers."""
    longs = [leg.years for leg in _options(units) if leg.quantity > 0.0]
    shorts = [leg.years for leg in _options(units) if leg.quantity < 0.0]
    return min(longs) >= max(shorts) - SAME_TIME_YEARS


def _is_long_term(units: Sequence[Unit]) -> bool:
    return all(leg.years > LONG_TERM_YEARS for leg in _options(units))


def _premiums(units: Sequence[Unit], multiplier: float) -> float:
    return multiplier * sum(leg.premium for leg in _options(units) if leg.quantity > 0.0)


def _in_the_money(leg: OptionLeg, price: float) -> float:
    return max(price - leg.strike if leg.is_call else leg.strike - price, 0.0)


def _naked(leg: OptionLeg, underlying: Underlying, multiplier: float) -> float:
    out_of_the_money = max(leg.strike - underlying.price if leg.is_call else underlying.price - leg.strike, 0.0)
    least = underlying.minimum * (underlying.price if leg.is_call else leg.strike)
    return multiplier * (leg.premium + max(underlying.basic * underlying.price - out_of_the_money, least))


def _worst_loss(units: Sequence[Unit], multiplier: float) -> float:
    """The largest loss of the options at their intrinsic values; it lies at a strike, for the table's combinations."""
    options = _options(units)
    prices = np.array([leg.strike for leg in options])
    worth = sum(
        np.sign(leg.quantity) * np.maximum((prices - leg.strike) * (1.0 if leg.is_call else -1.0), 0.0)
        for leg in options
    )
    return multiplier * max(0.0, -float(np.min(worth)))


def _paid(share: float) -> Callable[[Sequence[Unit], Underlying, float], float]:
    return lambda units, _, multiplier: share * _premiums(units, multiplier)


def _stock(share: float) -> Callable[[Sequence[Unit], Underlying, float], float]:
    return lambda _, underlying, multiplier: share * underlying.price * multiplier


def _covered(share: float) -> Callable[[Sequence[Unit], Underlying, float], float]:
    """Stock and the short option it covers: the part in the money adds, for stock counts only up to the strike."""

    def requirement(units: Sequence[Unit], underlying: Underlying, multiplier: float) -> float:
        extra = sum(_in_the_money(leg, underlying.price) for leg in _options(units))
        return multiplier * (share * underlying.price + extra)

    return requirement


def _naked_option(units: Sequence[Unit], underlying: Underlying, multiplier: float) -> float:
    return sum(_naked(leg, underlying, multiplier) for leg in _options(units))


def _cash_secured(units: Sequence[Unit], _: Underlying, multiplier: float) -> float:
    return multiplier * sum(leg.strike for leg in _options(units))


def _short_straddle(units: Sequence[Unit], underlying: Underlying, multiplier: float) -> float:
    """The greater of both naked requirements, and the price of the other side."""
    first, second = _options(units)
    sides = [(_naked(leg, underlying, multiplier), leg.premium) for leg in (first, second)]
    greater = max(sides)
    return greater[0] + multiplier * (first.premium + second.premium - greater[1])


def _spread(units: Sequence[Unit], _: Underlying, multiplier: float) -> float:
    return _worst_loss(units, multiplier) + _premiums(units, multiplier)


_MANUAL: Final = "Cboe Margin Manual, "
_SPREADS: Final = "FINRA Rule 4210(f)(2)(H)(v): largest loss at intrinsic value, long options paid in full"

RULES: Final = (
    Rule("long call", ("long call",), _any, _paid(1.0), _MANUAL + "long call", ("margin", "cash")),
    Rule("long put", ("long put",), _any, _paid(1.0), _MANUAL + "long put", ("margin", "cash")),
    Rule("long-term call", ("long call",), _is_long_term, _paid(LONG_TERM_SHARE), _MANUAL + "over nine months"),
    Rule("long-term put", ("long put",), _is_long_term, _paid(LONG_TERM_SHARE), _MANUAL + "over nine months"),
    Rule("naked call", ("short call",), _any, _naked_option, _MANUAL + "short call"),
    Rule("naked put", ("short put",), _any, _naked_option, _MANUAL + "short put"),
    Rule("cash-secured put", ("short put",), _any, _cash_secured, _MANUAL + "short put, cash account", ("cash",)),
    Rule("long stock", ("long stock",), _any, _stock(STOCK_LONG), "12 CFR 220.12(a)"),
    Rule("long stock, paid", ("long stock",), _any, _stock(1.0), "12 CFR 220.8", ("cash",)),
    Rule("short stock", ("short stock",), _any, _stock(STOCK_SHORT), "12 CFR 220.12(c)"),
    Rule("covered call", ("long stock", "short call"), _any, _covered(STOCK_LONG), _MANUAL + "short call, long stock"),
    Rule("covered call, paid", ("long stock", "short call"), _any, _stock(1.0), "12 CFR 220.8", ("cash",)),
    Rule("covered put", ("short stock", "short put"), _any, _covered(STOCK_SHORT), _MANUAL + "short put, short stock"),
    Rule("short straddle or strangle", ("short call", "short put"), _any, _short_straddle, _MANUAL + "short put, call"),
    Rule("call spread", ("long call", "short call"), _shorts_expire_first, _spread, _MANUAL + "call spread"),
    Rule("put spread", ("long put", "short put"), _shorts_expire_first, _spread, _MANUAL + "put spread"),
    Rule(
        "call butterfly or condor",
        ("long call", "long call", "short call", "short call"), _shorts_expire_first, _spread, _SPREADS,
    ),
    Rule(
        "put butterfly or condor",
        ("long put", "long put", "short put", "short put"), _shorts_expire_first, _spread, _SPREADS,
    ),
    Rule(
        "iron condor, iron butterfly or box",
        ("long call", "short call", "long put", "short put"), _shorts_expire_first, _spread, _SPREADS,
    ),
)  # fmt: skip
"""A position is divided among these so that the sum is least; calendars and diagonals are spreads that expire later."""
