"""Quarterly statements as filed: some weeks after the quarter's end, now and then restated."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from data_ingestion.simulator.happenings.columns import in_order, joined, taken
from data_ingestion.simulator.happenings.company import books
from data_ingestion.simulator.happenings.days import at_new_york, quarter_ends, session_on_or_after
from data_ingestion.simulator.happenings.drawing import Use, random_of
from data_ingestion.simulator.happenings.subjects import Bools, Floats, Ints, Subject, companies

QUARTERLY_LAG, ANNUAL_LAG = 37, 58
"""Days from the period's end to its filing, the least; after every announcement of earnings."""
MOST_DELAY: Final = 6
EARLIEST, LATEST = 16 * 60 + 10.0, 17 * 60 + 30.0
"""Minutes after midnight in New York between which filings are accepted."""
RESTATED: Final = 0.03
"""Share of filings that are restated."""
RESTATED_AFTER: Final = (90, 400)
"""Days later."""
RESTATEMENT: Final = 0.08
"""Mean share by which a restatement lowers net income."""
_UNIFORMS: Final = 5


class Filings(NamedTuple):
    """Filings in order of acceptance, arrays (filings,); dollars."""

    time_us: Ints
    name: Ints
    period_end: Ints
    """Day number after the last day of the quarter."""
    is_annual: Bools
    revision: Ints
    revenue: Floats
    net_income: Floats
    operating_cash_flow: Floats
    assets: Floats
    liabilities: Floats
    equity: Floats
    shares: Floats
    quality: Floats
    """Latent, in standard deviations: what the statements show with noise, and what tilts the drift once filed."""


def filings(seed: int, subjects: Sequence[Subject], first_year: int, last_year: int) -> Filings:
    """First filings and restatements on the quarters that end in the first to the last year."""
    places = companies(subjects)
    chosen = [subjects[place] for place in places]
    kept = books(seed, chosen, (first_year, last_year))
    shape = kept.revenue.shape
    uniforms = np.array(
        [
            random_of(seed, Use.FILINGS, f"lags {subject.symbol}", year).random((_UNIFORMS, 4))
            for subject in chosen
            for year in range(first_year, last_year + 1)
        ]
    ).reshape(-1, _UNIFORMS, 4)
    delay, minute, restated, later, cut = uniforms.transpose(1, 0, 2).reshape(_UNIFORMS, *shape)
    annual = np.broadcast_to(np.arange(shape[1]) % 4 == 3, shape)  # noqa: PLR2004 - the fourth of four
    ends = np.broadcast_to(quarter_ends(first_year, last_year).reshape(-1), shape)
    lag = np.where(annual, ANNUAL_LAG, QUARTERLY_LAG) + (delay * MOST_DELAY).astype(np.int64)
    minutes = EARLIEST + (LATEST - EARLIEST) * minute
    filed = session_on_or_after(ends + lag)
    again = session_on_or_after(filed + (RESTATED_AFTER[0] + later * np.ptp(RESTATED_AFTER)).astype(np.int64))
    names = np.broadcast_to(places[:, None], shape)
    first = Filings(
        at_new_york(filed, minutes), names, ends, annual, np.zeros(shape, np.int64), kept.revenue, kept.net_income,
        kept.operating_cash_flow, kept.assets, kept.liabilities, kept.assets - kept.liabilities, kept.shares,
        kept.quality,
    )  # fmt: skip
    loss = np.rint(2 * RESTATEMENT * cut * np.abs(kept.net_income))
    second = first._replace(
        time_us=at_new_york(again, minutes),
        revision=np.ones(shape, np.int64),
        net_income=kept.net_income - loss,
        assets=kept.assets - loss,
        equity=first.equity - loss,
    )
    return joined([in_order(first), in_order(taken(second, restated < RESTATED))])
