"""Heston's model: calibrations and prices beside QuantLib's in the same run, on one core."""

from collections.abc import Callable
from statistics import quantiles
from time import perf_counter

import numpy as np
import QuantLib

from models.quantitative.heston.calibration import calibrate
from models.quantitative.heston.parameters import HestonParams
from models.quantitative.heston.pricing import heston, heston_price
from tests.performance.figures import emit, median
from tests.unit.models.quantitative.heston import reference
from tests.unit.models.quantitative.heston.samples import RATE, SPOT, Quotes, draw_params, quotes

CALIBRATIONS = 15
RECOVERIES = 400
OPTIONS = 5_000
PEER_OPTIONS = 500
REPETITIONS = 5
MIN_RATIO = 4.0
"""Over QuantLib, of the median time."""
MAX_ERROR = 1e-8
"""Of spot."""
RECOVERED = 1e-6
"""Relative, of every parameter."""
ROUND_OFF = 1e-10
"""Root mean squared price error over spot that counts as a perfect fit."""
PEER_ERRORS = {
    "QuantLib, implied volatilities": QuantLib.BlackCalibrationHelper.ImpliedVolError,
    "QuantLib, prices": QuantLib.BlackCalibrationHelper.RelativePriceError,
}


def _seconds(work: Callable[[], object]) -> list[float]:
    """Of each repetition, after one that compiles and warms."""
    work()
    seconds = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return seconds


def _rms_price(params: HestonParams, chain: Quotes) -> float:
    found = heston_price(SPOT, chain.strike, chain.years, RATE, 0.0, params, chain.is_call)
    return float(np.sqrt(np.mean((found - chain.price) ** 2)))


def _calibration_figures() -> None:
    """Both calibrate the same chains, by turns."""
    rng = np.random.default_rng(1)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in PEER_ERRORS}
    our_errors: list[float] = []
    their_errors: list[float] = []
    calibrate(*quotes(draw_params(rng)).arguments)
    for _ in range(CALIBRATIONS):
        chain = quotes(draw_params(rng))
        start = perf_counter()
        result = calibrate(*chain.arguments)
        ours.append(1e3 * (perf_counter() - start))
        our_errors.append(_rms_price(result.params, chain))
        for name, error in PEER_ERRORS.items():
            their_ms, their_params = reference.calibrate(chain, error)
            theirs[name].append(their_ms)
            their_errors.append(_rms_price(their_params, chain))
    peers = {name: round(median(times), 1) for name, times in theirs.items()}
    emit("heston.calibration.ms", median(ours), "ms for 100 quotes", peers=peers)
    low, _, high = quantiles(ours)
    emit("heston.calibration.quartiles_apart_ms", high - low, "ms")
    ratio = min(peers.values()) / median(ours)
    emit("heston.calibration.ratio", ratio, "x the faster of QuantLib's", MIN_RATIO, at_least=True)
    for name, choose in (("error", median), ("worst_error", max)):
        ours_part, theirs_part = choose(our_errors) / SPOT, choose(their_errors) / SPOT
        emit(
            f"heston.calibration.{name}_ppt",
            1e12 * ours_part,
            "parts per trillion of spot, root mean square",
            1e12 * max(theirs_part, ROUND_OFF),
            peers={"QuantLib": round(1e12 * theirs_part, 4)},
        )


def _recovery_figures() -> None:
    rng = np.random.default_rng(2)
    near, fitted, tries = 0, 0, 0
    for _ in range(RECOVERIES):
        params = draw_params(rng)
        result = calibrate(*quotes(params).arguments)
        near += max(abs(found / true - 1.0) for found, true in zip(result.params, params, strict=True)) <= RECOVERED
        fitted += result.rms_price <= ROUND_OFF * SPOT
        tries = max(tries, result.starts)
    emit("heston.recovery.parameters_percent", 100.0 * near / RECOVERIES, "% of sets to 1e-6")
    emit("heston.recovery.prices_percent", 100.0 * fitted / RECOVERIES, "% of sets", 100.0, at_least=True)
    emit("heston.recovery.most_starts", tries, "starts")


def _price_figures() -> None:
    rng = np.random.default_rng(3)
    params = HestonParams(0.04, 2.0, 0.05, 0.5, -0.7)
    strikes = SPOT * np.exp(rng.normal(0.0, 0.15, OPTIONS))
    days = rng.integers(2, 1000, OPTIONS)
    is_call = rng.integers(0, 2, OPTIONS).astype(np.float64)
    arguments = (SPOT, strikes, days / 365.0, RATE, 0.0, params, is_call)
    part = slice(0, PEER_OPTIONS)
    seconds, exact = reference.prices(params, strikes[part], days[part], is_call[part], points=0)
    fast_seconds, fast = reference.prices(params, strikes[part], days[part], is_call[part], points=144)
    rates = {
        "QuantLib 144 points": round(PEER_OPTIONS / fast_seconds),
        "QuantLib adaptive": round(PEER_OPTIONS / seconds),
    }
    times = _seconds(lambda: heston_price(*arguments))
    emit("heston.price.rate", OPTIONS / median(times), "options/s", peers=rates)
    emit("heston.price.spread_percent", 100.0 * (max(times) - min(times)) / median(times), "% of the median time")
    emit("heston.greeks.rate", OPTIONS / median(_seconds(lambda: heston(*arguments))), "options/s")
    error = float(np.max(np.abs(heston_price(*arguments)[part] - exact))) / SPOT
    peer_error = float(np.max(np.abs(fast - exact))) / SPOT
    emit(
        "heston.price.error_ppb",
        1e9 * error,
        "ppb of spot, off QuantLib adaptive",
        1e9 * MAX_ERROR,
        peers={"QuantLib 144 points": round(1e9 * peer_error, 6)},
    )


def run() -> None:
    """Print every figure."""
    _calibration_figures()
    _recovery_figures()
    _price_figures()
