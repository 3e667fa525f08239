"""The legs a position is made of. Positive quantities are long, negative ones short; prices are per share."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contracts.errors import BadInput
from contracts.instruments import Right
from models.quantitative import checks

SHARES_PER_CONTRACT: Final = 100.0
"""The usual multiplier of US equity and index options; adjusted contracts have another."""
SAME_TIME_YEARS: Final = 1e-9
"""Expiries closer than this, a thirtieth of a second, are one."""


@dataclass(frozen=True, slots=True)
class OptionLeg:
    """Contracts of one option."""

    quantity: float
    """Contracts."""
    strike: float
    right: Right
    """C or P."""
    years: float
    """From now to expiry."""
    premium: float = 0.0
    """Paid per share where long, received where short."""
    multiplier: float = SHARES_PER_CONTRACT
    """Shares a contract."""

    def __post_init__(self) -> None:
        checks.finite("quantity", self.quantity)
        checks.is_call(self.right)
        checks.positive("strike", self.strike)
        checks.not_negative("years", self.years)
        checks.not_negative("premium", self.premium)
        checks.positive("multiplier", self.multiplier)

    @property
    def is_call(self) -> bool:
        """Whether it is a call."""
        return self.right == "C"

    @property
    def shares(self) -> float:
        """Shares of the underlying that the contracts are for, with the sign of the quantity."""
        return self.quantity * self.multiplier

    @property
    def cost(self) -> float:
        """Dollars paid for the leg, negative where received."""
        return self.shares * self.premium


@dataclass(frozen=True, slots=True)
class StockLeg:
    """Shares of the underlying."""

    quantity: float
    """Shares."""
    price: float
    """At which they were bought or sold short."""

    def __post_init__(self) -> None:
        checks.finite("quantity", self.quantity)
        checks.not_negative("price", self.price)

    @property
    def cost(self) -> float:
        """Dollars paid for the leg, negative where received."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class CashLeg:
    """Cash held beside the others; it has a value but earns nothing, so that it adds nothing to profit."""

    amount: float
    """Dollars."""

    def __post_init__(self) -> None:
        checks.finite("amount", self.amount)

    @property
    def cost(self) -> float:
        """The amount itself."""
        return self.amount


Leg = OptionLeg | StockLeg | CashLeg
Position = tuple[Leg, ...]


def options_of(legs: Iterable[Leg]) -> tuple[OptionLeg, ...]:
    """The options among the legs, in their order."""
    return tuple(leg for leg in legs if isinstance(leg, OptionLeg))


def shares_of(legs: Iterable[Leg]) -> float:
    """Shares of stock among the legs, net."""
    return sum(leg.quantity for leg in legs if isinstance(leg, StockLeg))


def net_cost(legs: Iterable[Leg]) -> float:
    """Dollars paid for the whole position (a debit), negative where received (a credit)."""
    return sum(leg.cost for leg in legs)


def common_expiry(legs: Iterable[Leg]) -> float | None:
    """Years to the one expiry of all options, none where there are no options; several are refused."""
    years = [leg.years for leg in options_of(legs)]
    if years and max(years) - min(years) > SAME_TIME_YEARS:
        raise BadInput(f"the legs expire at different times ({min(years)} to {max(years)} years): give a horizon")
    return years[0] if years else None
