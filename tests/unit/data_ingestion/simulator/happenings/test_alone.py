"""Any year of any name made alone is the same as among others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from data_ingestion.simulator.happenings.columns import taken
from data_ingestion.simulator.happenings.earnings import earnings
from data_ingestion.simulator.happenings.filings import filings
from data_ingestion.simulator.happenings.macro import macro
from data_ingestion.simulator.happenings.news import MARKET, news, on_earnings
from data_ingestion.simulator.happenings.payouts import dividends, splits
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, GENERIC, SEED

NAMES = (*DETAILED[:3], *GENERIC[:3])


@pytest.mark.parametrize("make", [earnings, filings, dividends, splits, news])
def test_a_year_of_a_name_alone_is_the_same(make: Callable[..., Any]) -> None:
    place = 1
    together, alone = make(SEED, NAMES, 2018, 2021), make(SEED, [NAMES[place]], 2020, 2020)
    mine = taken(together, together.name == place)
    alone = taken(alone, alone.name == 0)
    rows = np.flatnonzero(np.isin(mine.time_us, alone.time_us))
    assert len(rows) == len(alone.time_us)
    for field, one, other in zip(mine._fields, mine, alone, strict=True):
        if field != "name":
            np.testing.assert_array_equal(one[rows], other)


def test_a_year_of_releases_alone_is_the_same() -> None:
    together, alone = macro(SEED, 2018, 2022), macro(SEED, 2020, 2020)
    rows = np.isin(together.period_end, alone.period_end)
    shared = taken(together, rows)
    for one, other in zip(shared, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_articles_on_earnings_do_not_depend_on_other_names() -> None:
    together = on_earnings(SEED, NAMES, earnings(SEED, NAMES, 2020, 2020))
    alone = on_earnings(SEED, NAMES[2:3], earnings(SEED, NAMES[2:3], 2020, 2020))
    assert alone.phrase.tolist() == together.phrase[together.name == 2].tolist()


def test_another_seed_is_another_market() -> None:
    one, other = earnings(1, NAMES, 2020, 2020), earnings(2, NAMES, 2020, 2020)
    assert not np.any(np.isin(one.surprise, other.surprise))
    assert MARKET not in one.name
