"""py_vollib_vectorized. Its Greeks are two calls, as are fast-vollib's."""

import numpy as np
import py_vollib_vectorized

from tests.performance.peers import harness

MODEL = "black_scholes_merton"


def calls(columns: harness.Columns) -> harness.Calls:
    """All of it on one core; it knows no threads."""
    flags = np.where(columns["is_call"] > 0.0, "c", "p")
    spot, strike, years, rate, dividend, vol, price = (
        columns[name]
        for name in ("underlying_price", "strike", "years", "rate", "dividend_yield", "vol", "sound_price")
    )
    terms = (flags, spot, strike, years, rate, vol, dividend)

    def price_and_greeks() -> object:
        return (
            py_vollib_vectorized.models.vectorized_black_scholes_merton(*terms, return_as="numpy"),
            py_vollib_vectorized.get_all_greeks(*terms, model=MODEL, return_as="dict"),
        )

    def implied_vol() -> object:
        return py_vollib_vectorized.vectorized_implied_volatility(
            price, spot, strike, years, rate, flags, dividend, model=MODEL, on_error="ignore", return_as="numpy"
        )

    return {"price_and_greeks": (spot.size, price_and_greeks), "implied_vol": (spot.size, implied_vol)}


if __name__ == "__main__":
    harness.main(calls)
