"""Daily closes of all names of a source, and the trends of names and sectors over them.

A day is one that at least one name has a bar of. Closes are kept as traded and put into the terms of the last day by
what is known of splits and dividends at the moment asked for: a close before a split is divided by its ratio, one
before an ex-date falls by the dividend's share of the last close before it, as if it had been paid out of the price.
"""

from collections.abc import Mapping, Sequence
from math import isfinite, prod

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from stream_processing.feature_engineering.fundamentals import FundamentalsState
from stream_processing.feature_engineering.fundamentals_facts import Split
from stream_processing.feature_engineering.point_in_time import known_by
from stream_processing.feature_engineering.sector_trends import ROWS_NEEDED, sector_trends

Floats = NDArray[np.float64]


class Panel(Struct, frozen=True, forbid_unknown_fields=True):
    """The last days that the longest window needs."""

    ends: tuple[int, ...] = ()
    """Of days, µs, in order."""
    symbols: tuple[str, ...] = ()
    """In order; names without a close on any of the days are let go."""
    closes: bytes = b""
    """Dollars as traded, shape (days, names); NaN where a name has no bar."""

    def matrix(self) -> Floats:
        """The closes."""
        return np.frombuffer(self.closes).reshape(len(self.ends), len(self.symbols))


def with_closes(panel: Panel, closes: Mapping[tuple[int, str], float]) -> Panel:
    """The panel with more closes, by end of day and name."""
    ends = sorted({*panel.ends, *(end for end, _ in closes)})[-ROWS_NEEDED:]
    symbols = sorted({*panel.symbols, *(symbol for _, symbol in closes)})
    rows, columns = ({key: place for place, key in enumerate(keys)} for keys in (ends, symbols))
    matrix = np.full((len(ends), len(symbols)), np.nan)
    kept = [end in rows for end in panel.ends]
    places = np.ix_([rows[end] for end in panel.ends if end in rows], [columns[name] for name in panel.symbols])
    matrix[places] = panel.matrix()[kept]
    for (end, symbol), close in closes.items():
        if end in rows:
            matrix[rows[end], columns[symbol]] = close
    there = np.isfinite(matrix).any(axis=0)
    found = tuple(symbol for symbol, is_there in zip(symbols, there, strict=True) if is_there)
    return Panel(tuple(ends), found, matrix[:, there].tobytes())


def trends(
    panel: Panel, companies: Mapping[str, FundamentalsState], sectors: Mapping[str, str], at: int
) -> dict[str, dict[str, float]]:
    """The finite values of `SECTOR_TRENDS` on the last day, by name. A name without a sector is alone in its own."""
    ends = np.array(panel.ends, dtype=np.int64)
    closes = np.column_stack(
        [
            adjusted(column, ends, companies[symbol], at)
            for symbol, column in zip(panel.symbols, panel.matrix().T, strict=True)
        ]
    )
    found = sector_trends(closes, [sectors.get(symbol, f"only {symbol}") for symbol in panel.symbols])
    return {
        symbol: {name: value for name, values in found.items() if isfinite(value := float(values[-1, place]))}
        for place, symbol in enumerate(panel.symbols)
    }


def adjusted(closes: Floats, ends: NDArray[np.int64], company: FundamentalsState, at: int) -> Floats:
    """Closes of one name, (days,), in the terms of the last day, by what is known at an instant, µs."""
    found, last = closes.copy(), ends[-1]
    splits = known_by(company.splits, at)
    for split in splits:
        if split.effective_at < last:
            found[ends <= split.effective_at] /= split.ratio
    for dividend in known_by(company.dividends, at):
        before = np.flatnonzero((ends <= dividend.ex_at) & np.isfinite(closes))
        if dividend.ex_at >= last or not len(before):
            continue
        amount = dividend.amount / new_shares(splits, dividend.known_at + 1, dividend.ex_at)
        price = closes[before[-1]] / new_shares(splits, int(ends[before[-1]]), dividend.ex_at)
        if amount < price:
            found[ends <= dividend.ex_at] *= 1.0 - amount / price
    return found


def new_shares(splits: Sequence[Split], since: int, until: int) -> float:
    """Shares that a share is by splits which take effect in [since, until], µs."""
    return prod(split.ratio for split in splits if since <= split.effective_at <= until)
