"""What can be priced: the terms of each product, checked. Amounts are per share; times are years of 365 days from now.

A product is observed at `observation_years`, ascending; the last is its expiry. Where they may be empty, and are, it is
observed all the time. `evenly_spaced` makes a schedule.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from contracts.errors import BadInput
from models.quantitative import checks
from models.quantitative.terms import MAX_PRICE, MAX_YEARS, MIN_PRICE

SHORTEST_STEP_YEARS = 1e-9
"""Between observations, and to the first: three hundredths of a second."""
MAX_OBSERVATIONS = 10_000


@dataclass(frozen=True, slots=True)
class EuropeanOption:
    """Pays what it is in the money at expiry."""

    strike: float
    years: float
    is_call: bool

    def __post_init__(self) -> None:
        _check_strike(self.strike)
        _check_years(self.years)


@dataclass(frozen=True, slots=True)
class DigitalOption:
    """Pays `cash` at expiry if it is in the money."""

    strike: float
    years: float
    is_call: bool
    cash: float = 1.0

    def __post_init__(self) -> None:
        _check_strike(self.strike)
        _check_years(self.years)
        checks.within("cash", self.cash, 0.0, MAX_PRICE)


@dataclass(frozen=True, slots=True)
class AsianOption:
    """On the average price over the observations."""

    strike: float
    observation_years: tuple[float, ...]
    is_call: bool
    average: Literal["arithmetic", "geometric"] = "arithmetic"

    def __post_init__(self) -> None:
        _check_strike(self.strike)
        _check_schedule(self.observation_years)
        _check_choice("average", self.average, ("arithmetic", "geometric"))


@dataclass(frozen=True, slots=True)
class BarrierOption:
    """A European option that begins (`in`) or ends (`out`) when the underlying is at the barrier or beyond it."""

    strike: float
    barrier: float
    years: float
    is_call: bool
    kind: Literal["up-in", "up-out", "down-in", "down-out"]
    observation_years: tuple[float, ...] = ()
    """Empty: observed all the time."""

    def __post_init__(self) -> None:
        _check_strike(self.strike)
        _check_years(self.years)
        checks.within("barrier", self.barrier, MIN_PRICE, MAX_PRICE)
        _check_choice("kind", self.kind, ("up-in", "up-out", "down-in", "down-out"))
        _check_optional_schedule(self.observation_years, self.years)


@dataclass(frozen=True, slots=True)
class LookbackOption:
    """On the best price on the way: against a strike, or for what the underlying is worth at expiry.

    With a strike, a call pays the highest price less the strike, a put the strike less the lowest. Without one
    (floating) a call pays the price at expiry less the lowest, a put the highest less that at expiry.
    """

    years: float
    is_call: bool
    strike: float | None = None
    observation_years: tuple[float, ...] = ()
    """Empty: observed all the time, from now on."""

    def __post_init__(self) -> None:
        _check_years(self.years)
        if self.strike is not None:
            _check_strike(self.strike)
        _check_optional_schedule(self.observation_years, self.years)


@dataclass(frozen=True, slots=True)
class BasketOption:
    """On a weighted sum of several underlyings, or the product of their prices to the power of the weights."""

    strike: float
    years: float
    is_call: bool
    weights: tuple[float, ...]
    average: Literal["arithmetic", "geometric"] = "arithmetic"

    def __post_init__(self) -> None:
        _check_strike(self.strike)
        _check_years(self.years)
        checks.positive("weights", self.weights)
        checks.within("weights", self.weights, 0.0, MAX_PRICE)
        _check_choice("average", self.average, ("arithmetic", "geometric"))


@dataclass(frozen=True, slots=True)
class Autocallable:
    """A note that is paid back with coupons at the first observation at which the underlying is high enough.

    Levels are shares of today's price. At observation k (from 1) at `call_level` or above it pays
    notional·(1 + k·coupon) and ends. At the last it otherwise pays the notional if the underlying is at
    `protection_level` or above, and notional·S/S₀ if not.
    """

    observation_years: tuple[float, ...]
    call_level: float
    coupon: float
    protection_level: float
    notional: float = 100.0

    def __post_init__(self) -> None:
        _check_schedule(self.observation_years)
        checks.positive("call_level", self.call_level)
        checks.not_negative("coupon", self.coupon)
        checks.not_negative("protection_level", self.protection_level)
        checks.within("notional", self.notional, 0.0, MAX_PRICE)
        if self.protection_level > self.call_level:
            raise BadInput(f"protection_level is {self.protection_level}: must be at most call_level")


SingleProduct = EuropeanOption | DigitalOption | AsianOption | BarrierOption | LookbackOption | Autocallable
Product = SingleProduct | BasketOption


def evenly_spaced(years: float, count: int) -> tuple[float, ...]:
    """`count` observations, the last after `years`.

    >>> evenly_spaced(1.0, 4)
    (0.25, 0.5, 0.75, 1.0)
    """
    _check_years(years)
    if not 1 <= count <= MAX_OBSERVATIONS:
        raise BadInput(f"count is {count}: must be from 1 to {MAX_OBSERVATIONS}")
    return tuple(years * place / count for place in range(1, count + 1))


def _check_strike(strike: float) -> None:
    checks.within("strike", strike, MIN_PRICE, MAX_PRICE)


def _check_years(years: float) -> None:
    checks.within("years", years, SHORTEST_STEP_YEARS, MAX_YEARS)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadInput(f"{name} is {value!r}: must be one of {', '.join(choices)}")


def _check_schedule(observation_years: tuple[float, ...]) -> None:
    if not 1 <= len(observation_years) <= MAX_OBSERVATIONS:
        raise BadInput(f"observation_years has {len(observation_years)} places: must have from 1 to {MAX_OBSERVATIONS}")
    times = checks.within("observation_years", observation_years, SHORTEST_STEP_YEARS, MAX_YEARS)
    close = np.flatnonzero(np.diff(times) < SHORTEST_STEP_YEARS)
    if close.size:
        place = int(close[0]) + 1
        raise BadInput(f"observation_years[{place}] is {times[place]}: must be after the one before it")


def _check_optional_schedule(observation_years: tuple[float, ...], years: float) -> None:
    if observation_years:
        _check_schedule(observation_years)
        if observation_years[-1] != years:
            raise BadInput(f"observation_years ends at {observation_years[-1]}: must end at years, {years}")
