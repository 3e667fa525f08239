"""Bids, asks and sizes around fair prices.

Theory of operation
-------------------
The fair prices of a chain admit no arbitrage. A bid is never above its fair price and an ask never below, by at least
`MARGIN`, so no set of quotes can be traded at a profit either: whatever is bought costs at least, and whatever is sold
brings at most, what the fair prices say. Within that, spreads are free to be as they are in recorded chains: a constant
and a part that grows with the root of the price, more in the money, where the underlying's own spread shows, more for
long expiries, after the open and in stress.
"""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.classes import OptionClass, column

CENTS: Final = 100.0
DEAR: Final = 3.0
"""From three dollars on the larger tick applies."""
MARGIN, MARGIN_SHARE = 0.002, 1e-6
"""Least distance of a quote from the fair price: dollars, and what is added as a share of the strike."""
LONG_YEARS: Final = 0.5
LONG_GROWTH, LONG_MOST = 3.0, 5.0
"""Growth of spreads with each year beyond the half, and the largest factor; not of what being in the money adds."""
OPENING, OPENING_SHARE = 0.6, 0.02
"""How much wider quotes are at the open, and the share of the session over which that fades by a factor e."""
QUIET_POWER: Final = -0.1
"""Of activity: quotes are a little wider when little happens."""
STRESS: Final = 0.8
"""How much wider quotes are at a stress of one."""
SIZE_PRICE: Final = 5.0
"""Dollars from which on sizes fall with the price."""
SIZE_POWER: Final = -1.2
DEEP, LEAST_SIZE = 0.01, 0.05
"""Share of the strike in the money over which sizes fall by a factor e, and the share of the usual that stays."""
STRESS_SIZE: Final = -0.5
"""Change of the log of sizes at a stress of one."""
SIZE_NOISE: Final = 0.9
WIDTH_NOISE: Final = 0.2
"""Standard deviation of the log of a spread."""
LEAN: Final = 0.35
"""Largest distance of the middle from the fair price, in half spreads."""


class Quotes(NamedTuple):
    """One quote for each row. A bid of zero is nobody's and has no size."""

    bid_cents: Ints
    ask_cents: Ints
    bid_size: Ints
    """Contracts."""
    ask_size: Ints


class Habits(NamedTuple):
    """How the options of each row are quoted, columns of the table of classes."""

    ticks: Floats
    """(rows, 2), cents."""
    width: Floats
    """(rows, 2), dollars."""
    deep_width: Floats
    size: Floats


class Option(NamedTuple):
    """What a quote depends on, arrays (rows,)."""

    price: Floats
    """Fair, dollars per share."""
    intrinsic: Floats
    """What exercise would pay, dollars per share, not below zero."""
    strike: Floats
    years: Floats


class Moment(NamedTuple):
    """When it is quoted, arrays (rows,) or numbers."""

    share: Floats
    """Of the session that has passed."""
    activity: Floats
    """Relative to the session's mean."""
    stress: Floats


def habits(classes: tuple[OptionClass, ...], name: Ints) -> Habits:
    """Habits of rows whose options are of the classes at these places."""
    return Habits(*(column(classes, field)[name] for field in Habits._fields))


def spread(habit: Habits, option: Option, moment: Moment) -> Floats:
    """Usual distance of bid and ask in dollars, before the tick."""
    constant, root = habit.width.T
    long = np.minimum(1 + LONG_GROWTH * np.maximum(option.years - LONG_YEARS, 0.0), LONG_MOST)
    opening = 1 + OPENING * np.exp(-moment.share / OPENING_SHARE)
    usual = (constant + root * np.sqrt(option.price)) * long + habit.deep_width * option.intrinsic
    return np.asarray(usual * opening * moment.activity**QUIET_POWER * (1 + STRESS * moment.stress))


def tick(habit: Habits, price: Floats) -> Floats:
    """Step of quotes and trades in cents, at a fair price in dollars a share."""
    return np.asarray(np.where(price < DEAR, habit.ticks[:, 0], habit.ticks[:, 1]))


def quote(habit: Habits, option: Option, moment: Moment, noise: Floats) -> Quotes:
    """Quotes on the tick; `noise` is (4, rows) standard normal: the spread's, the middle's and both sizes'."""
    wide, lean, *sizes = noise
    step = tick(habit, option.price) / CENTS
    least = MARGIN + MARGIN_SHARE * option.strike
    half = np.maximum((spread(habit, option, moment) * np.exp(WIDTH_NOISE * wide) - step) / 2, 0.0)
    lean = LEAN * np.tanh(lean)
    below, above = np.maximum(half * (1 + lean), least), np.maximum(half * (1 - lean), least)
    bid = np.maximum(np.floor((option.price - below) / step), 0.0) * step
    ask = np.maximum(np.ceil((option.price + above) / step) * step, bid + step)
    usual = _usual_size(habit, option, moment)
    bid_size, ask_size = (np.maximum(np.rint(usual * np.exp(SIZE_NOISE * one)), 1.0) for one in sizes)
    return Quotes(
        np.rint(bid * CENTS).astype(np.int64),
        np.rint(ask * CENTS).astype(np.int64),
        np.where(bid > 0.0, bid_size, 0.0).astype(np.int64),
        ask_size.astype(np.int64),
    )


def _usual_size(habit: Habits, option: Option, moment: Moment) -> Floats:
    """Median contracts at the best price."""
    dear = np.maximum(option.price / SIZE_PRICE, 1.0) ** SIZE_POWER
    deep = np.exp(-option.intrinsic / (DEEP * option.strike))
    busy = np.sqrt(np.clip(moment.activity, 0.25, 2.0))
    share = np.maximum(np.minimum(dear, deep), LEAST_SIZE)
    return np.asarray(habit.size * share * busy * np.exp(STRESS_SIZE * moment.stress))
