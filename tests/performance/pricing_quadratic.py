"""American options by the quadratic approximation: errors against the exact engine, and options per second."""

from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Final

import numpy as np

from models.quantitative import blocks, compiled
from models.quantitative.american_quadratic.prices import AMERICAN_QUADRATIC, american_quadratic
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE, greeks_by_style
from tests.performance.figures import emit
from tests.unit.models.quantitative.american.samples import Columns, contracts
from tests.unit.models.quantitative.american_quadratic.listed import listed, off

OPTIONS: Final = 200_000
CHECKED: Final = 40_000
REPETITIONS: Final = 5
MAX_VOL_POINTS: Final = 0.2
MAX_DELTA_OFF: Final = 0.005
SHARES: Final = (("median", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))


def _errors(name: str, errors: Columns, unit: str, target: float) -> None:
    for label, share in SHARES:
        emit(f"quadratic.{name}.{label}", float(np.quantile(errors, share)), unit, target)


def _accuracy() -> None:
    sample = listed(CHECKED, seed=5)
    spot, strike, years, rate, dividend, vol, is_call = sample.terms
    _errors("delta_off", off(american_quadratic(*sample.terms).delta, sample.exact.delta), "delta", MAX_DELTA_OFF)
    price = sample.exact.price
    solved = greeks_by_style(price, price, spot, strike, years, rate, dividend, is_call, is_american=True)
    answered = np.isfinite(solved.implied_vol)
    emit("quadratic.unanswered", float(np.count_nonzero(~answered)), "options", 0.0)
    for label, rows in (("", answered), ("up_to_delta_90.", answered & (np.abs(sample.exact.delta) <= 0.9))):
        _errors(f"{label}vol_off", 100.0 * off(solved.implied_vol, vol)[rows], "vol points", MAX_VOL_POINTS)
        _errors(f"{label}quoted_delta_off", off(solved.delta, sample.exact.delta)[rows], "delta", MAX_DELTA_OFF)


def _rate(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(REPETITIONS):
        started = perf_counter()
        work()
        seconds.append(perf_counter() - started)
    return OPTIONS / median(seconds)


def _throughput() -> None:
    spot, strike, years, rate, dividend, vol, is_call = contracts(OPTIONS, seed=6)
    price = american_quadratic(spot, strike, years, rate, dividend, vol, is_call).price
    terms = (spot, strike, years, rate, dividend, is_call)
    work = (
        ("greeks", AMERICAN_QUADRATIC, (*terms, vol)),
        ("quotes", GREEKS_BY_STYLE, (price, price, *terms, 1.0, 0.0)),
    )
    for name, formula, inputs in work:
        emit(f"quadratic.{name}.steps", len(formula.steps), "steps")
        for engine in (blocks, compiled):
            rate_s = _rate(partial(engine.evaluate, formula, *inputs))
            emit(f"quadratic.{name}.{engine.__name__.rsplit('.', 1)[-1]}", rate_s, "options/s")


def run() -> None:
    """Print every figure."""
    _accuracy()
    _throughput()
