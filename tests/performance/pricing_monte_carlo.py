"""Monte Carlo: paths per second beside QuantLib's in the same run, and how often known prices lie within three errors.

Both simulate the same product with pseudo-random numbers, without antithetic paths or control variates.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter

import QuantLib

from models.quantitative.monte_carlo.plans import Model
from models.quantitative.monte_carlo.prices import price
from models.quantitative.monte_carlo.products import AsianOption, BarrierOption, EuropeanOption, Product
from models.quantitative.monte_carlo.settings import Settings
from tests.performance.figures import emit, median
from tests.unit.models.quantitative.monte_carlo import reference
from tests.unit.models.quantitative.monte_carlo.cases import CASES, FELLER, MARKET

REPETITIONS = 5
PATHS = {"black_scholes": 400_000, "heston": 40_000}
PEER_PATHS = 20_000
MIN_RATIO = 20.0
SEEDS = 1_000
SEED_PATHS = 8_192
MIN_INSIDE = 992
DAYS = 252
_YEARLY = tuple(day / 365.0 for day in range(1, DAYS + 1))
_MONTHLY_DAYS = tuple(30 * month for month in range(1, 13))
_MONTHLY = tuple(day / 365.0 for day in _MONTHLY_DAYS)


def _rates(count: int, work: Callable[[], object]) -> list[float]:
    """Per second, sorted, after one turn that compiles and warms."""
    work()
    rates = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        work()
        rates.append(count / (perf_counter() - start))
    return sorted(rates)


def _asian(days: tuple[int, ...]) -> QuantLib.Instrument:
    option = QuantLib.DiscreteAveragingAsianOption(
        QuantLib.Average.Arithmetic,
        0.0,
        0,
        [reference.TODAY + day for day in days],
        QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 100.0),
        reference.european_exercise(days[-1]),
    )
    engine = QuantLib.MCPRDiscreteArithmeticAPEngine(
        reference.process(MARKET), requiredSamples=PEER_PATHS, seed=1, controlVariate=False, antitheticVariate=False
    )
    option.setPricingEngine(engine)
    return option


def _barrier() -> QuantLib.Instrument:
    option = reference.barrier_option("down-out", 85.0, 100.0, DAYS, is_call=True)
    engine = QuantLib.MCPRBarrierEngine(
        reference.process(MARKET), timeSteps=DAYS, requiredSamples=PEER_PATHS, isBiased=True, seed=1
    )
    option.setPricingEngine(engine)
    return option


def _heston() -> QuantLib.Instrument:
    process = QuantLib.HestonProcess(
        reference.flat(FELLER.rate),
        reference.flat(FELLER.dividend_yield),
        reference.quote(FELLER.underlying_price),
        FELLER.variance,
        FELLER.mean_reversion,
        FELLER.long_variance,
        FELLER.vol_of_variance,
        FELLER.correlation,
    )
    option = QuantLib.VanillaOption(
        QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 100.0), reference.european_exercise(365)
    )
    option.setPricingEngine(
        QuantLib.MCPREuropeanHestonEngine(process, timeSteps=DAYS, requiredSamples=PEER_PATHS, seed=1)
    )
    return option


_RACES: tuple[tuple[str, Product, Model, Callable[[], QuantLib.Instrument], str], ...] = (
    ("asian_12", AsianOption(100.0, _MONTHLY, is_call=True), MARKET, lambda: _asian(_MONTHLY_DAYS), "black_scholes"),
    (
        "asian_252",
        AsianOption(100.0, _YEARLY, is_call=True),
        MARKET,
        lambda: _asian(tuple(range(1, DAYS + 1))),
        "black_scholes",
    ),
    (
        "barrier_252",
        BarrierOption(100.0, 85.0, _YEARLY[-1], is_call=True, kind="down-out", observation_years=_YEARLY),
        MARKET,
        _barrier,
        "black_scholes",
    ),
    ("heston_252", EuropeanOption(100.0, 1.0, is_call=True), FELLER, _heston, "heston"),
)


def _speed_figures() -> None:
    for name, product, model, make_peer, kind in _RACES:
        peer = make_peer()

        def ask_peer(option: QuantLib.Instrument = peer) -> None:
            option.recalculate()

        peer_rates = _rates(PEER_PATHS, ask_peer)
        peer_rate = median(peer_rates)
        peers = {"QuantLib": peer_rate, "QuantLib slowest": peer_rates[0], "QuantLib fastest": peer_rates[-1]}
        one = 0.0
        for threads in (1, 2):
            settings = Settings(
                PATHS[kind], seed=1, method="pseudo", control_variate=False, steps_per_year=DAYS, threads=threads
            )
            rates = _rates(PATHS[kind], partial(price, product, model, settings))
            spread = {"slowest": rates[0], "fastest": rates[-1]}
            emit(f"monte_carlo.{name}.rate_threads_{threads}", median(rates), "paths/s", peers=peers | spread)
            one = one or median(rates)
        emit(f"monte_carlo.{name}.ratio", one / peer_rate, "x QuantLib, one thread", MIN_RATIO, at_least=True)
        ours = price(product, model, Settings(PATHS[kind], seed=1, steps_per_year=DAYS))
        error = (ours.standard_error**2 + peer.errorEstimate() ** 2) ** 0.5
        emit(f"monte_carlo.{name}.off_quantlib", abs(ours.price - peer.NPV()) / error, "standard errors", 4.0)


def _coverage_figures() -> None:
    """Of each case, in how many of the seeds the known price lies within three standard errors."""
    for name, method, has_control in (("plain", "pseudo", False), ("default", "antithetic", True)):
        inside = {}
        for case in CASES:
            hits = 0
            for seed in range(SEEDS):
                settings = Settings(SEED_PATHS, seed, method, has_control, threads=2)  # type: ignore[arg-type]
                result = price(case.product, case.model, settings)
                hits += abs(result.price - case.truth) <= 3.0 * result.standard_error
            inside[case.name] = float(hits)
        worst = min(inside.values())
        emit(
            f"monte_carlo.inside_three_errors.{name}", worst, "of 1,000 seeds", MIN_INSIDE, at_least=True, peers=inside
        )


def run() -> None:
    """Print every figure."""
    _speed_figures()
    _coverage_figures()
