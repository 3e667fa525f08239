"""The reports of a morning: what is open in every contract, and what the session before traded in it.

They come over less than a minute: an hour and a half before the open, or right at it where the market never closes, for
nobody can report a session that is still going on. A contract that is new, or that an adjustment has just renamed, has
not traded yet.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from contracts.events import OpenInterestReported
from contracts.ids import make_id
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US, Session
from data_ingestion.simulator.options.arrays import Ints
from data_ingestion.simulator.options.interest import Activity, keys
from data_ingestion.simulator.options.listing import Chain
from data_ingestion.simulator.options.stream import Day

LEAD_US: Final = 90 * MINUTE_US
"""Before the open, unless the session before is not over yet."""
SPREAD_US: Final = 50 * MICROS
"""Over which the reports come. It ends within the first minute even of a session that begins as the last one ends."""


def reported_at(before: Session, session: Session) -> int:
    """When the first report of a session's morning comes, µs; `before` is the session before it."""
    return max(before.closes_at, session.opens_at - LEAD_US)


def volume_before(listed: Chain, before: Chain, volume: Ints) -> Ints:
    """Of each listed contract, what it traded in the session before, of whose contracts `before` and `volume` tell."""
    known = keys(before)
    order = np.argsort(known)
    own = keys(listed)
    place = order[np.minimum(np.searchsorted(known[order], own), known.size - 1)]
    return np.asarray(np.where(known[place] == own, volume[place], 0))


def reports(day: Day, begins_at: int, held: Activity, volume: Ints, source: str) -> Iterator[OpenInterestReported]:
    """One for each contract that is listed, in order of time from `begins_at` (µs) on.

    `held` is the activity of the day's contracts, `volume` what they traded in the session before.
    """
    times = begins_at + np.arange(len(day.contracts)) * SPREAD_US // len(day.contracts)
    rows = zip(day.contracts, times.tolist(), held.open_interest.tolist(), volume.tolist(), strict=True)
    for contract, time, open_interest, traded in rows:
        yield OpenInterestReported(
            event_id=make_id("OpenInterestReported", source, contract.symbol, str(day.session.day)),
            event_time=time,
            source=source,
            simulated=True,
            contract=contract.symbol,
            underlying=contract.underlying,
            open_interest=open_interest,
            volume=traded,
        )
