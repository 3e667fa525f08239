"""How a product is simulated under a model: its steps, its normal numbers, its paths, its payoffs."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo import path_kernels
from models.quantitative.monte_carlo.buffers import Buffers
from models.quantitative.monte_carlo.controls import basket_control, control, expiry_years
from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes, Heston
from models.quantitative.monte_carlo.payoffs import Payoff, basket_payoff, payoff
from models.quantitative.monte_carlo.products import (
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    LookbackOption,
    Product,
    SingleProduct,
)
from models.quantitative.monte_carlo.schedules import Schedule, schedule
from models.quantitative.monte_carlo.settings import Settings

Model = BlackScholes | Heston | CorrelatedBlackScholes


@dataclass(frozen=True, slots=True)
class Plan:
    """What the engine needs to know."""

    step_years: Floats
    factors: int
    """Normal numbers for each step."""
    rows: int
    """Of the buffer `logs`."""
    walk: Callable[[Buffers, float], None]
    """Fill the paths from the normal numbers, taken with the sign given."""
    payoff: Payoff
    control: Payoff

    @property
    def dimensions(self) -> int:
        """Normal numbers for each path."""
        return self.factors * self.step_years.size


def make_plan(product: Product, model: Model, settings: Settings) -> Plan:
    """The plan, or `BadInput` where product and model do not go together."""
    if isinstance(product, BasketOption) != isinstance(model, CorrelatedBlackScholes):
        raise BadInput(
            f"model is {type(model).__name__} for a {type(product).__name__}: "
            "a BasketOption must have CorrelatedBlackScholes, any other product BlackScholes or Heston"
        )
    if isinstance(product, BasketOption) and isinstance(model, CorrelatedBlackScholes):
        return _basket_plan(product, model)
    assert not isinstance(product, BasketOption)  # noqa: S101 - said above, for the type checker
    assert not isinstance(model, CorrelatedBlackScholes)  # noqa: S101
    is_continuous = isinstance(product, BarrierOption | LookbackOption) and not product.observation_years
    longest = inf if isinstance(model, BlackScholes) else 1.0 / settings.steps_per_year
    steps = schedule(_observation_years(product), longest)
    paid, controlled = payoff(product, model, steps), control(product, model)
    if isinstance(model, Heston):
        if is_continuous and isinstance(product, LookbackOption):
            raise BadInput("observation_years is empty: a LookbackOption under Heston must have observations")
        walk = _heston_walk(model, steps, is_continuous=is_continuous)
        return Plan(steps.years, 2, steps.years.size, walk, paid, controlled)
    factors = 3 if is_continuous and isinstance(product, LookbackOption) else 1
    walk = _black_scholes_walk(model, steps, is_continuous=is_continuous)
    return Plan(steps.years, factors, steps.years.size, walk, paid, controlled)


def _observation_years(product: SingleProduct) -> tuple[float, ...]:
    if isinstance(product, AsianOption | Autocallable | BarrierOption | LookbackOption) and product.observation_years:
        return product.observation_years
    return (expiry_years(product),)


def _black_scholes_walk(
    model: BlackScholes, steps: Schedule, *, is_continuous: bool
) -> Callable[[Buffers, float], None]:
    variances = model.vol**2 * steps.years
    drifts = (model.rate - model.dividend_yield) * steps.years - 0.5 * variances
    deviations = np.sqrt(variances)

    def walk(buffers: Buffers, sign: float) -> None:
        path_kernels.black_scholes_paths(buffers.normals, drifts, deviations, sign, buffers.logs)
        if is_continuous:
            buffers.variances[:] = variances[:, None]

    return walk


def _heston_walk(model: Heston, steps: Schedule, *, is_continuous: bool) -> Callable[[Buffers, float], None]:
    coefficients = heston_steps(model, steps.years, None if is_continuous else steps.rows)

    def walk(buffers: Buffers, sign: float) -> None:
        work = path_kernels.Scratch(buffers.first, buffers.second, buffers.scratch, buffers.bits)
        path_kernels.heston_paths(
            buffers.normals, coefficients, model.variance, sign, buffers.logs, buffers.variances, work
        )
        if is_continuous:
            np.multiply(buffers.variances, steps.years[:, None], out=buffers.variances)

    return walk


def heston_steps(model: Heston, years: Floats, read: NDArray[np.int64] | None = None) -> Floats:
    """The fields of `path_kernels.HestonStep`, a row for each step; all steps are read unless told which."""
    is_read = np.ones(years.size)
    if read is not None:
        is_read[:] = np.arange(years.size) % path_kernels.UNREAD_STEPS == 0
        is_read[read] = 1.0
    decay = np.exp(-model.mean_reversion * years)
    squared = model.vol_of_variance**2 / model.mean_reversion
    lean = model.correlation / model.vol_of_variance
    half = 0.5 * years * (model.mean_reversion * lean - 0.5)
    columns = {
        "decay": decay,
        "pull": model.long_variance * (1.0 - decay),
        "variance_slope": squared * decay * (1.0 - decay),
        "variance_floor": 0.5 * squared * model.long_variance * (1.0 - decay) ** 2,
        "k1": half - lean,
        "k2": half + lean,
        "k3": 0.5 * years * (1.0 - model.correlation**2),
        "growth": (model.rate - model.dividend_yield) * years,
        "is_read": is_read,
        "uncorrected": -lean * model.mean_reversion * model.long_variance * years,
    }
    return np.ascontiguousarray(np.stack([columns[name] for name in path_kernels.HestonStep._fields], axis=1))


def _basket_plan(product: BasketOption, model: CorrelatedBlackScholes) -> Plan:
    count = len(model.underlying_prices)
    if len(product.weights) != count:
        raise BadInput(f"weights has {len(product.weights)} places: must have {count}, one for each underlying")
    vols = np.array(model.vols)
    factor = np.ascontiguousarray(np.linalg.cholesky(np.array(model.correlations)))
    drifts = (model.rate - np.array(model.dividend_yields) - 0.5 * vols**2) * product.years
    deviations = vols * np.sqrt(product.years)

    def walk(buffers: Buffers, sign: float) -> None:
        path_kernels.correlated_ends(buffers.normals, factor, drifts, deviations, sign, buffers.logs)

    return Plan(
        np.array([product.years]), count, count, walk, basket_payoff(product, model), basket_control(product, model)
    )
