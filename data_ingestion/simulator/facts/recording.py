"""What a market must show to be measured. Recorded and simulated markets come in the same form."""

from typing import NamedTuple

from data_ingestion.simulator.facts.intervals import Floats
from data_ingestion.simulator.facts.smiles import Chain


class Days(NamedTuple):
    """Daily data."""

    stocks: Floats
    """Log returns (sessions, names)."""
    market: Floats
    """Log returns of the index in the same sessions, (sessions,)."""
    night: Floats
    """Log returns from close to open of an index, (sessions,); of other sessions than the above if need be."""
    day: Floats
    """From open to close of the same."""


class Premium(NamedTuple):
    """What options expect of variance beside what comes, at the closes of some sessions, (sessions,)."""

    implied: Floats
    """Variance a year over the coming month: the square of a volatility index."""
    returns: Floats
    """Log returns of the index in these sessions."""


class Intraday(NamedTuple):
    """Minutes of whole or partial sessions, (sessions, minutes)."""

    returns: Floats
    volume: Floats


class Books(NamedTuple):
    """Updates of one book in order of time, (rows,) and (rows, levels)."""

    times_s: Floats
    bid: Floats
    ask: Floats
    bid_sizes: Floats
    ask_sizes: Floats
    tick: float


class VolatilityPath(NamedTuple):
    """Minute by minute, (minutes,)."""

    log_spot: Floats
    log_volatility: Floats
    """At the money, one expiry of about a month."""


class Recording(NamedTuple):
    """One side of the comparison; a part that a market has no data for is None."""

    days: Days | None = None
    premium: Premium | None = None
    intraday: Intraday | None = None
    books: Books | None = None
    path: VolatilityPath | None = None
    chains: tuple[tuple[str, Chain], ...] = ()
    """By the chain's name; means over the chains are compared."""
