"""Control variates: related payoffs on the same paths, discounted, less their known prices.

| product | model | control |
| --- | --- | --- |
| arithmetic Asian, arithmetic basket | Black-Scholes | the geometric one |
| European, autocallable | any | the underlying at expiry |
| geometric basket | Black-Scholes | the weighted sum of underlyings at expiry |
| all others | Black-Scholes | the European option of the same strike; of today's price for a floating one |
| all others | Heston | the underlying at expiry, a martingale in the scheme itself |
"""

from math import exp

import numpy as np

from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.buffers import Buffers
from models.quantitative.monte_carlo.closed_forms import geometric_average, geometric_basket, option_value, price_at
from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes
from models.quantitative.monte_carlo.payoffs import Payoff, SingleModel, basket_sums, end_prices, exercised
from models.quantitative.monte_carlo.products import (
    AsianOption,
    Autocallable,
    BasketOption,
    EuropeanOption,
    LookbackOption,
    SingleProduct,
)


def expiry_years(product: SingleProduct) -> float:
    """Years from now."""
    return product.observation_years[-1] if isinstance(product, AsianOption | Autocallable) else product.years


def control(product: SingleProduct, model: SingleModel) -> Payoff:
    """To be asked after the product's payoff, whose averages it may use."""
    if not isinstance(model, BlackScholes) or isinstance(product, EuropeanOption | Autocallable):
        return _underlying(model, expiry_years(product))
    if isinstance(product, AsianOption) and product.average == "arithmetic":
        return _geometric_asian(product, model)
    strike = product.strike
    if isinstance(product, LookbackOption) and product.strike is None:
        strike = model.underlying_price
    return _vanilla(EuropeanOption(float(strike or 0.0), expiry_years(product), product.is_call), model)


def _underlying(model: SingleModel, years: float) -> Payoff:
    discount = exp(-model.rate * years)
    expected = model.underlying_price * exp(-model.dividend_yield * years)
    return lambda buffers: discount * end_prices(model, buffers) - expected


def _vanilla(option: EuropeanOption, model: BlackScholes) -> Payoff:
    discount = exp(-model.rate * option.years)
    expected = option_value(price_at(model, option.years), option.strike, discount, is_call=option.is_call)
    return lambda buffers: (
        discount * exercised(end_prices(model, buffers), option.strike, is_call=option.is_call) - expected
    )


def _geometric_asian(product: AsianOption, model: BlackScholes) -> Payoff:
    discount = exp(-model.rate * product.observation_years[-1])
    average = geometric_average(model, np.array(product.observation_years))
    expected = option_value(average, product.strike, discount, is_call=product.is_call)

    def value(buffers: Buffers) -> Floats:
        prices = model.underlying_price * np.exp(buffers.second)
        return discount * exercised(prices, product.strike, is_call=product.is_call) - expected

    return value


def basket_control(product: BasketOption, model: CorrelatedBlackScholes) -> Payoff:
    """For a basket."""
    weights, discount = np.array(product.weights), exp(-model.rate * product.years)
    if product.average == "geometric":
        yields = np.exp(-np.array(model.dividend_yields) * product.years)
        total = float((weights * model.underlying_prices) @ yields)
        return lambda buffers: discount * basket_sums(model, weights, buffers)[0] - total
    price = geometric_basket(model, weights, product.years)
    expected = option_value(price, product.strike, discount, is_call=product.is_call)
    return lambda buffers: (
        discount * exercised(basket_sums(model, weights, buffers)[1], product.strike, is_call=product.is_call)
        - expected
    )
