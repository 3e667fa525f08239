"""QuantLib's answers, for comparison. Its evaluation date is global; all of these use one."""

from collections.abc import Sequence

import QuantLib

TODAY = QuantLib.Date(15, 1, 2024)


def option(strike: float, days: int, *, is_call: bool, is_american: bool = True) -> QuantLib.VanillaOption:
    """The option without an engine."""
    expiry = TODAY + days
    exercise = QuantLib.AmericanExercise(TODAY, expiry) if is_american else QuantLib.EuropeanExercise(expiry)
    right = QuantLib.Option.Call if is_call else QuantLib.Option.Put
    return QuantLib.VanillaOption(QuantLib.PlainVanillaPayoff(right, strike), exercise)


def process(spot: float, rate: float, dividend_yield: float, vol: float) -> QuantLib.BlackScholesMertonProcess:
    """The underlying."""
    QuantLib.Settings.instance().evaluationDate = TODAY
    count = QuantLib.Actual365Fixed()
    return QuantLib.BlackScholesMertonProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(spot)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(TODAY, dividend_yield, count)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(TODAY, rate, count)),
        QuantLib.BlackVolTermStructureHandle(QuantLib.BlackConstantVol(TODAY, QuantLib.NullCalendar(), vol, count)),
    )


def high_precision(
    spot: float, strike: float, days: int, rate: float, dividend_yield: float, vol: float, *, is_call: bool
) -> float:
    """Price of an American option by QdFp with its high-precision scheme."""
    priced = option(strike, days, is_call=is_call)
    scheme = QuantLib.QdFpAmericanEngine.highPrecisionScheme()
    priced.setPricingEngine(QuantLib.QdFpAmericanEngine(process(spot, rate, dividend_yield, vol), scheme))
    return float(priced.NPV())


def finite_differences(
    spot: float,
    strike: float,
    days: int,
    rate: float,
    dividend_yield: float,
    vol: float,
    *,
    is_call: bool,
    dividends: Sequence[tuple[int, float]] = (),
    is_american: bool = True,
    steps: tuple[int, int] = (1000, 2000),
) -> QuantLib.VanillaOption:
    """The option with a grid of (time, space) steps behind it; dividends are (days, amount) in the spot model."""
    priced = option(strike, days, is_call=is_call, is_american=is_american)
    engine = QuantLib.FdBlackScholesVanillaEngine(
        process(spot, rate, dividend_yield, vol),
        QuantLib.DividendVector([TODAY + day for day, _ in dividends], [amount for _, amount in dividends]),
        *steps,
        2,
        QuantLib.FdmSchemeDesc.Douglas(),
        False,  # noqa: FBT003 - QuantLib's bindings know no keywords here
        -1.0,
        QuantLib.FdBlackScholesVanillaEngine.Spot,
    )
    priced.setPricingEngine(engine)
    return priced
