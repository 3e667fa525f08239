"""Closed forms of exotic options, and QuantLib's Heston, for the Monte Carlo tests and benchmark."""

import numpy as np
import QuantLib
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from models.quantitative.monte_carlo.dynamics import BlackScholes, CorrelatedBlackScholes, Heston
from models.quantitative.monte_carlo.products import Autocallable, LookbackOption

TODAY = QuantLib.Date(15, 1, 2026)
_COUNTER = QuantLib.Actual365Fixed()


def flat(value: float) -> QuantLib.YieldTermStructureHandle:
    return QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(TODAY, value, _COUNTER))


def quote(value: float) -> QuantLib.QuoteHandle:
    return QuantLib.QuoteHandle(QuantLib.SimpleQuote(value))


def process(model: BlackScholes) -> QuantLib.BlackScholesMertonProcess:
    QuantLib.Settings.instance().evaluationDate = TODAY
    vol = QuantLib.BlackConstantVol(TODAY, QuantLib.NullCalendar(), model.vol, _COUNTER)
    return QuantLib.BlackScholesMertonProcess(
        quote(model.underlying_price),
        flat(model.dividend_yield),
        flat(model.rate),
        QuantLib.BlackVolTermStructureHandle(vol),
    )


def right(*, is_call: bool) -> int:
    return int(QuantLib.Option.Call if is_call else QuantLib.Option.Put)


def european_exercise(days: int) -> QuantLib.EuropeanExercise:
    return QuantLib.EuropeanExercise(TODAY + days)


def black_scholes(model: BlackScholes, strike: float, days: int, *, is_call: bool) -> float:
    payoff = QuantLib.PlainVanillaPayoff(right(is_call=is_call), strike)
    option = QuantLib.VanillaOption(payoff, european_exercise(days))
    option.setPricingEngine(QuantLib.AnalyticEuropeanEngine(process(model)))
    return float(option.NPV())


def digital(model: BlackScholes, strike: float, days: int, *, is_call: bool) -> float:
    payoff = QuantLib.CashOrNothingPayoff(right(is_call=is_call), strike, 1.0)
    option = QuantLib.VanillaOption(payoff, european_exercise(days))
    option.setPricingEngine(QuantLib.AnalyticEuropeanEngine(process(model)))
    return float(option.NPV())


_BARRIERS = {
    "up-in": QuantLib.Barrier.UpIn,
    "up-out": QuantLib.Barrier.UpOut,
    "down-in": QuantLib.Barrier.DownIn,
    "down-out": QuantLib.Barrier.DownOut,
}


def barrier_option(kind: str, barrier: float, strike: float, days: int, *, is_call: bool) -> QuantLib.BarrierOption:
    payoff = QuantLib.PlainVanillaPayoff(right(is_call=is_call), strike)
    return QuantLib.BarrierOption(_BARRIERS[kind], barrier, 0.0, payoff, european_exercise(days))


def continuous_barrier(
    model: BlackScholes, kind: str, barrier: float, strike: float, days: int, *, is_call: bool
) -> float:
    option = barrier_option(kind, barrier, strike, days, is_call=is_call)
    option.setPricingEngine(QuantLib.AnalyticBarrierEngine(process(model)))
    return float(option.NPV())


def geometric_asian(model: BlackScholes, strike: float, days: list[int], *, is_call: bool) -> float:
    option = QuantLib.DiscreteAveragingAsianOption(
        QuantLib.Average.Geometric,
        1.0,
        0,
        [TODAY + day for day in days],
        QuantLib.PlainVanillaPayoff(right(is_call=is_call), strike),
        european_exercise(days[-1]),
    )
    option.setPricingEngine(QuantLib.AnalyticDiscreteGeometricAveragePriceAsianEngine(process(model)))
    return float(option.NPV())


def continuous_lookback(model: BlackScholes, product: LookbackOption) -> float:
    exercise = european_exercise(round(365 * product.years))
    kind, today = right(is_call=product.is_call), model.underlying_price
    if product.strike is None:
        option = QuantLib.ContinuousFloatingLookbackOption(today, QuantLib.FloatingTypePayoff(kind), exercise)
        option.setPricingEngine(QuantLib.AnalyticContinuousFloatingLookbackEngine(process(model)))
    else:
        payoff = QuantLib.PlainVanillaPayoff(kind, product.strike)
        option = QuantLib.ContinuousFixedLookbackOption(today, payoff, exercise)
        option.setPricingEngine(QuantLib.AnalyticContinuousFixedLookbackEngine(process(model)))
    return float(option.NPV())


def heston(model: Heston, strike: float, days: int, *, is_call: bool) -> float:
    QuantLib.Settings.instance().evaluationDate = TODAY
    dynamics = QuantLib.HestonProcess(
        flat(model.rate),
        flat(model.dividend_yield),
        quote(model.underlying_price),
        model.variance,
        model.mean_reversion,
        model.long_variance,
        model.vol_of_variance,
        model.correlation,
    )
    option = QuantLib.VanillaOption(
        QuantLib.PlainVanillaPayoff(right(is_call=is_call), strike), european_exercise(days)
    )
    option.setPricingEngine(QuantLib.AnalyticHestonEngine(QuantLib.HestonModel(dynamics), 192))
    return float(option.NPV())


def geometric_basket(
    model: CorrelatedBlackScholes, weights: tuple[float, ...], strike: float, years: float, *, is_call: bool
) -> float:
    """By quadrature over the one normal number that the product of powers depends on."""
    w, vols = np.array(weights), np.array(model.vols)
    deviation = float(np.sqrt((w * vols) @ np.array(model.correlations) @ (w * vols) * years))
    drift = (model.rate - np.array(model.dividend_yields) - 0.5 * vols**2) * years
    mean = float(w @ (np.log(model.underlying_prices) + drift))
    side = 1.0 if is_call else -1.0
    edge = (np.log(strike) - mean) / deviation

    def value(z: float) -> float:
        return float(side * (np.exp(mean + deviation * z) - strike) * norm.pdf(z))

    low, high = (edge, 12.0) if is_call else (-12.0, edge)
    return float(np.exp(-model.rate * years) * quad(value, low, high, epsabs=1e-12)[0])


def autocallable_of_two(model: BlackScholes, product: Autocallable) -> float:
    """With two observations: probabilities and the loss part by the bivariate normal distribution."""
    first, last = product.observation_years
    drift = model.rate - model.dividend_yield - 0.5 * model.vol**2
    roots = model.vol * np.sqrt([first, last])
    correlation = np.sqrt(first / last)

    def below(level_1: float, level_2: float, tilt: float) -> float:
        """P(x₁ < ln level₁, x₂ < ln level₂) with drift + tilt·σ²."""
        shift = (drift + tilt * model.vol**2) * np.array([first, last])
        point = (np.log([level_1, level_2]) - shift) / roots
        return float(multivariate_normal([0.0, 0.0], [[1.0, correlation], [correlation, 1.0]]).cdf(point))

    call, guard = product.call_level, product.protection_level
    called_first = 1.0 - float(norm.cdf((np.log(call) - drift * first) / roots[0]))
    both_below, loss = below(call, call, 0.0), below(call, guard, 0.0)
    called_last = 1.0 - called_first - both_below
    loss_value = np.exp((model.rate - model.dividend_yield) * last) * below(call, guard, 1.0)
    early = np.exp(-model.rate * first) * called_first * (1.0 + product.coupon)
    late = np.exp(-model.rate * last) * (called_last * (1.0 + 2.0 * product.coupon) + both_below - loss + loss_value)
    return float(product.notional * (early + late))
