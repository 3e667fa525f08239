"""Products whose prices are known in closed form."""

from typing import NamedTuple

from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes, Heston
from models.quantitative.monte_carlo.plans import Model
from models.quantitative.monte_carlo.products import (
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    DigitalOption,
    EuropeanOption,
    LookbackOption,
    Product,
)
from tests.unit.models.quantitative.monte_carlo import reference

MARKET = BlackScholes(100.0, 0.05, 0.02, 0.25)
FELLER = Heston(100.0, 0.03, 0.01, 0.04, 2.0, 0.06, 0.4, -0.6)
"""The variance stays away from zero."""
NEAR_ZERO = Heston(100.0, 0.03, 0.01, 0.04, 1.2, 0.04, 0.7, -0.7)
"""The variance often touches zero."""
BASKET = CorrelatedBlackScholes(
    (100.0, 90.0, 110.0),
    0.05,
    (0.02, 0.01, 0.0),
    (0.2, 0.3, 0.25),
    ((1.0, 0.5, 0.3), (0.5, 1.0, 0.2), (0.3, 0.2, 1.0)),
)
WEIGHTS = (0.3, 0.3, 0.4)
ASIAN_DAYS = [30, 61, 91, 150, 200, 365]
AUTOCALLABLE = Autocallable((0.5, 1.0), 1.02, 0.04, 0.75)
FLOATING_CALL, FLOATING_PUT = LookbackOption(1.0, is_call=True), LookbackOption(1.0, is_call=False)
FIXED_CALL, FIXED_PUT = LookbackOption(1.0, True, 105.0), LookbackOption(1.0, False, 95.0)  # noqa: FBT003


class Case(NamedTuple):
    name: str
    product: Product
    model: Model
    truth: float


def _barrier(kind: str, barrier: float, strike: float, *, is_call: bool) -> Case:
    product = BarrierOption(strike, barrier, 1.0, is_call, kind)  # type: ignore[arg-type]
    truth = reference.continuous_barrier(MARKET, kind, barrier, strike, 365, is_call=is_call)
    return Case(f"{kind} {'call' if is_call else 'put'}", product, MARKET, truth)


def _heston(name: str, model: Heston, strike: float, *, is_call: bool) -> Case:
    truth = reference.heston(model, strike, 365, is_call=is_call)
    return Case(name, EuropeanOption(strike, 1.0, is_call), model, truth)


def _asian(*, is_call: bool) -> Case:
    years = tuple(day / 365.0 for day in ASIAN_DAYS)
    truth = reference.geometric_asian(MARKET, 102.0, ASIAN_DAYS, is_call=is_call)
    name = f"geometric Asian {'call' if is_call else 'put'}"
    return Case(name, AsianOption(102.0, years, is_call, "geometric"), MARKET, truth)


def _basket(*, is_call: bool) -> Case:
    truth = reference.geometric_basket(BASKET, WEIGHTS, 100.0, 1.0, is_call=is_call)
    name = f"geometric basket {'call' if is_call else 'put'}"
    return Case(name, BasketOption(100.0, 1.0, is_call, WEIGHTS, "geometric"), BASKET, truth)


CASES = (
    *(
        Case(
            f"European {'call' if c else 'put'}",
            EuropeanOption(105.0, 1.0, c),
            MARKET,
            reference.black_scholes(MARKET, 105.0, 365, is_call=c),
        )
        for c in (True, False)
    ),
    *(
        Case(
            f"digital {'call' if c else 'put'}",
            DigitalOption(95.0, 1.0, c),
            MARKET,
            reference.digital(MARKET, 95.0, 365, is_call=c),
        )
        for c in (True, False)
    ),
    _asian(is_call=True),
    _asian(is_call=False),
    _barrier("down-out", 90.0, 100.0, is_call=True),
    _barrier("down-in", 90.0, 105.0, is_call=False),
    _barrier("up-out", 130.0, 100.0, is_call=True),
    _barrier("up-in", 115.0, 110.0, is_call=False),
    Case("floating lookback call", FLOATING_CALL, MARKET, reference.continuous_lookback(MARKET, FLOATING_CALL)),
    Case("floating lookback put", FLOATING_PUT, MARKET, reference.continuous_lookback(MARKET, FLOATING_PUT)),
    Case("fixed lookback call", FIXED_CALL, MARKET, reference.continuous_lookback(MARKET, FIXED_CALL)),
    Case("fixed lookback put", FIXED_PUT, MARKET, reference.continuous_lookback(MARKET, FIXED_PUT)),
    Case("autocallable", AUTOCALLABLE, MARKET, reference.autocallable_of_two(MARKET, AUTOCALLABLE)),
    _basket(is_call=True),
    _basket(is_call=False),
    _heston("Heston call", FELLER, 100.0, is_call=True),
    _heston("Heston put", NEAR_ZERO, 105.0, is_call=False),
)
