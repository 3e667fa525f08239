"""European prices, Greeks and implied volatilities beside their peers, then every further topic of pricing.

All are timed in one run on the same options and the same cores, so that their ratios mean something on any machine.
"""

import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np

from models.quantitative import blocks, compiled
from models.quantitative.blocks import Floats
from models.quantitative.european import EUROPEAN, EuropeanGreeks, european
from models.quantitative.implied_vol import NORMALISED
from models.quantitative.quotes import IMPLIED_VOL, ImpliedVol, greeks_from_quote, implied_vol
from tests.performance.figures import emit
from tests.performance.peers import environments, harness
from tests.performance.peers.environments import CRATE_NAME, on_cores
from tests.unit.models.quantitative import exact
from tests.unit.models.quantitative.markets import Market, random_market, stress_market

OPTIONS: Final = 1_000_000
CHECKED: Final = 1_000
"""Options whose prices are computed in fifty digits too."""
MIN_OVER_FAST_VOLLIB: Final = 3.0
MIN_OVER_PY_VOLLIB: Final = 25.0
MIN_IMPLIED_VOLS: Final = 5e6
MAX_ERROR: Final = 1e-12
"""Of the underlying's price."""
CORES: Final = (1, 2)
RATE: Final = "options/s"
FURTHER_TOPICS: Final = tuple(sorted(path.stem for path in Path(__file__).parent.glob("pricing_*.py")))
"""Modules with a `run()` of their own."""


def run(_seconds: float) -> None:
    """Print every figure; how long that takes does not depend on the seconds asked for."""
    market = random_market(OPTIONS, seed=1)
    model = EuropeanGreeks(*compiled.evaluate(EUROPEAN, *market))
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder:
        columns = _columns(market, model)
        harness.save(Path(folder), columns)
        for cores in CORES:
            with on_cores(cores):
                ours = harness.rates(_calls(market, columns, cores))
            peers = environments.rates(Path(folder), cores)
            _emit_rates(ours, peers, cores)
    _emit_accuracy()
    for topic in FURTHER_TOPICS:
        import_module(f"tests.performance.{topic}").run()


def _columns(market: Market, model: EuropeanGreeks) -> dict[str, Floats]:
    """The options in every form that a peer takes. Peers that raise or warn get prices with time value only."""
    growth = np.exp((market.rate - market.dividend_yield) * market.years)
    discount = np.exp(-market.rate * market.years)
    forward = market.underlying_price * growth
    undiscounted = model.price / discount
    intrinsic = np.maximum((2.0 * market.is_call - 1.0) * (forward - market.strike), 0.0)
    scale = np.sqrt(forward * market.strike)
    moneyness = np.abs(np.log(forward / market.strike))
    normal = np.clip((undiscounted - intrinsic) / scale, 1e-200, None)
    headroom = np.maximum(np.exp(-0.5 * moneyness) - normal, 1e-16)
    return market._asdict() | {
        "sound_price": np.maximum(model.price, discount * intrinsic * (1.0 + 1e-12) + 1e-12),
        "price": model.price,
        "forward": forward,
        "discount": discount,
        "undiscounted_price": undiscounted,
        "moneyness": moneyness,
        "normal_price": normal,
        "normal_headroom": headroom,
    }


def _calls(market: Market, columns: Mapping[str, Floats], threads: int) -> harness.Calls:
    """What is timed of ours: the public functions as they are called first, and over an earlier result."""
    spot, strike, years, rate, dividend, is_call, vol = market
    terms = (spot, strike, years, rate, dividend)
    price = columns["price"]
    normal = tuple(columns[name] for name in ("moneyness", "normal_price", "normal_headroom"))
    earlier = EuropeanGreeks(*(np.empty(OPTIONS) for _ in EuropeanGreeks._fields))
    solved = ImpliedVol(*(np.empty(OPTIONS) for _ in ImpliedVol._fields))
    calls: dict[str, Callable[[], object]] = {
        "price_and_greeks": lambda: european(*terms, vol, is_call, threads=threads),
        "price_and_greeks.reusing": lambda: european(*terms, vol, is_call, threads=threads, out=earlier),
        "implied_vol": lambda: implied_vol(price, *terms, is_call, threads=threads),
        "implied_vol.reusing": lambda: implied_vol(price, *terms, is_call, threads=threads, out=solved),
        "greeks_from_quote": lambda: greeks_from_quote(price, price, *terms, is_call, threads=threads),
        "implied_vol.normalised": lambda: compiled.evaluate(NORMALISED, *normal, threads=threads),
    }
    if threads == 1:
        calls |= {
            "price_and_greeks.blocks": lambda: blocks.evaluate(EUROPEAN, *market),
            "implied_vol.blocks": lambda: blocks.evaluate(IMPLIED_VOL, price, *market[:6]),
        }
    return {name: (OPTIONS, call) for name, call in calls.items()}


def _emit_rates(ours: Mapping[str, float], peers: Mapping[str, Mapping[str, float]], cores: int) -> None:
    where = f"{cores}_core{'s' if cores > 1 else ''}"
    beside = {
        figure: {
            " ".join([peer, *name.split()[1:]]): round(value)
            for peer, rates in peers.items()
            for name, value in rates.items()
            if name.split()[0] == figure
        }
        for figure in ("price_and_greeks", "implied_vol", "normalised")
    }
    for name, value in ours.items():
        figure = "normalised" if name.endswith("normalised") else name.split(".")[0]
        target = MIN_IMPLIED_VOLS if name.startswith("implied_vol") and cores == 1 and "blocks" not in name else None
        emit(f"pricing.{where}.{name}", value, RATE, target, at_least=True, peers=beside.get(figure))
    wanted = (
        ("price_and_greeks", "fast_vollib", MIN_OVER_FAST_VOLLIB),
        ("price_and_greeks", "py_vollib_vectorized", MIN_OVER_PY_VOLLIB if cores == 1 else None),
        ("implied_vol", "fast_vollib", None),
        ("implied_vol", "py_vollib_vectorized", None),
        ("implied_vol", CRATE_NAME, 1.0 if cores == 1 else None),
        ("normalised", CRATE_NAME, 1.0 if cores == 1 else None),
    )
    for figure, peer, target in wanted:
        best = max((value for name, value in beside[figure].items() if name.startswith(peer)), default=None)
        if best is not None:
            name = "implied_vol.normalised" if figure == "normalised" else figure
            emit(f"pricing.{where}.{name}.over_{peer}", ours[name] / best, "x", target, at_least=True)


def _emit_accuracy() -> None:
    """Prices against fifty digits, and failures deep out of the money, of both engines."""
    market = random_market(CHECKED, seed=4)
    truth = [
        float(exact.greeks(spot, strike, years, rate, dividend, vol, is_call=bool(is_call))["price"])
        for spot, strike, years, rate, dividend, is_call, vol in np.array(market).T.tolist()
    ]
    stressed, prices = stress_market()
    for name, engine in (("blocks", blocks), ("compiled", compiled)):
        price = engine.evaluate(EUROPEAN, *market)[1]
        error = float(np.max(np.abs(price - truth) / market.underlying_price))
        emit(f"pricing.{name}.price_error", error / MAX_ERROR, "1e-12 of the underlying", 1.0)
        reason, vol = engine.evaluate(IMPLIED_VOL, prices, *stressed[:6])
        failures = np.count_nonzero(reason) + np.count_nonzero(np.abs(vol / stressed.vol - 1.0) > 1e-12)
        emit(f"pricing.{name}.stress_failures", float(failures), f"of {prices.size}", 0.0)
