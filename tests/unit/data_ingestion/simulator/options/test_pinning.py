"""Pinning: towards round strikes, by little, known at the open, and not without an edge."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.sessions import monthly_expiry
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.strengths import PINNING
from data_ingestion.simulator.happenings.terms import as_traded
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.options.interest import round_step
from data_ingestion.simulator.options.pinning import pinned, pull
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED

YEARS = 2023, 2028
PRICES = st.floats(1.0, 9_000.0)


@lru_cache(maxsize=4)
def market(edge: float = 1.0, years: tuple[int, int] | None = YEARS, *, traded: bool = False) -> Latent:
    """With pinning in some years and nothing else, or with nothing at all."""
    bare = latent_of(World(5, Hours.EXCHANGE, edge), UNIVERSE)
    found = bare if years is None else pinned(bare, DETAILED, years)
    return as_traded(found, DETAILED) if traded else found


@given(PRICES)
def test_a_stock_is_pulled_to_the_nearer_strike_and_not_beyond(price: float) -> None:
    step = float(round_step(np.array([price]))[0])
    away = price - np.round(price / step) * step
    moved = price * np.expm1(float(pull(np.log([price]), PINNING)[0]))
    assert abs(moved) <= abs(away) * 1.001 + 1e-9
    assert moved * away <= 1e-9


def test_the_pull_is_in_proportion_near_a_strike_and_nothing_half_way() -> None:
    near = pull(np.log([230.1, 229.9]), PINNING)
    np.testing.assert_allclose(near, PINNING * np.log(230 / np.array([230.1, 229.9])), rtol=2e-3)
    np.testing.assert_allclose(pull(np.log([225.0, 235.0]), PINNING), 0.0, atol=1e-12)
    over = pull(np.log(np.linspace(220, 240, 2_001)), PINNING)
    assert abs(over.mean()) < 2e-5
    assert np.abs(over).mean() == pytest.approx(0.0015, rel=0.1)


def test_only_companies_on_days_of_monthly_expiries() -> None:
    drift = market().moves.drift
    fridays = {monthly_expiry(year, month) for year in range(YEARS[0], YEARS[1] + 1) for month in range(1, 13)}
    rows = [session.number for session in market().sessions if session.day in fridays]
    assert not np.delete(drift, rows, axis=0).any()
    companies = np.array([subject.is_company for subject in DETAILED])
    assert np.all(drift[rows][:, companies] != 0.0)
    assert not drift[:, ~companies].any()


def test_the_pull_follows_from_the_open_alone_before_and_after_the_anchor() -> None:
    found = market(traded=True)
    rows = np.flatnonzero(found.moves.drift.any(axis=1))
    expected = pull(found.log_opens[rows, :7], PINNING)
    np.testing.assert_allclose(found.moves.drift[rows, :7], expected, rtol=0.0, atol=5e-6)


def test_the_day_goes_where_the_drift_says_and_the_next_one_begins_there() -> None:
    found, bare = market(), market(years=None)
    row = int(np.flatnonzero(found.moves.drift.any(axis=1))[10])
    extra = found.session_minutes(row).log_price - bare.session_minutes(row).log_price
    np.testing.assert_allclose(extra[-1] - extra[0], found.moves.drift[row], atol=1e-12)
    later = found.log_opens - bare.log_opens
    np.testing.assert_allclose(later[row + 1] - later[row], found.moves.drift[row], atol=1e-12)


def test_a_year_does_not_depend_on_the_span() -> None:
    wide, narrow = market(), market(years=(2025, 2026))
    rows = [session.number for session in wide.sessions if session.day.year in {2025, 2026}]
    np.testing.assert_allclose(wide.log_opens[rows], narrow.log_opens[rows], rtol=1e-13)


def test_without_edge_nothing_is_pulled() -> None:
    assert not market(edge=0.0).moves.drift.any()
    assert np.abs(market(edge=50.0).moves.drift).max() < 0.05
