"""How strongly what happens moves prices: every number of it, in one place.

| what | when | effect on the name's log return (macro: the market's) | foreseeable |
| --- | --- | --- | --- |
| earnings | four a year | jump of `EARNINGS_DAYS` days' variance, tied to the surprise | its time and variance |
| earnings drift | the next 60 sessions | `EARNINGS_DRIFT` × surprise × the jump's deviation | yes, times `edge` |
| quality as filed | always | `QUALITY_DRIFT` a year × score | yes, times `edge` |
| news | at publication | `NEWS_JUMP` usual days' deviations × sentiment | no |
| news drift | the next 30 minutes | `NEWS_DRIFT` usual days' deviations × sentiment | yes, times `edge` |
| pinning | days of monthly expiries | `PINNING` × distance to a round strike, where that is small | yes, times `edge` |
| macro | at release | jump of some usual days' deviations, tied to the surprise | its time and variance |

A positive surprise, score or sentiment is good for the price. All effects have mean zero. A usual day's deviation is
that of the name's own part, volatility over √252; of the market's, `MARKET_VOLATILITY` over √252.
"""

from typing import Final

DAYS_A_YEAR: Final = 252
MARKET_VOLATILITY: Final = 0.16
"""Per year: what a macro jump is measured in."""

EARNINGS_DAYS: Final = 12.0
"""Variance of an earnings jump, in usual days of the name's own variance."""
EARNINGS_CORRELATION: Final = 0.45
"""Of the jump with the standardised surprise."""
EARNINGS_FREEDOM: Final = 5.0
"""Degrees of freedom of the rest of the jump, a Student t of unit variance."""
EARNINGS_DRIFT: Final = 0.15
"""Total of the drift, per unit of surprise, in deviations of the jump; it fades linearly."""
EARNINGS_DRIFT_SESSIONS: Final = 60

QUALITY_DRIFT: Final = 0.02
"""Log return a year per standard deviation of quality as filed."""

NEWS_JUMP: Final = 0.30
"""Usual days' deviations per unit of sentiment, at once."""
NEWS_DRIFT: Final = 0.06
"""Usual days' deviations per unit of sentiment, evenly over the minutes after."""
NEWS_DRIFT_MINUTES: Final = 30
PINNING: Final = 0.35
"""Share of a small distance to a round strike by which the day of a monthly expiry brings a stock nearer, on average.

A stock of 230 dollars moves by 0.15 % that way, on average over all distances: Ni, Pearson and Poteshman (2005)
measured at least 0.165 % in stocks with options.
"""
EXCITATION: Final = 0.25
"""Articles that one article brings about, on average."""
EXCITATION_HOURS: Final = 3.0
"""Mean delay of these."""
