"""fast-vollib, each of its backends."""

from collections.abc import Callable
from functools import partial

import fast_vollib
import numpy as np

from tests.performance.peers import harness

MODEL = "black_scholes_merton"
BACKENDS = ("numpy", "numba", "jax")


def calls(columns: harness.Columns) -> harness.Calls:
    """Price and Greeks are two calls of this library."""
    flags = np.where(columns["is_call"] > 0.0, "c", "p")
    spot, strike, years, rate, dividend, vol, price = (
        columns[name]
        for name in ("underlying_price", "strike", "years", "rate", "dividend_yield", "vol", "sound_price")
    )

    def price_and_greeks(backend: str) -> object:
        terms = (flags, spot, strike, years, rate, vol, dividend)
        return (
            fast_vollib.fast_black_scholes_merton(*terms, return_as="numpy", backend=backend),
            fast_vollib.get_all_greeks(*terms, model=MODEL, return_as="dict", backend=backend),
        )

    def implied_vol(backend: str) -> object:
        return fast_vollib.fast_implied_volatility(
            price, spot, strike, years, rate, flags, dividend, model=MODEL, on_error="ignore", return_as="numpy",
            backend=backend,
        )  # fmt: skip

    works: dict[str, Callable[[str], object]] = {"price_and_greeks": price_and_greeks, "implied_vol": implied_vol}
    return {
        f"{name} {backend}": (spot.size, partial(work, backend)) for name, work in works.items() for backend in BACKENDS
    }


if __name__ == "__main__":
    harness.main(calls)
