"""A latent market with what happens to its names: no path depends on what else is asked for."""

from functools import cache

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.generic import generic_names
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.universe import UNIVERSE

WORLD = World(5, Hours.EXCHANGE)


@cache
def market(count: int, first: int, last: int) -> Latent:
    return latent_of(WORLD, UNIVERSE[:count], (first, last))


def rows(found: Latent, year: int) -> list[int]:
    return [session.number for session in found.sessions if session.day.year == year]


def test_a_name_is_the_same_beside_others_and_in_any_span_of_years() -> None:
    few, many = market(2, 2025, 2025), market(4, 2023, 2027)
    within = rows(few, 2025)
    np.testing.assert_allclose(few.log_opens[within], many.log_opens[within][:, :2], rtol=1e-12)
    np.testing.assert_allclose(
        few.session_minutes(within[40]).log_price, many.session_minutes(within[40]).log_price[:, :2], rtol=1e-12
    )


def test_companies_jump_on_earnings_and_an_index_only_with_the_market() -> None:
    found = latent_of(WORLD, [name for name in UNIVERSE if name.symbol in {"AAPL", "SPX"}], (2015, 2025))
    spans = [number for year in range(2015, 2026) for number in rows(found, year)]
    nights = found.moves.night[spans]
    assert (np.abs(nights[:, 0]) > 0.02).sum() > 20
    assert (np.abs(nights[:, 1]) > 0.02).sum() < 3


def test_happenings_take_their_share_of_the_variance() -> None:
    names = generic_names(5, 60)
    found = latent_of(WORLD, names, (2006, 2025))
    spans = [number for year in range(2006, 2026) for number in rows(found, year)]
    moved = np.diff(found.log_opens[spans], axis=0)
    volatility = np.array([name.volatility for name in names])
    measured = moved.std(axis=0) * np.sqrt(252) / volatility
    assert np.median(measured) == pytest.approx(1.0, abs=0.15)


def test_without_edge_nothing_is_foretold_but_things_happen() -> None:
    found = latent_of(WORLD._replace(edge=0.0), UNIVERSE[:3], (2025, 2025))
    assert not found.moves.drift.any()
    assert not found.moves.impulses.drift.any()
    assert found.moves.impulses.jump.any()


def test_without_years_nothing_happens() -> None:
    found = latent_of(WORLD, UNIVERSE[:2])
    assert not found.moves.night.any()
    assert len(found.moves.impulses.session) == 0
