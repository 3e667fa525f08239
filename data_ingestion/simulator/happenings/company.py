"""A company's books, quarter by quarter: a level that grows steadily, moved by a latent quality.

Theory of operation
-------------------
Quality is one number a quarter, standard normal, forgetting in three years. It raises revenue, margins and cash flow.
The rest of a company is its character: size, margin, leverage, usual days of reporting. Shares are counted in terms of
the anchor session's, so that splits do not show. Any year of any company is made from its own numbers and those of the
three years before.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.drawing import Use, characters, normals, states
from data_ingestion.simulator.happenings.subjects import Floats, Subject

ANCHOR_YEAR: Final = 2026.0
MEDIAN_SALES, SALES_SPREAD = 0.25, 0.5
"""Annual revenue over market value on the anchor session, and the spread of its log."""
MEDIAN_VALUE, VALUE_SPREAD = 4e10, 1.2
"""Market value in dollars."""
GROWTH, GROWTH_SPREAD = 0.06, 0.02
"""Of revenue, log a year."""
MARGIN, MARGIN_SPREAD = 0.14, 0.04
QUALITY_IN_REVENUE, QUALITY_IN_MARGIN, QUALITY_IN_CASH = 0.08, 0.025, 0.10
REVENUE_NOISE, MARGIN_NOISE, CASH_NOISE = 0.02, 0.01, 0.02
SEASON: Final = 0.06
"""How far the fourth quarter's revenue stands above the others, log."""
TURNOVER: Final = 0.7
"""Annual revenue over assets."""
DEBT, DEBT_SPREAD = 0.55, 0.12
"""Liabilities over assets."""
BUYBACK: Final = 0.01
"""Shares retired a year, log."""
_TRAITS: Final = 7
_NOISES: Final = 3


class Books(NamedTuple):
    """Arrays (companies, quarters); dollars."""

    quality: Floats
    revenue: Floats
    net_income: Floats
    operating_cash_flow: Floats
    assets: Floats
    liabilities: Floats
    shares: Floats

    @property
    def eps(self) -> Floats:
        """Dollars a share."""
        return self.net_income / self.shares


class Character(NamedTuple):
    """What stays of a company, arrays (companies,)."""

    value: Floats
    sales: Floats
    growth: Floats
    margin: Floats
    debt: Floats
    is_early: Floats
    """1 for those that announce before the open."""
    lag_days: Floats
    """From a quarter's end to its announcement, as a rule."""


def character(seed: int, subjects: Sequence[Subject]) -> Character:
    """The characters of companies."""
    traits = characters(seed, subjects, _TRAITS).T
    return Character(
        MEDIAN_VALUE * np.exp(VALUE_SPREAD * traits[0]),
        MEDIAN_SALES * np.exp(SALES_SPREAD * traits[1]),
        GROWTH + GROWTH_SPREAD * traits[2],
        np.maximum(0.03, MARGIN + MARGIN_SPREAD * traits[3]),
        np.clip(DEBT + DEBT_SPREAD * traits[4], 0.1, 0.9),
        (traits[5] > 0).astype(np.float64),
        np.rint(np.clip(24 + 4 * traits[6], 15, 29)),
    )


def books(seed: int, subjects: Sequence[Subject], years: tuple[int, int]) -> Books:
    """The books of companies for the quarters of the first to the last year."""
    keys = [subject.symbol for subject in subjects]
    one = character(seed, subjects)
    quality = states(seed, [f"quality {key}" for key in keys], years)
    noise = normals(seed, Use.FILINGS, keys, years, (4, _NOISES)).reshape(len(keys), quality.shape[1], _NOISES)
    ends = np.arange(quality.shape[1]) / 4 + years[0] + 0.25 - ANCHOR_YEAR
    fourth = np.arange(quality.shape[1]) % 4 == 3  # noqa: PLR2004 - the fourth of four
    trend = one.growth[:, None] * ends
    level = (one.value * one.sales / 4)[:, None] * np.exp(trend)
    revenue = level * np.exp(QUALITY_IN_REVENUE * quality + SEASON * fourth + REVENUE_NOISE * noise[..., 0])
    margin = one.margin[:, None] + QUALITY_IN_MARGIN * quality + MARGIN_NOISE * noise[..., 1]
    cash = margin * (1.25 + QUALITY_IN_CASH * quality) + CASH_NOISE * noise[..., 2]
    assets = level * 4 / TURNOVER
    price = np.array([subject.price for subject in subjects])
    shares = np.rint((one.value / price)[:, None] * np.exp(-BUYBACK * ends))
    return Books(
        quality, np.rint(revenue), np.rint(revenue * margin), np.rint(revenue * cash), np.rint(assets),
        np.rint(assets * one.debt[:, None] * np.exp(-0.05 * quality)), shares,
    )  # fmt: skip
