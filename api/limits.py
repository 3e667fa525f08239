"""Limits that gRPC and REST share."""

from typing import Final

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
"""Signals in one answer: about 1 MB, and the most that the reader answers with."""
MAX_SYMBOLS: Final = 100
MAX_SYMBOL_LENGTH: Final = 32
MAX_TIME_US: Final = 253_402_300_799_999_999
"""End of the year 9999, the last that events admit."""
