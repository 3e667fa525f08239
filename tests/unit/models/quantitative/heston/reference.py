"""Answers of mpmath and of QuantLib, whose evaluation date is global; all of these use one."""

from time import perf_counter

import mpmath
import numpy as np
import QuantLib
from numpy.typing import NDArray

from models.quantitative.heston.parameters import NO_JUMPS, HestonParams, Jumps
from models.quantitative.heston.pricing import heston_price
from models.quantitative.quotes import implied_vol
from tests.unit.models.quantitative.heston.samples import RATE, SPOT, Floats, Quotes

TODAY = QuantLib.Date(15, 1, 2024)
_COUNT = QuantLib.Actual365Fixed()
_SMALL = mpmath.mpf(10) ** -18


def exact_price(
    log_strike: float, years: float, params: HestonParams, jumps: Jumps = NO_JUMPS, *, power: float, digits: int = 25
) -> float:
    """Call (`power` above 1) or put (below 0), undiscounted, per unit of strike; `log_strike` is ln(K/F).

    The integral along the straight line with real part `power`, with the textbook's characteristic function.
    """
    with mpmath.workdps(digits):
        v0, kappa, theta, sigma, rho, intensity, mean, std = map(mpmath.mpf, (*params, *jumps))
        k, t = mpmath.mpf(log_strike), mpmath.mpf(years)

        def integrand(height: mpmath.mpf) -> mpmath.mpf:
            p = mpmath.mpc(power, height)
            beta = kappa - rho * sigma * p
            d = mpmath.sqrt(beta**2 - sigma**2 * (p * p - p))
            ratio, decay = (beta - d) / (beta + d), mpmath.exp(-d * t)
            slope = (beta - d) / sigma**2 * (1 - decay) / (1 - ratio * decay)
            level = ((beta - d) * t - 2 * mpmath.log((1 - ratio * decay) / (1 - ratio))) / sigma**2
            drift = mpmath.exp(mean + std**2 / 2) - 1
            jump = intensity * t * (mpmath.exp(mean * p + std**2 * p * p / 2) - 1 - p * drift)
            return mpmath.re(mpmath.exp(kappa * theta * level + v0 * slope + jump - p * k) / (p * (p - 1)))

        total, low, high = mpmath.mpf(0), mpmath.mpf(0), mpmath.mpf(1) / 4
        while high < 1e8:
            pieces = min(60, 1 + int(abs(k) * (high - low) / 6))
            part = mpmath.quad(integrand, mpmath.linspace(low, high, pieces + 1))
            total += part
            if abs(part) < _SMALL * abs(total):
                break
            low, high = high, 2 * high
        return float(total / mpmath.pi)


def _process(params: HestonParams) -> QuantLib.HestonProcess:
    QuantLib.Settings.instance().evaluationDate = TODAY
    curve = QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(TODAY, RATE, _COUNT))
    no_yield = QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(TODAY, 0.0, _COUNT))
    spot = QuantLib.QuoteHandle(QuantLib.SimpleQuote(SPOT))
    return QuantLib.HestonProcess(curve, no_yield, spot, *params)


def prices(
    params: HestonParams, strikes: Floats, days: NDArray[np.int64], is_call: Floats, *, points: int
) -> tuple[float, Floats]:
    """Seconds it took, and prices; by so many points of Gauss and Laguerre or, with 0, Andersen–Piterbarg, adaptive."""
    model = QuantLib.HestonModel(_process(params))
    engine = QuantLib.AnalyticHestonEngine
    if points:
        pricing_engine = engine(model, points)
    else:
        integration = QuantLib.FourierIntegration.gaussLobatto(1e-13, 1e-13, 10**6)
        pricing_engine = engine(model, engine.AndersenPiterbarg, integration, 1e-15)
    options = []
    for strike, day, right in zip(strikes, days, is_call, strict=True):
        payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if right else QuantLib.Option.Put, float(strike))
        option = QuantLib.VanillaOption(payoff, QuantLib.EuropeanExercise(TODAY + int(day)))
        option.setPricingEngine(pricing_engine)
        options.append(option)
    start = perf_counter()
    values = np.array([option.NPV() for option in options])
    return perf_counter() - start, values


def jump_prices(params: HestonParams, jumps: Jumps, strikes: Floats, days: NDArray[np.int64]) -> Floats:
    """Prices of calls under Bates's model, by 190 points of Gauss and Laguerre."""
    plain = _process(params)
    process = QuantLib.BatesProcess(plain.riskFreeRate(), plain.dividendYield(), plain.s0(), *params, *jumps)
    engine = QuantLib.BatesEngine(QuantLib.BatesModel(process), 190)
    values = []
    for strike, day in zip(strikes, days, strict=True):
        payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, float(strike))
        option = QuantLib.VanillaOption(payoff, QuantLib.EuropeanExercise(TODAY + int(day)))
        option.setPricingEngine(engine)
        values.append(option.NPV())
    return np.array(values)


def calibrate(
    chain: Quotes, error: int = QuantLib.BlackCalibrationHelper.ImpliedVolError
) -> tuple[float, HestonParams]:
    """Milliseconds and result of QuantLib's usual way; helpers are made before the clock starts."""
    process = _process(HestonParams(0.09, 2.0, 0.09, 0.6, -0.5))
    model = QuantLib.HestonModel(process)
    engine = QuantLib.AnalyticHestonEngine(model)
    helpers = []
    for strike, day, vol in zip(chain.strike, chain.days, _vols(chain), strict=True):
        helper = QuantLib.HestonModelHelper(
            QuantLib.Period(int(day), QuantLib.Days),
            QuantLib.NullCalendar(),
            SPOT,
            float(strike),
            QuantLib.QuoteHandle(QuantLib.SimpleQuote(float(vol))),
            process.riskFreeRate(),
            process.dividendYield(),
            error,
        )
        helper.setPricingEngine(engine)
        helpers.append(helper)
    start = perf_counter()
    model.calibrate(
        helpers, QuantLib.LevenbergMarquardt(1e-8, 1e-8, 1e-8), QuantLib.EndCriteria(500, 50, 1e-8, 1e-8, 1e-8)
    )
    elapsed_ms = 1e3 * (perf_counter() - start)
    theta, kappa, sigma, rho, v0 = model.params()
    return elapsed_ms, HestonParams(v0, kappa, theta, sigma, rho)


def _vols(chain: Quotes) -> NDArray[np.float64]:
    return implied_vol(chain.price, SPOT, chain.strike, chain.years, RATE, 0.0, chain.is_call).implied_vol


def rms_vol(params: HestonParams, chain: Quotes) -> float:
    """Root of the mean squared error of implied volatility, in volatility points."""
    found = heston_price(SPOT, chain.strike, chain.years, RATE, 0.0, params, chain.is_call)
    return float(100.0 * np.sqrt(np.mean((_vols(chain._replace(price=found)) - _vols(chain)) ** 2)))
