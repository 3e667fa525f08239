"""Statements, splits and dividends of one company as facts, and the features made of them.

A restatement counts from its own publication on: until then the quarter is what the first filing said. Growth compares
quarters as they are known at the moment asked for, the restated ones restated.
"""

import math
from typing import Final

from msgspec import Struct

from contracts.events import DividendDeclared, FundamentalsFiled, SplitAnnounced
from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.fundamentals_facts import Dividend, Filing, Split
from stream_processing.feature_engineering.fundamentals_ratios import ROWS, View
from stream_processing.feature_engineering.point_in_time import (
    MISSING,
    catalogue,
    evaluated,
    inserted,
    known_by,
    quarters,
)

FILINGS_KEPT: Final = 32
"""Eight years of quarters with their restatements; the longest window is two years and one quarter, so a state may run
ahead by five years.
"""
DIVIDENDS_KEPT, SPLITS_KEPT = 64, 16
FUNDAMENTALS: Final[tuple[Feature, ...]] = catalogue(ROWS)
NAMES: Final = tuple(feature.name for feature in FUNDAMENTALS)


class FundamentalsState(Struct, frozen=True, forbid_unknown_fields=True):
    """What one company has filed and declared, each in order."""

    filings: tuple[Filing, ...] = ()
    splits: tuple[Split, ...] = ()
    dividends: tuple[Dividend, ...] = ()


START: Final = FundamentalsState()


def update(state: FundamentalsState, event: FundamentalsFiled | SplitAnnounced | DividendDeclared) -> FundamentalsState:
    """The state with one more event of its company.

    Splits belong here only where prices show them: a market whose prices never split has counts that never do.
    """
    if isinstance(event, FundamentalsFiled):
        return FundamentalsState(inserted(state.filings, _filing(event), FILINGS_KEPT), state.splits, state.dividends)
    if isinstance(event, SplitAnnounced):
        split = Split(event.effective_at, event.event_time, event.event_id, event.new_shares / event.old_shares)
        return FundamentalsState(state.filings, inserted(state.splits, split, SPLITS_KEPT), state.dividends)
    dividend = Dividend(event.ex_at, event.event_time, event.event_id, event.amount, event.special)
    return FundamentalsState(state.filings, state.splits, inserted(state.dividends, dividend, DIVIDENDS_KEPT))


def features(state: FundamentalsState, at: int, price: float | None) -> dict[str, float]:
    """The values of `FUNDAMENTALS` at an instant, µs. `price`: dollars a share as traded, None for none."""
    filed = known_by(state.filings, at)
    return evaluated(
        ROWS,
        View(
            at,
            price if price is not None and 0.0 < price < math.inf else MISSING,
            tuple(quarters(filed)),
            tuple(filed),
            tuple(split for split in known_by(state.splits, at) if split.effective_at <= at),
            tuple(known_by(state.dividends, at)),
        ),
    )


def _filing(event: FundamentalsFiled) -> Filing:
    return Filing(
        event.period_ended_at,
        event.revision,
        event.event_time,
        event.event_id,
        event.revenue,
        event.net_income,
        event.operating_cash_flow,
        event.assets,
        event.liabilities,
        event.equity,
        event.shares_outstanding,
    )
