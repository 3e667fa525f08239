"""Counts what could be bought and sold at the quotes of a chain at a profit without risk.

Theory of operation
-------------------
All rules are checked at executable prices: what is bought costs the ask, what is sold brings the bid, the underlying
trades at its price and money at the rate. Strikes of one expiry and right are compared in all pairs. For a contract
sold at its bid, each other strike K bought at its ask gives a slope (ask − bid) / (ΔK). A butterfly is free money where
the steepest slope to the left is above the least steep one to the right; a vertical spread where a slope is outside of
what the payoffs' slopes allow, which is discounted where nobody can exercise early.

American options are compared with the bounds that early exercise leaves, S·e^(−qT) − K ≤ C − P ≤ S − K·e^(−rT), and
with any later expiry of the same strike; European ones with parity itself, and with later expiries at the same multiple
of the forward. Dividends are proportional, as in the pricing.
"""

from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.options.arrays import Bools, Floats, Ints
from data_ingestion.simulator.options.fair import Terms

TOLERANCE: Final = 1e-9
"""Dollars, and dollars per dollar of strike: below rounding, far below a tick."""
_SAME: Final = 1e-12
"""Share by which equal multiples of the forward may differ by rounding."""
_PAIRS: Final = 4_000_000
"""Pairs of strikes that are compared at once: 32 MB an array."""


class Quoted(NamedTuple):
    """Quotes of contracts on the standard deliverable, arrays (rows,), in any order."""

    expiry: Ints
    """Place in the terms."""
    spot: Floats
    """Price of the underlying at the moment, dollars."""
    strike: Floats
    is_call: Bools
    bid: Floats
    """Dollars; a bid of zero is nobody's and cannot be sold to."""
    ask: Floats


class Violations(NamedTuple):
    """Contracts that could be sold at their bid, or bought at their ask, within a trade that cannot lose."""

    vertical: int
    butterfly: int
    calendar: int
    parity: int
    bounds: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


def violations(given: Terms, quoted: Quoted) -> Violations:
    """Violations in the chains of any number of names at one moment each."""
    order = np.lexsort((quoted.strike, quoted.is_call, quoted.expiry))
    rows = _taken(quoted._replace(bid=np.where(quoted.bid > 0.0, quoted.bid, -np.inf)), order)
    vertical, butterfly = _across_strikes(given, rows)
    return Violations(
        vertical=vertical,
        butterfly=butterfly,
        calendar=_later_american(given, rows) + _later_european(given, rows),
        parity=_parity(given, rows),
        bounds=_bounds(given, rows),
    )


def _taken(rows: Quoted, at: Ints) -> Quoted:
    return Quoted(rows.expiry[at], rows.spot[at], rows.strike[at], rows.is_call[at], rows.bid[at], rows.ask[at])


def _across_strikes(given: Terms, rows: Quoted) -> tuple[int, int]:
    """Verticals and butterflies."""
    group = rows.expiry * 2 + rows.is_call
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.diff(np.append(starts, group.size))
    vertical = butterfly = 0
    for size in np.unique(sizes).tolist():
        chosen = starts[sizes == size]
        for part in np.array_split(chosen, max(1, chosen.size * size * size // _PAIRS)):
            found = _slopes(given, _taken(rows, part[:, None] + np.arange(size)))
            vertical, butterfly = vertical + found[0], butterfly + found[1]
    return vertical, butterfly


def _slopes(given: Terms, chains: Quoted) -> tuple[int, int]:
    """Verticals and butterflies of chains of one size, arrays (chains, strikes)."""
    apart = chains.strike[:, None, :] - chains.strike[:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (chains.ask[:, None, :] - chains.bid[:, :, None]) / apart
    left = np.max(np.where(apart < 0.0, slope, -np.inf), axis=2)
    right = np.min(np.where(apart > 0.0, slope, np.inf), axis=2)
    at = chains.expiry[:, :1]
    discount = np.where(given.is_american[at], 1.0, given.discount[at])
    is_call = chains.is_call[:, :1]
    lowest, highest = np.where(is_call, -discount, 0.0), np.where(is_call, 0.0, discount)
    vertical = (left > highest + TOLERANCE) | (right < lowest - TOLERANCE)
    return int(vertical.sum()), int((left > right + TOLERANCE).sum())


def _later_american(given: Terms, rows: Quoted) -> int:
    """Contracts offered below the bid of the same strike at an earlier expiry."""
    chosen = np.flatnonzero(given.is_american[rows.expiry])
    mills = np.rint(rows.strike * 1000).astype(np.int64)
    key = (given.name[rows.expiry] * 10**10 + mills) * 2 + rows.is_call
    order = chosen[np.lexsort((given.years[rows.expiry[chosen]], key[chosen]))]
    same, bid, ask = key[order], rows.bid[order], rows.ask[order]
    count = 0
    for apart in range(1, int(np.max(np.unique(same, return_counts=True)[1], initial=0))):
        count += int(((same[apart:] == same[:-apart]) & (bid[:-apart] > ask[apart:] + TOLERANCE)).sum())
    return count


def _later_european(given: Terms, rows: Quoted) -> int:
    """Contracts offered below what an earlier expiry bids at the same, or a worse, multiple of the forward."""
    count = 0
    european = np.flatnonzero(~given.is_american)
    multiple = rows.strike / (rows.spot * given.growth[rows.expiry])
    group = rows.expiry * 2 + rows.is_call
    for late in european.tolist():
        for early in european[(european < late) & (given.name[european] == given.name[late])].tolist():
            for right in (0, 1):
                sold = slice(*np.searchsorted(group, [early * 2 + right, early * 2 + right + 1]).tolist())
                bought = slice(*np.searchsorted(group, [late * 2 + right, late * 2 + right + 1]).tolist())
                best = _best_bid(rows.bid[sold], multiple[sold], multiple[bought], right)
                worth = best * given.kept[late] / given.kept[early]
                count += int((worth > rows.ask[bought] + TOLERANCE).sum())
    return count


def _best_bid(bid: Floats, sold: Floats, bought: Floats, right: int) -> Floats:
    """Highest bid among the strikes that pay no more than each bought one: those above for calls, below for puts."""
    if right:
        best = np.append(np.maximum.accumulate(bid[::-1])[::-1], -np.inf)
        return np.asarray(best[np.searchsorted(sold, bought * (1.0 - _SAME), side="left")])
    best = np.append(-np.inf, np.maximum.accumulate(bid))
    return np.asarray(best[np.searchsorted(sold, bought * (1.0 + _SAME), side="right")])


def _parity(given: Terms, rows: Quoted) -> int:
    """Strikes at which call, put, underlying and money together pay."""
    key = np.rint(rows.strike * 1000).astype(np.int64) + rows.expiry * 10**10
    calls, puts = np.flatnonzero(rows.is_call), np.flatnonzero(~rows.is_call)
    _, first, second = np.intersect1d(key[calls], key[puts], return_indices=True)
    call, put = calls[first], puts[second]
    limits = _limits(given, _taken(rows, call))
    dear = rows.bid[call] - rows.ask[put] > limits.spot - limits.owed + TOLERANCE
    cheap = rows.ask[call] - rows.bid[put] < limits.held - limits.strike - TOLERANCE
    return int((dear | cheap).sum())


def _bounds(given: Terms, rows: Quoted) -> int:
    """Contracts bid above all that they can pay, or offered below what exercise pays, or crossed."""
    limits = _limits(given, rows)
    waiting = np.where(rows.is_call, limits.held - limits.owed, limits.owed - limits.held)
    exercised = np.where(rows.is_call, limits.spot - limits.strike, limits.strike - limits.spot)
    floor = np.maximum(np.maximum(waiting, exercised), 0.0)
    roof = np.where(rows.is_call, limits.spot, limits.strike)
    wrong = (rows.ask < floor - TOLERANCE) | (rows.bid > roof + TOLERANCE) | (rows.bid >= rows.ask)
    return int(wrong.sum())


class _Limits(NamedTuple):
    """Of each row: what the underlying and the strike are worth now and at expiry, today; the same if European."""

    spot: Floats
    held: Floats
    strike: Floats
    owed: Floats


def _limits(given: Terms, rows: Quoted) -> _Limits:
    at = rows.expiry
    held, owed = rows.spot * given.kept[at], rows.strike * given.discount[at]
    now = given.is_american[at]
    return _Limits(np.where(now, rows.spot, held), held, np.where(now, rows.strike, owed), owed)
