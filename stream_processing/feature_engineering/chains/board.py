"""A chain at an instant as columns: the last quote of each contract, what it says, and the terms to price it at now."""

from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.sessions import MICROS
from models.quantitative.american.implied_vol import american_implied_vol
from models.quantitative.american_quadratic.quotes import greeks_by_style
from models.quantitative.blocks import Floats
from models.quantitative.reasons import Reason
from models.quantitative.times import years_between
from stream_processing.feature_engineering.chains.memory import Interest, Memory, Quote, Solved

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

OLDEST_S: Final = 900.0
"""Age of a quote beyond which its volatility is no longer taken: the surface knows better."""
SCHEME: Final = "fast"
"""Of the exact engine: prices are off by at most 7.5e-7 of the underlying's (`models.quantitative.american.schemes`),
which at the money is 0.002 volatility points a week before expiry, and less after that."""
_PLACE: Final = attrgetter("expires_at", "strike", "is_call", "contract")
_PRICED: Final = (Reason.OK, Reason.ZERO_VEGA, Reason.ABOVE_BOUND, Reason.BELOW_INTRINSIC)
"""What the live formula says of a quote that has a price worth solving."""


class Board(NamedTuple):
    """The contracts by expiry, strike and right; one row each."""

    quotes: tuple[Quote, ...]
    instant: int
    underlying_price: float
    starts: Ints
    """The first row of each expiry, and the end of the last."""
    strike: Floats
    is_call: Floats
    is_american: Bools
    multiplier: Floats
    bid: Floats
    ask: Floats
    age_s: Floats
    years: Floats
    """From the instant."""
    rate: Floats
    """Of the expiry's newest quote, as is the yield."""
    dividend_yield: Floats
    reason: Floats
    """Of the quote, at the underlying's price that it was stamped with; `STALE` as well where it is too old now."""
    vol: Floats
    """Of the quote where it is usable, NaN elsewhere."""
    live_vol: Floats
    """The same by the formula that runs on every quote."""
    open_interest: Floats
    """NaN where none is reported."""

    def expiries(self) -> list[slice]:
        """Rows of each expiry."""
        return [slice(start, stop) for start, stop in pairwise(self.starts.tolist())]


def board(memory: Memory, instant: int) -> Board:
    """The chain at an instant; solves the quotes that are new and remembers what they say."""
    quotes = sorted(memory.quotes.values(), key=_PLACE)
    fresh = [one for one in quotes if one.contract not in memory.solved]
    if fresh:
        memory.solved |= zip((one.contract for one in fresh), solve(fresh), strict=True)
    columns = tuple(zip(*quotes, strict=True))
    time, expires_at = np.array(columns[0], dtype=np.int64), np.array(columns[4], dtype=np.int64)
    strike, is_call, is_american, multiplier, bid, ask = (np.array(one, dtype=np.float64) for one in columns[5:11])
    starts = np.flatnonzero(np.diff(expires_at, prepend=-1, append=-1))
    newest = [max(quotes[start:stop]) for start, stop in pairwise(starts.tolist())]
    counts = np.diff(starts)
    solved = (memory.solved[contract] for contract in columns[3])
    reason, vol, live_vol = (np.array(one, dtype=np.float64) for one in zip(*solved, strict=True))
    age_s = (instant - time) / MICROS
    old = (age_s > OLDEST_S) & (reason == Reason.OK)
    return Board(
        quotes=tuple(quotes),
        instant=instant,
        underlying_price=memory.stamp.price,
        starts=starts,
        strike=strike,
        is_call=is_call,
        is_american=is_american == 1.0,
        multiplier=multiplier,
        bid=bid,
        ask=ask,
        age_s=age_s,
        years=years_between(instant, expires_at),
        rate=np.repeat([one.rate for one in newest], counts),
        dividend_yield=np.repeat([one.dividend_yield for one in newest], counts),
        reason=np.where(old, float(Reason.STALE), reason),
        vol=np.where(old, np.nan, vol),
        live_vol=np.where(old, np.nan, live_vol),
        open_interest=_interest(memory.interest, quotes),
    )


def solve(quotes: Sequence[Quote]) -> list[Solved]:
    """Implied volatilities at the underlying's price that each quote was stamped with."""
    columns = tuple(zip(*quotes, strict=True))
    time, expires_at, spot_time = (np.array(columns[at], dtype=np.int64) for at in (0, 4, 12))
    strike, is_call, is_american, _, bid, ask, spot = (np.array(one, dtype=np.float64) for one in columns[5:12])
    rate, dividend_yield = (np.array(one, dtype=np.float64) for one in columns[13:15])
    terms = spot, strike, years_between(time, expires_at), rate, dividend_yield, is_call
    live = greeks_by_style(bid, ask, *terms, is_american, underlying_age_s=(time - spot_time) / MICROS)
    reason, vol = live.reason_code.copy(), live.implied_vol.copy()
    rows = np.flatnonzero((is_american == 1.0) & np.isin(reason, _PRICED))
    if rows.size:
        exact = american_implied_vol(live.price[rows], *(column[rows] for column in terms), scheme=SCHEME)
        reason[rows], vol[rows] = exact.reason_code, exact.implied_vol
    answers = zip(reason.astype(int).tolist(), vol.tolist(), live.implied_vol.tolist(), strict=True)
    return [Solved(*answer) for answer in answers]


def _interest(known: dict[str, Interest], quotes: Sequence[Quote]) -> Floats:
    found = (known.get(one.contract) for one in quotes)
    return np.array([np.nan if one is None else one.contracts for one in found], dtype=np.float64)
