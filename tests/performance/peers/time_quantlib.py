"""QuantLib from Python, one option a call: it has no vectorised interface."""

import QuantLib

from tests.performance.peers import harness

OPTIONS = 20_000


def calls(columns: harness.Columns) -> harness.Calls:
    """`BlackCalculator` for price and Greeks, its rational implied volatility where this version has it."""
    names = ("forward", "strike", "years", "discount", "is_call", "vol", "underlying_price", "undiscounted_price")
    rows = list(zip(*(columns[name][:OPTIONS].tolist() for name in names), strict=True))
    payoffs = [QuantLib.PlainVanillaPayoff(1 if row[4] else -1, row[1]) for row in rows]

    def price_and_greeks() -> object:
        results = []
        for (forward, _, years, discount, _, vol, spot, _), payoff in zip(rows, payoffs, strict=True):
            black = QuantLib.BlackCalculator(payoff, forward, vol * years**0.5, discount)
            results.append(
                (black.value(), black.delta(spot), black.gamma(spot), black.vega(years), black.theta(spot, years),
                 black.rho(years))
            )  # fmt: skip
        return results

    def implied_vol() -> object:
        solved = []
        for forward, strike, _, _, is_call, _, _, price in rows:
            try:
                solved.append(QuantLib.blackFormulaImpliedStdDevLiRS(1 if is_call else -1, strike, forward, price))
            except RuntimeError:
                solved.append(float("nan"))
        return solved

    return {"price_and_greeks": (OPTIONS, price_and_greeks), "implied_vol": (OPTIONS, implied_vol)}


if __name__ == "__main__":
    harness.main(calls)
