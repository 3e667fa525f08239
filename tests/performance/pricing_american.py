"""American options: options per second and error, beside QuantLib's engines in the same run, on one core."""

from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np
import QuantLib

from models.quantitative.american.dividends import price_with_dividends
from models.quantitative.american.exact import american, american_price
from models.quantitative.american.implied_vol import american_implied_vol
from tests.performance.figures import emit, median
from tests.unit.models.quantitative.american import reference
from tests.unit.models.quantitative.american.samples import Columns, contracts

CONTRACTS = 100_000
PEER_CONTRACTS = 4_000
REFERENCE_CONTRACTS = 400
REPETITIONS = 3
MAX_ERROR = 1e-6
"""Of spot."""
MIN_RATIO = 3.0
"""Over QuantLib's fast scheme."""
MAX_DIVIDEND_ERROR = 1e-4
QUARTERLY = ((40, 0.6), (131, 0.6), (222, 0.65))
"""Days from now and amount per share, on a spot of 100."""


def _rate(count: int, work: Callable[[], object]) -> float:
    """Per second, median of repetitions after one that compiles and warms."""
    work()
    seconds = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return count / median(seconds)


def _quantlib_engines() -> dict[str, Callable[[QuantLib.BlackScholesMertonProcess], QuantLib.PricingEngine]]:
    fixed_point = QuantLib.QdFpAmericanEngine
    return {
        "QuantLib QdFp fast": lambda process: fixed_point(process, fixed_point.fastScheme()),
        "QuantLib QdFp accurate": lambda process: fixed_point(process, fixed_point.accurateScheme()),
        "QuantLib QD+": QuantLib.QdPlusAmericanEngine,
        "QuantLib Barone-Adesi-Whaley": QuantLib.BaroneAdesiWhaleyApproximationEngine,
        "QuantLib Bjerksund-Stensland": QuantLib.BjerksundStenslandApproximationEngine,
    }


def _time_quantlib(sample: Columns) -> tuple[dict[str, float], dict[str, Columns]]:
    """Options/s and prices of each engine; quotes, process and option are made before the clock starts."""
    rates, prices = {}, {}
    for name, engine in _quantlib_engines().items():
        options = []
        for spot, strike, years, rate, dividend, vol, is_call in sample.T:
            option = reference.option(strike, round(years * 365), is_call=bool(is_call))
            option.setPricingEngine(engine(reference.process(spot, rate, dividend, vol)))
            options.append(option)
        start = perf_counter()
        prices[name] = np.array([option.NPV() for option in options])
        rates[name] = len(options) / (perf_counter() - start)
    return rates, prices


def _price_figures() -> None:
    sample = contracts(CONTRACTS, seed=1)
    peer_rates, peer_prices = _time_quantlib(sample[:, :PEER_CONTRACTS])
    part = sample[:, :REFERENCE_CONTRACTS]
    truth = np.array(
        [reference.high_precision(s, k, round(t * 365), r, q, v, is_call=bool(c)) for s, k, t, r, q, v, c in part.T]
    )
    peer_errors = {
        name: float(np.max(np.abs(values[:REFERENCE_CONTRACTS] - truth) / part[0]))
        for name, values in peer_prices.items()
    }
    for scheme in ("fast", "accurate"):
        rate = _rate(CONTRACTS, partial(american_price, *sample, scheme=scheme))
        error = float(np.max(np.abs(american_price(*part, scheme=scheme).price - truth) / part[0]))
        emit(f"american.{scheme}.rate", rate, "options/s", peers=peer_rates)
        emit(f"american.{scheme}.error_ppm", 1e6 * error, "ppm of spot", 1e6 * MAX_ERROR, peers=_ppm(peer_errors))
        if scheme == "fast":
            ratio = rate / peer_rates["QuantLib QdFp fast"]
            emit("american.fast.ratio", ratio, "x QuantLib QdFp fast", MIN_RATIO, at_least=True)
    fast, accurate = (american_price(*sample, scheme=scheme).price for scheme in ("fast", "accurate"))
    apart = float(np.max(np.abs(fast - accurate) / sample[0]))
    emit("american.fast.off_accurate_ppm", 1e6 * apart, "ppm of spot", 1e6 * MAX_ERROR)
    greeks = sample[:, : CONTRACTS // 20]
    emit("american.greeks.rate", _rate(greeks.shape[1], lambda: american(*greeks)), "options/s")


def _ppm(errors: dict[str, float]) -> dict[str, float]:
    return {name: round(1e6 * error, 3) for name, error in errors.items()}


def _implied_vol_figures() -> None:
    sample = contracts(CONTRACTS // 10, seed=2)
    spot, strike, years, rate, dividend, _, is_call = sample
    price = american_price(*sample).price
    emit(
        "american.implied_vol.rate",
        _rate(price.size, lambda: american_implied_vol(price, spot, strike, years, rate, dividend, is_call)),
        "options/s",
    )


def _dividend_figures() -> None:
    rng = np.random.default_rng(3)
    count = 200
    strikes, days = rng.uniform(80.0, 120.0, count), rng.integers(45, 365, count)
    vols, is_call = rng.uniform(0.15, 0.6, count), rng.integers(0, 2, count)
    years, amounts = [day / 365.0 for day, _ in QUARTERLY], [amount for _, amount in QUARTERLY]
    checked = 12
    truth = [
        reference.finite_differences(
            100.0,
            strike,
            int(day),
            0.04,
            0.0,
            vol,
            is_call=bool(right),
            dividends=[d for d in QUARTERLY if d[0] <= day],
        ).NPV()
        for strike, day, vol, right in zip(strikes[:checked], days, vols, is_call, strict=False)
    ]

    def price(grid: str) -> Columns:
        return price_with_dividends(
            100.0, strikes, days / 365.0, 0.04, 0.0, vols, is_call, years, amounts, grid=grid
        ).price

    for grid in ("coarse", "fine"):
        emit(f"american.dividends.{grid}.rate", _rate(count, partial(price, grid)), "options/s")
        error = float(np.max(np.abs(price(grid)[:checked] - truth))) / 100.0
        emit(f"american.dividends.{grid}.error_ppm", 1e6 * error, "ppm of spot", 1e6 * MAX_DIVIDEND_ERROR)


def run() -> None:
    """Print every figure."""
    _price_figures()
    _implied_vol_figures()
    _dividend_figures()
