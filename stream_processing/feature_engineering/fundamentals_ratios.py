"""Ratios of what a company has filed: every feature a row with its formula.

Theory of operation
-------------------
`View` is what is known at one instant: the quarters newest first, without a gap. A quarter that is not there is NaN and
makes NaN whatever needs it, so no formula asks how many quarters there are. "A year" is the sum of four quarters.
Ratios to a base of zero or less are missing: a return on negative equity, or a growth from a loss, has the wrong sign.

Shares are counted in the terms of the day of the filing, for statements issued after a split are stated in its terms
even if their quarter ended before it (SEC Staff Accounting Bulletin, Topic 4.C). So a count is multiplied by the splits
that took effect between its filing and the instant asked for, and a dividend divided by those since its declaration.

The quality score follows J. Piotroski, "Value Investing" (Journal of Accounting Research 38, 2000): eight of its nine
points. That on the current ratio needs current assets, which the filings here do not tell; that on the gross margin
is taken of the net margin, and that on long-term debt of all liabilities.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.fundamentals_facts import Dividend, Filing, Split
from stream_processing.feature_engineering.point_in_time import (
    DAY_US,
    MISSING,
    Row,
    days_between,
    logarithm,
    ratio,
)

A_YEAR: Final = 4
"""Quarters."""
A_YEAR_US: Final = 365 * DAY_US
COUNTED: Final = 12
"""Quarters over which restatements are counted."""


class View(NamedTuple):
    """What is known of a company at an instant."""

    at: int
    price: float
    """Dollars a share as traded, NaN if there is none."""
    quarters: tuple[Filing, ...]
    """As last stated, newest first, without a gap."""
    filings: tuple[Filing, ...]
    """All that are kept, in order."""
    splits: tuple[Split, ...]
    """Those in effect."""
    dividends: tuple[Dividend, ...]

    def quarter(self, item: str, back: int = 0) -> float:
        """An item of the quarter so many before the last."""
        return float(getattr(self.quarters[back], item)) if back < len(self.quarters) else MISSING

    def year(self, item: str, back: int = 0) -> float:
        """An item over the four quarters that end so many before the last."""
        if back + A_YEAR > len(self.quarters):
            return MISSING
        return float(sum(getattr(filing, item) for filing in self.quarters[back : back + A_YEAR]))

    def usual(self, item: str) -> float:
        """An item's mean of the year's begin and end; missing if either is not above zero."""
        begin, end = self.quarter(item, A_YEAR), self.quarter(item)
        return (begin + end) / 2 if begin > 0.0 and end > 0.0 else MISSING

    def split(self, since: int) -> float:
        """Shares of now for each share of then."""
        return math.prod(split.ratio for split in self.splits if split.effective_at > since)

    def shares(self, back: int = 0) -> float:
        """Shares outstanding at the end of a quarter, in terms of now."""
        if back >= len(self.quarters):
            return MISSING
        return self.quarters[back].shares * self.split(self.quarters[back].known_at)

    def market_value(self) -> float:
        """Dollars."""
        return self.price * self.shares()

    def dividends_a_share(self) -> float:
        """Dollars a share of now that went ex within a year, without special ones."""
        return sum(
            (
                one.amount / self.split(one.known_at)
                for one in self.dividends
                if not one.special and self._is_recent(one)
            ),
            0.0,
        )

    def _is_recent(self, dividend: Dividend) -> bool:
        return self.at - A_YEAR_US < dividend.ex_at <= self.at


class Point(NamedTuple):
    """One point of the quality score: 1 if it is given, 0 if not, NaN if that cannot be said."""

    meaning: str
    given: Callable[[View], float]


def _above(first: float, second: float) -> float:
    return MISSING if math.isnan(first) or math.isnan(second) else float(first > second)


def _return(view: View, back: int = 0) -> float:
    return ratio(view.year("net_income", back), view.quarter("assets", back))


def _margin(view: View, back: int = 0) -> float:
    return ratio(view.year("net_income", back), view.year("revenue", back))


def _leverage(view: View, back: int = 0) -> float:
    return ratio(view.quarter("liabilities", back), view.quarter("assets", back))


def _turnover(view: View, back: int = 0) -> float:
    return ratio(view.year("revenue", back), view.quarter("assets", back))


def _share_change(view: View) -> float:
    return logarithm(ratio(view.shares(), view.shares(A_YEAR)))


POINTS: Final = (
    Point("a year's net income is above zero", lambda v: _above(v.year("net_income"), 0.0)),
    Point("a year's operating cash flow is above zero", lambda v: _above(v.year("operating_cash_flow"), 0.0)),
    Point("net income over closing assets is above that a year ago", lambda v: _above(_return(v), _return(v, A_YEAR))),
    Point("cash flow is above net income", lambda v: _above(v.year("operating_cash_flow"), v.year("net_income"))),
    Point("liabilities over assets are below those a year ago", lambda v: _above(_leverage(v, A_YEAR), _leverage(v))),
    Point("there are no more shares than a year ago", lambda v: 1.0 - _above(_share_change(v), 0.0)),
    Point("the net margin is above that a year ago", lambda v: _above(_margin(v), _margin(v, A_YEAR))),
    Point("revenue over closing assets is above that a year ago", lambda v: _above(_turnover(v), _turnover(v, A_YEAR))),
)
"""Of the quality score."""


def _quality(view: View) -> float:
    return sum(point.given(view) for point in POINTS)


def _growth(view: View, item: str, back: int = 0) -> float:
    return ratio(view.quarter(item, back), view.quarter(item, back + A_YEAR)) - 1


def _income_change(view: View) -> float:
    return ratio(view.year("net_income") - view.year("net_income", A_YEAR), view.usual("assets"))


def _accruals(view: View) -> float:
    return ratio(view.year("net_income") - view.year("operating_cash_flow"), view.usual("assets"))


def _book_to_price(view: View) -> float:
    book = view.quarter("equity")
    return ratio(book, view.market_value()) if book > 0.0 else MISSING


def _ex_days(view: View) -> float:
    coming = [one.ex_at for one in view.dividends if one.ex_at > view.at]
    return days_between(view.at, min(coming)) if coming else MISSING


def _filing_age(view: View) -> float:
    if not view.quarters:
        return MISSING
    return days_between(max(filing.known_at for filing in view.filings), view.at)


def _period_age(view: View) -> float:
    return days_between(view.quarters[0].period_ended_at, view.at) if view.quarters else MISSING


def _restatements(view: View) -> float:
    counted = {filing.period_ended_at for filing in view.quarters[:COUNTED]}
    return (
        float(sum(one.revision > 0 for one in view.filings if one.period_ended_at in counted)) if counted else MISSING
    )


def _filed(
    name: str, meaning: str, unit: str, count: int, value: Callable[[View], float], source: str = "FundamentalsFiled"
) -> Row[View]:
    """A row on the last `count` quarters filed."""
    window = "the last filed quarter" if count == 1 else f"the last {count} filed quarters"
    return Row(Feature(name, meaning, unit, window, count - 1, source, ("medium", "long")), value)


_SUMS: Final = (
    _filed("revenue_year", "Revenue of a year.", "dollars", 4, lambda v: v.year("revenue")),
    _filed("net_income_year", "Net income of a year.", "dollars", 4, lambda v: v.year("net_income")),
    _filed("cash_flow_year", "Operating cash flow of a year.", "dollars", 4, lambda v: v.year("operating_cash_flow")),
)
_PROFITABILITY: Final = (
    _filed("net_margin", "Net income over revenue of a year.", "1", 4, _margin),
    _filed(
        "net_margin_change", "Net margin of a year less that of the year before.", "1", 8,
        lambda v: _margin(v) - _margin(v, A_YEAR),
    ),
    _filed(
        "cash_margin", "Operating cash flow over revenue of a year.", "1", 4,
        lambda v: ratio(v.year("operating_cash_flow"), v.year("revenue")),
    ),
    _filed(
        "return_on_equity", "Net income of a year over the mean of equity at its begin and end, both above zero.", "1",
        5, lambda v: ratio(v.year("net_income"), v.usual("equity")),
    ),
    _filed(
        "return_on_assets", "Net income of a year over the mean of assets at its begin and end.", "1", 5,
        lambda v: ratio(v.year("net_income"), v.usual("assets")),
    ),
    _filed(
        "asset_turnover", "Revenue of a year over the mean of assets at its begin and end.", "1", 5,
        lambda v: ratio(v.year("revenue"), v.usual("assets")),
    ),
    _filed(
        "accruals", "Net income less operating cash flow of a year over the mean of assets at its begin and end.", "1",
        5, _accruals,
    ),
    _filed("leverage", "Liabilities over assets.", "1", 1, _leverage),
)  # fmt: skip
_GROWTH: Final = (
    _filed(
        "revenue_growth", "Revenue of the quarter over that of the same quarter a year before, less one.", "1", 5,
        lambda v: _growth(v, "revenue"),
    ),
    _filed(
        "revenue_growth_change", "Growth of revenue less that of one quarter before.", "1", 6,
        lambda v: _growth(v, "revenue") - _growth(v, "revenue", 1),
    ),
    _filed(
        "net_income_growth", "Net income of the quarter over that a year before, if above zero, less one.", "1", 5,
        lambda v: _growth(v, "net_income"),
    ),
    _filed(
        "income_change", "Net income of a year less that of the year before, over mean assets: defined for losses too.",
        "1", 8, _income_change,
    ),
    _filed("asset_growth", "Assets over those a year before, less one.", "1", 5, lambda v: _growth(v, "assets")),
    _filed("share_change", "Log of shares outstanding over those a year before, splits apart.", "1", 5, _share_change),
    _filed(
        "quality_score", f"Points from 0 to {len(POINTS)}, one each if " + "; ".join(p.meaning for p in POINTS) + ".",
        "points", 8, _quality,
    ),
)  # fmt: skip
_PRICED, _PAID = "FundamentalsFiled and the price", "FundamentalsFiled and DividendDeclared"
_VALUATION: Final = (
    _filed(
        "market_value_log", "Log of price times shares outstanding in dollars.", "1", 1,
        lambda v: logarithm(v.market_value()), _PRICED,
    ),
    _filed(
        "earnings_yield", "Net income of a year over market value.", "1", 4,
        lambda v: ratio(v.year("net_income"), v.market_value()), _PRICED,
    ),
    _filed("book_to_price", "Equity, if above zero, over market value.", "1", 1, _book_to_price, _PRICED),
    _filed(
        "sales_yield", "Revenue of a year over market value.", "1", 4,
        lambda v: ratio(v.year("revenue"), v.market_value()), _PRICED,
    ),
    _filed(
        "cash_flow_yield", "Operating cash flow of a year over market value.", "1", 4,
        lambda v: ratio(v.year("operating_cash_flow"), v.market_value()), _PRICED,
    ),
    _filed(
        "payout_ratio", "Dividends that went ex within a year over net income of a year, if above zero.", "1", 4,
        lambda v: ratio(v.dividends_a_share() * v.shares(), v.year("net_income")), _PAID,
    ),
)  # fmt: skip
_DIVIDENDS: Final[tuple[Row[View], ...]] = (
    Row(
        Feature(
            "dividend_yield", "Dividends a share, not special, that went ex within a year, over the price.", "1",
            "365 days", 0, "DividendDeclared and the price", ("medium", "long"),
        ),
        lambda v: ratio(v.dividends_a_share(), v.price),
    ),
    Row(
        Feature(
            "ex_dividend_days", "Days to the next ex-date that has been declared.", "days", "dividends declared", 0,
            "DividendDeclared", ("short", "medium"),
        ),
        _ex_days,
    ),
)  # fmt: skip
_FRESHNESS: Final = (
    _filed("filing_age_days", "Days since the last filing, a restatement included.", "days", 1, _filing_age),
    _filed("period_age_days", "Days since the end of the last quarter filed.", "days", 1, _period_age),
    Row(
        Feature(
            "restatements", "Restatements known of the last quarters.", "filings",
            f"the last {COUNTED} filed quarters", 0, "FundamentalsFiled", ("medium", "long"),
        ),
        _restatements,
    ),
)  # fmt: skip
ROWS: Final[tuple[Row[View], ...]] = (
    *_SUMS, *_PROFITABILITY, *_GROWTH, *_VALUATION, *_DIVIDENDS, *_FRESHNESS,
)  # fmt: skip
