"""Polygon.io / Massive: what the chain snapshot says about open interest and volume, as the reports of each morning.

Theory of operation
-------------------
The snapshot repeats a contract's open interest, as of the end of the session before, all day long; it becomes a report
when it is first seen on a day of trading, from an hour and a half before the open on. The volume beside it is that of
the contract's last day of trading and grows while that is today. So volumes are remembered by their day, and the report
says that of the session before. Where the process began too late to see it, the report says none.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct

from contracts import sessions
from contracts.events import OpenInterestReported
from contracts.ids import make_id
from data_ingestion.parsing import records
from data_ingestion.parsing.as_of import AsOf, Terms
from data_ingestion.parsing.polygon import SOURCE

LEAD_US: Final = 90 * 60 * sessions.MICROS
"""Before the open. Earlier on the day the snapshot may still hold the open interest of the day before."""


class DayBar(Struct):
    """A contract's last day of trading; without a time there was none."""

    volume: float = 0
    last_updated: int = 0
    """Nanoseconds since the epoch."""


def reported(
    open_interest: float | None, bar: DayBar, terms: Terms, received_at: int, as_of: AsOf
) -> OpenInterestReported | None:
    """The report that a row of a snapshot is, if it is its contract's first one of a day of trading."""
    symbol, today = terms.contract.symbol, _day(received_at)
    session, before = sessions.session(today), sessions.at_or_before(today - timedelta(days=1)).day
    seen = as_of.volumes.get(symbol, {})
    if bar.last_updated:
        traded_on = _day(records.time_us("day.last_updated", bar.last_updated // 1000, received_at))
        seen = seen | {traded_on: records.whole("day.volume", bar.volume)}
    as_of.volumes[symbol] = {day: volume for day, volume in seen.items() if day >= before}
    begun = session is not None and received_at >= session.opens_at - LEAD_US
    if open_interest is None or not begun or as_of.reported.get(symbol) == today:
        return None
    held, traded = records.whole("open_interest", open_interest), as_of.volumes[symbol].get(before, 0)
    as_of.reported[symbol] = today
    return OpenInterestReported(
        event_id=make_id("OpenInterestReported", SOURCE, symbol, str(today), held, traded),
        event_time=received_at,
        source=SOURCE,
        simulated=False,
        contract=symbol,
        underlying=terms.underlying,
        open_interest=held,
        volume=traded,
    )


def _day(moment: int) -> date:
    """The day in New York of a moment, microseconds since the epoch."""
    return datetime.fromtimestamp(moment / sessions.MICROS, UTC).astimezone(sessions.NEW_YORK).date()
