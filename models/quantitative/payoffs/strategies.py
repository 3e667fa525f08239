"""Named strategies: a table of parts, and one function that builds the legs of any of them.

A part names its strike and its expiry by their place among the ascending ones given, so that a call butterfly is
`+1 C 0, −2 C 1, +1 C 2` whatever its strikes are. Adding a strategy is adding a row.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.european import european
from models.quantitative.payoffs.legs import SHARES_PER_CONTRACT, CashLeg, Leg, OptionLeg, Position, StockLeg


class Part(NamedTuple):
    """So many calls (C), puts (P), lots of stock (S), or cash for so many strikes ($), for each unit of a strategy."""

    ratio: float
    kind: Literal["C", "P", "S", "$"]
    strike: int = 0
    """Place among the strikes."""
    expiry: int = 0
    """Place among the expiries."""


_STOCK, _SHORT_STOCK = Part(1, "S"), Part(-1, "S")

STRATEGIES: Final[dict[str, tuple[Part, ...]]] = {
    "long_call": (Part(1, "C"),),
    "short_call": (Part(-1, "C"),),
    "long_put": (Part(1, "P"),),
    "short_put": (Part(-1, "P"),),
    "long_stock": (_STOCK,),
    "short_stock": (_SHORT_STOCK,),
    # with stock or cash
    "covered_call": (_STOCK, Part(-1, "C")),
    "covered_put": (_SHORT_STOCK, Part(-1, "P")),
    "cash_secured_put": (Part(1, "$"), Part(-1, "P")),
    "protective_put": (_STOCK, Part(1, "P")),
    "protective_call": (_SHORT_STOCK, Part(1, "C")),
    "collar": (_STOCK, Part(1, "P", 0), Part(-1, "C", 1)),
    "covered_strangle": (_STOCK, Part(-1, "P", 0), Part(-1, "C", 1)),
    "conversion": (_STOCK, Part(1, "P"), Part(-1, "C")),
    "reversal": (_SHORT_STOCK, Part(-1, "P"), Part(1, "C")),
    # stock made of options
    "synthetic_long": (Part(1, "C"), Part(-1, "P")),
    "synthetic_short": (Part(-1, "C"), Part(1, "P")),
    "bullish_risk_reversal": (Part(-1, "P", 0), Part(1, "C", 1)),
    "bearish_risk_reversal": (Part(1, "P", 0), Part(-1, "C", 1)),
    # verticals
    "bull_call_spread": (Part(1, "C", 0), Part(-1, "C", 1)),
    "bear_call_spread": (Part(-1, "C", 0), Part(1, "C", 1)),
    "bull_put_spread": (Part(1, "P", 0), Part(-1, "P", 1)),
    "bear_put_spread": (Part(-1, "P", 0), Part(1, "P", 1)),
    "long_box": (Part(1, "C", 0), Part(-1, "C", 1), Part(-1, "P", 0), Part(1, "P", 1)),
    "short_box": (Part(-1, "C", 0), Part(1, "C", 1), Part(1, "P", 0), Part(-1, "P", 1)),
    # volatility
    "long_straddle": (Part(1, "C"), Part(1, "P")),
    "short_straddle": (Part(-1, "C"), Part(-1, "P")),
    "long_strangle": (Part(1, "P", 0), Part(1, "C", 1)),
    "short_strangle": (Part(-1, "P", 0), Part(-1, "C", 1)),
    "long_guts": (Part(1, "C", 0), Part(1, "P", 1)),
    "short_guts": (Part(-1, "C", 0), Part(-1, "P", 1)),
    "strap": (Part(2, "C"), Part(1, "P")),
    "strip": (Part(1, "C"), Part(2, "P")),
    # wings
    "call_butterfly": (Part(1, "C", 0), Part(-2, "C", 1), Part(1, "C", 2)),
    "put_butterfly": (Part(1, "P", 0), Part(-2, "P", 1), Part(1, "P", 2)),
    "short_call_butterfly": (Part(-1, "C", 0), Part(2, "C", 1), Part(-1, "C", 2)),
    "short_put_butterfly": (Part(-1, "P", 0), Part(2, "P", 1), Part(-1, "P", 2)),
    "iron_butterfly": (Part(1, "P", 0), Part(-1, "P", 1), Part(-1, "C", 1), Part(1, "C", 2)),
    "reverse_iron_butterfly": (Part(-1, "P", 0), Part(1, "P", 1), Part(1, "C", 1), Part(-1, "C", 2)),
    "call_condor": (Part(1, "C", 0), Part(-1, "C", 1), Part(-1, "C", 2), Part(1, "C", 3)),
    "put_condor": (Part(1, "P", 0), Part(-1, "P", 1), Part(-1, "P", 2), Part(1, "P", 3)),
    "short_call_condor": (Part(-1, "C", 0), Part(1, "C", 1), Part(1, "C", 2), Part(-1, "C", 3)),
    "short_put_condor": (Part(-1, "P", 0), Part(1, "P", 1), Part(1, "P", 2), Part(-1, "P", 3)),
    "iron_condor": (Part(1, "P", 0), Part(-1, "P", 1), Part(-1, "C", 2), Part(1, "C", 3)),
    "reverse_iron_condor": (Part(-1, "P", 0), Part(1, "P", 1), Part(1, "C", 2), Part(-1, "C", 3)),
    "jade_lizard": (Part(-1, "P", 0), Part(-1, "C", 1), Part(1, "C", 2)),
    # unequal numbers
    "call_ratio_spread": (Part(1, "C", 0), Part(-2, "C", 1)),
    "put_ratio_spread": (Part(-2, "P", 0), Part(1, "P", 1)),
    "call_backspread": (Part(-1, "C", 0), Part(2, "C", 1)),
    "put_backspread": (Part(2, "P", 0), Part(-1, "P", 1)),
    "call_ladder": (Part(1, "C", 0), Part(-1, "C", 1), Part(-1, "C", 2)),
    "put_ladder": (Part(-1, "P", 0), Part(-1, "P", 1), Part(1, "P", 2)),
    # several expiries
    "call_calendar": (Part(-1, "C", 0, 0), Part(1, "C", 0, 1)),
    "put_calendar": (Part(-1, "P", 0, 0), Part(1, "P", 0, 1)),
    "straddle_calendar": (Part(-1, "C", 0, 0), Part(-1, "P", 0, 0), Part(1, "C", 0, 1), Part(1, "P", 0, 1)),
    "call_diagonal": (Part(1, "C", 0, 1), Part(-1, "C", 1, 0)),
    "put_diagonal": (Part(-1, "P", 0, 0), Part(1, "P", 1, 1)),
    "double_diagonal": (Part(1, "P", 0, 1), Part(-1, "P", 1, 0), Part(-1, "C", 2, 0), Part(1, "C", 3, 1)),
    "jelly_roll": (Part(-1, "C", 0, 0), Part(1, "P", 0, 0), Part(1, "C", 0, 1), Part(-1, "P", 0, 1)),
}
"""Long or short as the names say; butterflies and condors without a word are long, calendars and diagonals are long
the later expiry, and the iron ones without a word receive their premium."""


class Market(NamedTuple):
    """What prices the legs of a new position."""

    underlying_price: float
    rate: float
    """Continuous per year, as is the yield."""
    dividend_yield: float
    vol: ArrayLike
    """Per year: one for all options, or one for each in the order of the strategy's parts."""


def needs(name: str) -> tuple[int, int]:
    """How many strikes and how many expiries a strategy takes.

    >>> needs("iron_condor"), needs("call_calendar"), needs("long_stock")
    ((4, 1), (1, 2), (0, 0))
    """
    parts = _parts(name)
    strikes = [part.strike + 1 for part in parts if part.kind != "S"]
    expiries = [part.expiry + 1 for part in parts if part.kind in {"C", "P"}]
    return max(strikes, default=0), max(expiries, default=0)


def build(
    name: str,
    strikes: Sequence[float],
    years: Sequence[float],
    premiums: Sequence[float] | None = None,
    stock_price: float = 0.0,
    contracts: float = 1.0,
    multiplier: float = SHARES_PER_CONTRACT,
) -> Position:
    """Legs of a named strategy at these ascending strikes and times to expiry.

    `premiums` are per share, one for each option in the order of the strategy's parts, and zero if left out.

    >>> [(leg.quantity, leg.strike) for leg in build("call_butterfly", [90.0, 100.0, 110.0], [0.25])]
    [(1.0, 90.0), (-2.0, 100.0), (1.0, 110.0)]
    """
    parts = _parts(name)
    for what, given, wanted in zip(("strikes", "years"), (strikes, years), needs(name), strict=True):
        values = checks.positive(what, given)
        if values.size != wanted or np.any(np.diff(values) <= 0.0):
            raise BadInput(f"{what} are {list(given)}: {name} takes {wanted}, ascending")
    options = [part for part in parts if part.kind in {"C", "P"}]
    prices = [0.0] * len(options) if premiums is None else list(premiums)
    if len(prices) != len(options):
        raise BadInput(f"premiums has {len(prices)} values: {name} has {len(options)} options")
    remaining = iter(prices)

    def leg(part: Part) -> Leg:
        quantity = part.ratio * contracts
        if part.kind == "S":
            return StockLeg(quantity * multiplier, stock_price)
        strike = float(strikes[part.strike])
        if part.kind == "$":
            return CashLeg(quantity * multiplier * strike)
        return OptionLeg(quantity, strike, part.kind, years[part.expiry], next(remaining), multiplier)

    return tuple(leg(part) for part in parts)


def build_priced(
    name: str,
    strikes: Sequence[float],
    years: Sequence[float],
    market: Market,
    contracts: float = 1.0,
    multiplier: float = SHARES_PER_CONTRACT,
) -> Position:
    """Legs of a named strategy with the premiums that `european` gives, and stock at the underlying's price."""
    build(name, strikes, years)  # the checks
    options = [part for part in _parts(name) if part.kind in {"C", "P"}]
    premiums = european(
        market.underlying_price,
        [strikes[part.strike] for part in options],
        [years[part.expiry] for part in options],
        market.rate,
        market.dividend_yield,
        market.vol,
        [part.kind == "C" for part in options],
    ).price
    return build(name, strikes, years, premiums.tolist(), market.underlying_price, contracts, multiplier)


def _parts(name: str) -> tuple[Part, ...]:
    if name not in STRATEGIES:
        raise BadInput(f"{name!r} is no strategy; known are {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
