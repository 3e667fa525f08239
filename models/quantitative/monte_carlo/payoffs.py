"""What each product pays on the paths in the buffers, discounted to now."""

from collections.abc import Callable
from math import exp, log

import numpy as np

from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo import payoff_kernels
from models.quantitative.monte_carlo.buffers import Buffers
from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes, Heston
from models.quantitative.monte_carlo.products import (
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    DigitalOption,
    EuropeanOption,
    LookbackOption,
    SingleProduct,
)
from models.quantitative.monte_carlo.schedules import Schedule

Payoff = Callable[[Buffers], Floats]
"""A new array with a place for each path."""
SingleModel = BlackScholes | Heston


def exercised(prices: Floats, strike: float, *, is_call: bool) -> Floats:
    """What is in the money."""
    return np.maximum(prices - strike if is_call else strike - prices, 0.0)


def end_prices(model: SingleModel, buffers: Buffers) -> Floats:
    """The underlying's, at expiry."""
    return model.underlying_price * np.exp(buffers.logs[-1])


def _european(product: EuropeanOption, model: SingleModel, _: Schedule) -> Payoff:
    discount = exp(-model.rate * product.years)
    return lambda buffers: discount * exercised(end_prices(model, buffers), product.strike, is_call=product.is_call)


def _digital(product: DigitalOption, model: SingleModel, _: Schedule) -> Payoff:
    cash, level = product.cash * exp(-model.rate * product.years), log(product.strike / model.underlying_price)
    if product.is_call:
        return lambda buffers: np.where(buffers.logs[-1] > level, cash, 0.0)
    return lambda buffers: np.where(buffers.logs[-1] < level, cash, 0.0)


def _asian(product: AsianOption, model: SingleModel, schedule: Schedule) -> Payoff:
    discount = exp(-model.rate * product.observation_years[-1])
    is_arithmetic = product.average == "arithmetic"

    def value(buffers: Buffers) -> Floats:
        payoff_kernels.averages(
            buffers.logs, schedule.rows, buffers.scratch, buffers.bits, buffers.first, buffers.second
        )
        average = buffers.first if is_arithmetic else np.exp(buffers.second)
        return discount * exercised(model.underlying_price * average, product.strike, is_call=product.is_call)

    return value


def _barrier(product: BarrierOption, model: SingleModel, schedule: Schedule) -> Payoff:
    discount, level = exp(-model.rate * product.years), log(product.barrier / model.underlying_price)
    direction, effect = product.kind.split("-")
    side = 1.0 if direction == "up" else -1.0

    def value(buffers: Buffers) -> Floats:
        if product.observation_years:
            payoff_kernels.survivals(buffers.logs, schedule.rows, level, side, buffers.first)
        else:
            payoff_kernels.bridge_survivals(
                buffers.logs, buffers.variances, level, side, buffers.scratch, buffers.bits, buffers.first
            )
        alive = buffers.first if effect == "out" else 1.0 - buffers.first
        return discount * alive * exercised(end_prices(model, buffers), product.strike, is_call=product.is_call)

    return value


def _lookback(product: LookbackOption, model: SingleModel, schedule: Schedule) -> Payoff:
    discount = exp(-model.rate * product.years)
    is_highest = product.is_call == (product.strike is not None)

    def value(buffers: Buffers) -> Floats:
        if product.observation_years:
            payoff_kernels.extremes(buffers.logs, schedule.rows, buffers.first, buffers.second)
            extreme = buffers.second if is_highest else buffers.first
        else:
            side, extreme = 1.0 if is_highest else -1.0, buffers.first
            payoff_kernels.bridge_extreme(buffers.logs, buffers.variances, buffers.normals, side, extreme)
        best = model.underlying_price * np.exp(extreme)
        if product.strike is not None:
            return discount * exercised(best, product.strike, is_call=product.is_call)
        end = end_prices(model, buffers)
        return discount * (end - best if product.is_call else best - end)

    return value


def _autocallable(product: Autocallable, model: SingleModel, schedule: Schedule) -> Payoff:
    count = len(product.observation_years)
    discounts = np.exp(-model.rate * np.array(product.observation_years))
    called = discounts * product.notional * (1.0 + product.coupon * np.arange(1, count + 1))
    protected = discounts[-1] * product.notional
    amounts = np.append(called, protected)
    level = log(product.call_level)

    def value(buffers: Buffers) -> Floats:
        payoff_kernels.first_calls(buffers.logs, schedule.rows, level, buffers.calls)
        ratio = np.exp(buffers.logs[-1])
        is_loss = (buffers.calls == count) & (ratio < product.protection_level)
        return np.where(is_loss, protected * ratio, amounts[buffers.calls])

    return value


_PAYOFFS: dict[type[SingleProduct], Callable[..., Payoff]] = {
    EuropeanOption: _european,
    DigitalOption: _digital,
    AsianOption: _asian,
    BarrierOption: _barrier,
    LookbackOption: _lookback,
    Autocallable: _autocallable,
}


def payoff(product: SingleProduct, model: SingleModel, schedule: Schedule) -> Payoff:
    """Of a product on one underlying."""
    return _PAYOFFS[type(product)](product, model, schedule)


def basket_sums(model: CorrelatedBlackScholes, weights: Floats, buffers: Buffers) -> tuple[Floats, Floats]:
    """Weighted sum of the underlyings' prices, and the product of their weighted powers."""
    spots = np.array(model.underlying_prices)
    power = np.exp(weights @ buffers.logs + weights @ np.log(spots))
    return (weights * spots) @ np.exp(buffers.logs), power


def basket_payoff(product: BasketOption, model: CorrelatedBlackScholes) -> Payoff:
    """Of a basket."""
    weights, discount = np.array(product.weights), exp(-model.rate * product.years)
    place = 0 if product.average == "arithmetic" else 1
    return lambda buffers: (
        discount * exercised(basket_sums(model, weights, buffers)[place], product.strike, is_call=product.is_call)
    )
