"""A made-up chain of a name: quotes around the exact prices of a known smile, and what else its machine reads."""

from collections.abc import Iterator

import numpy as np

from contracts.events import Event, OpenInterestReported, OptionQuoteReceived, OptionTraded, TimePassed
from contracts.ids import make_id
from contracts.sessions import MICROS
from models.quantitative.american.exact import american_price
from models.quantitative.european import european
from models.quantitative.times import years_between
from stream_processing.feature_engineering.machine import Stream

SYMBOL, SOURCE = "ABC", "test"
STREAM = Stream(SOURCE, SYMBOL, simulated=True)
START = 1_767_364_200 * MICROS
"""2 January 2026, 9:30 in New York, a multiple of every interval in the tests."""
DAY_US = 86_400 * MICROS
EXPIRIES = tuple(START + days * DAY_US for days in (15, 45, 120))
STRIKES = tuple(float(strike) for strike in range(80, 121, 4))
RATE, YIELD, SPOT = 0.04, 0.01, 100.0


def smile(strike: float, years: float) -> float:
    """Volatility per year: a skew that flattens with time."""
    return 0.25 - 0.1 * float(np.log(strike / SPOT)) / (0.3 + years)


def symbol(expires_at: int, strike: float, right: str, root: str = SYMBOL) -> str:
    """An OCC symbol."""
    return f"{root}{np.datetime64(expires_at, 'us').astype(object):%y%m%d}{right}{round(strike * 1000):08d}"


def quote(
    time: int,
    expires_at: int,
    strike: float,
    right: str,
    sequence: int = 0,
    *,
    spot: float = SPOT,
    style: str = "american",
    spread: float = 0.04,
    root: str = SYMBOL,
    bid: float | None = None,
) -> OptionQuoteReceived:
    """One quote at the smile's volatility; `bid` stands in for its own."""
    years = float(years_between(time, expires_at))
    terms = (spot, strike, years, RATE, YIELD, smile(strike, years), right == "C")
    fair = american_price(*terms).price if style == "american" else european(*terms).price
    contract = symbol(expires_at, strike, right, root)
    return OptionQuoteReceived(
        event_id=make_id("quote", contract, time, sequence),
        event_time=time,
        source=SOURCE,
        simulated=True,
        contract=contract,
        underlying=SYMBOL,
        expires_at=expires_at,
        strike=strike,
        right="C" if right == "C" else "P",
        style="american" if style == "american" else "european",
        multiplier=100,
        bid=max(float(fair) - 0.5 * spread, 0.0) if bid is None else bid,
        ask=float(fair) + 0.5 * spread,
        bid_size=10,
        ask_size=10,
        underlying_price=spot,
        underlying_time=time - 1_000,
        rate=RATE,
        dividend_yield=YIELD,
        sequence=sequence,
    )


def chain(time: int, *, spot: float = SPOT, style: str = "american") -> list[OptionQuoteReceived]:
    """Every contract once, within a second."""
    contracts = [(expires_at, strike, right) for expires_at in EXPIRIES for strike in STRIKES for right in "CP"]
    return [quote(time + at * 1_000, *contract, at, spot=spot, style=style) for at, contract in enumerate(contracts)]


def interest(time: int, contract: str, count: int) -> OpenInterestReported:
    """A morning's report."""
    return OpenInterestReported(
        event_id=make_id("interest", contract, time),
        event_time=time,
        source=SOURCE,
        simulated=True,
        contract=contract,
        underlying=SYMBOL,
        open_interest=count,
        volume=1,
    )


def trade(time: int, expires_at: int, strike: float, right: str, size: int) -> OptionTraded:
    """A trade."""
    contract = symbol(expires_at, strike, right)
    return OptionTraded(
        event_id=make_id("trade", contract, time, size),
        event_time=time,
        source=SOURCE,
        simulated=True,
        contract=contract,
        underlying=SYMBOL,
        expires_at=expires_at,
        strike=strike,
        right="C" if right == "C" else "P",
        multiplier=100,
        price=1.0,
        size=size,
        bid=0.9,
        ask=1.1,
        sequence=0,
    )


def passed(time: int) -> TimePassed:
    """Time that has passed."""
    return TimePassed(event_id=make_id("passed", time), event_time=time, source=SOURCE, simulated=True, symbol=SYMBOL)


def tape(seed: int, seconds: int) -> Iterator[Event]:
    """A chain, reports, and some quotes and trades a second, without the time that passes; in order of time."""
    random = np.random.default_rng(seed)
    first = chain(START + 1)
    yield from (interest(START + 1, one.contract, int(random.integers(0, 500))) for one in first)
    yield from first
    spot = SPOT
    for second in range(1, seconds):
        spot *= float(np.exp(random.normal(0.0, 1e-3)))
        for at in range(6):
            chosen = first[int(random.integers(len(first)))]
            time = START + second * MICROS + int(random.integers(0, MICROS))
            contract = chosen.expires_at, chosen.strike, chosen.right
            if at == 0:
                yield trade(time, *contract, int(random.integers(1, 50)))
            yield quote(time, *contract, 1000 + second * 10 + at, spot=spot)
