"""Moments and rates that the simulator's tests share."""

from datetime import UTC, datetime
from typing import Final

from data_ingestion.simulator.tape import Rates

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
RATES: Final = Rates(option_quotes_per_s=200.0, books_per_s=4.0)


def moment(year: int, month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0) -> int:
    """Microseconds since the epoch of a time in UTC."""
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * SECOND


START: Final = moment(2026, 1, 5, 14, 37, 21) + 123_456
