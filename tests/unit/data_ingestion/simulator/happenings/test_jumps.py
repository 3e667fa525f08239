"""Articles on jumps: which jumps, when, and that the move is there."""

import numpy as np

from data_ingestion.simulator.core.clock import MINUTE_US, Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.jumps import LARGE, large_jumps
from data_ingestion.simulator.happenings.news import LATEST_MINUTES, MARKET, on_jumps
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SEED

LATENT = latent_of(World(SEED, Hours.EXCHANGE), UNIVERSE)
FOUND = large_jumps(LATENT, DETAILED, 2016, 2025)


def test_the_move_is_in_the_minute_and_of_the_size() -> None:
    deviation = np.sqrt((LATENT.mix.loadings**2).sum(axis=1))
    for row in range(0, len(FOUND.name), 15):
        moment, name = int(FOUND.time_us[row]), int(FOUND.name[row])
        session = LATENT.session_at(moment)
        shown = len(UNIVERSE) - 1 if name == MARKET else name
        minute = (moment - session.opens_at) // MINUTE_US
        moved = np.diff(LATENT.session_minutes(session.number).log_price[:, shown])[minute]
        expected = FOUND.size[row] * deviation[shown] / np.sqrt(252)
        assert abs(moved - expected) < 0.35 * abs(expected)


def test_large_jumps_are_rare_and_in_order() -> None:
    assert np.abs(FOUND.size).min() >= LARGE
    assert np.all(np.diff(FOUND.time_us) >= 0)
    a_year = np.bincount(FOUND.name - MARKET, minlength=len(DETAILED) + 1) / 10
    assert 0 < a_year[0] < 3
    assert np.all(a_year[1 + np.flatnonzero([not subject.is_company for subject in DETAILED])] == 0)
    assert np.all(a_year[1 + np.flatnonzero([subject.is_company for subject in DETAILED])] < 6)


def test_any_years_alone_have_the_same() -> None:
    alone = large_jumps(LATENT, DETAILED, 2019, 2020)
    rows = np.isin(FOUND.time_us, alone.time_us)
    for whole, part in zip(FOUND, alone, strict=True):
        np.testing.assert_array_equal(whole[rows], part)


def test_articles_follow_the_jumps_within_minutes_and_with_their_sign() -> None:
    articles = on_jumps(SEED, DETAILED, FOUND)
    assert len(articles.time_us) == len(FOUND.time_us)
    for time, name, sentiment in zip(articles.time_us, articles.name, articles.sentiment, strict=True):
        ago = time - FOUND.time_us
        causes = (FOUND.name == name) & (ago > 0) & (ago <= LATEST_MINUTES * MINUTE_US)
        assert np.any(np.sign(FOUND.size[causes]) == np.sign(sentiment))
    assert not articles.moves.any()
