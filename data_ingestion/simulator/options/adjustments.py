"""What splits and special dividends do to the contracts that are listed when they happen, as the OCC adjusts them.

| event | strikes | root | deliverable |
| --- | --- | --- | --- |
| split n for 1, n whole | divided by n, for n times as many contracts | unchanged | 100 shares |
| any other split, of ratio x | unchanged | gets a digit | 100·x shares |
| special cash dividend | less the dividend on the deliverable | unchanged | 100 shares |

New strikes are listed beside them from the same day on. The digit counts a name's adjustments, so that no two different
deliverables share a root. No deliverable has a part in cash: special dividends are in the strikes, and the ratios that
are drawn leave whole shares, a hundred and fifty after three for two; strikes are rounded to tenths of a cent.
"""

from datetime import date
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Floats

_MILLS: Final = 1000
_DIGITS: Final = 9


class Adjustment(NamedTuple):
    """One event. From `day` on the name's prices are in its terms."""

    day: date
    ratio: float = 1.0
    """New shares for each old one."""
    special_dividend: float = 0.0
    """Dollars a share."""

    @property
    def is_whole_split(self) -> bool:
        """Whether the contracts stay standard, with more of them."""
        return self.ratio >= 1.0 and self.ratio == round(self.ratio)


class Standing(NamedTuple):
    """Strikes that share a root and a deliverable."""

    root: str
    strikes: Floats
    """Dollars, ascending."""
    shares: float
    """Shares delivered for each of the multiplier's hundred."""


def adjusted(standing: Standing, event: Adjustment, place: int) -> Standing:
    """What becomes of listed strikes; `place` counts the name's adjustments from zero."""
    root, shares = standing.root, standing.shares
    strikes = standing.strikes - event.special_dividend * shares
    if event.is_whole_split and root[-1:].isdigit():
        shares *= event.ratio
    elif event.is_whole_split:
        strikes = strikes / event.ratio
    else:
        shares *= event.ratio
        root = root if root[-1:].isdigit() else f"{root}{place % _DIGITS + 1}"
    kept = np.unique(np.rint(strikes[strikes > 0.0] * _MILLS)) / _MILLS
    return Standing(root, kept[kept > 0.0], shares)
