"""Effects: where they land, what edge scales, and the variance that options must price."""

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours, sessions
from data_ingestion.simulator.happenings.effects import (
    FADING,
    earnings_variance,
    effects,
    macro_variance,
    market_effects,
)
from data_ingestion.simulator.happenings.strengths import EARNINGS_DRIFT, NEWS_JUMP, QUALITY_DRIFT
from data_ingestion.simulator.happenings.tables import happenings
from tests.unit.data_ingestion.simulator.happenings.market import GENERIC, SEED

SUBJECTS = GENERIC[:30]
FIRST, LAST = 2012, 2019
HAPPENED = happenings(SEED, SUBJECTS, FIRST - 1, LAST)
OPEN = tuple(one for one in sessions(Hours.EXCHANGE, LAST) if one.day.year >= FIRST)
ALWAYS = tuple(one for one in sessions(Hours.ALWAYS, LAST) if one.day.year >= FIRST)
FOUND = effects(HAPPENED, OPEN, 1.0)


def test_announcements_outside_the_sessions_move_the_night() -> None:
    opens = np.array([one.opens_at for one in OPEN])
    table = HAPPENED.earnings
    inside = (table.time_us >= opens[0]) & (table.time_us < OPEN[-1].closes_at)
    row = int(np.flatnonzero(inside)[5])
    night = int(np.searchsorted([one.closes_at for one in OPEN], table.time_us[row], side="right"))
    quiet = FOUND.impulses
    others = quiet.jump[(quiet.session == night) & (quiet.name == table.name[row]) & quiet.is_night].sum()
    assert FOUND.night[night, table.name[row]] == pytest.approx(others)
    assert np.any(quiet.jump == table.jump[row])
    assert FOUND.variance[night, table.name[row]] == table.variance[row]


def test_an_always_open_market_has_no_nights() -> None:
    found = effects(HAPPENED, ALWAYS, 1.0)
    assert not np.any(found.night)
    assert not np.any(found.impulses.is_night)
    assert np.all((found.impulses.share >= 0) & (found.impulses.share < 1))


def test_without_edge_jumps_stay_and_drifts_go() -> None:
    none = effects(HAPPENED, OPEN, 0.0)
    np.testing.assert_array_equal(none.night, FOUND.night)
    np.testing.assert_array_equal(none.day, FOUND.day)
    assert not np.any(none.drift)
    assert not np.any(none.news_drift)
    half = effects(HAPPENED, OPEN, 0.5)
    np.testing.assert_allclose(half.drift, FOUND.drift / 2)
    np.testing.assert_allclose(half.news_drift, FOUND.news_drift / 2)


def test_jumps_have_mean_zero_and_no_memory() -> None:
    moves = FOUND.night + FOUND.day
    size = moves / moves.std(axis=0)
    assert abs(size.mean()) < 4 / np.sqrt(size.size)
    assert abs((size[1:] * size[:-1]).mean()) < 6 / np.sqrt(size.size)


def test_the_earnings_drift_sums_to_its_share_of_the_surprise() -> None:
    calm = HAPPENED._replace(filings=HAPPENED.filings._replace(quality=np.zeros_like(HAPPENED.filings.quality)))
    drift = effects(calm, OPEN, 1.0).drift
    table, closes = HAPPENED.earnings, np.array([one.closes_at for one in OPEN])
    full = (table.time_us >= OPEN[0].opens_at) & (table.time_us < closes[-len(FADING) - 2])
    mine = full & (table.name == 4)
    expected = EARNINGS_DRIFT * (table.surprise * np.sqrt(table.variance))[mine]
    last = np.searchsorted(closes, table.time_us[mine][-1], side="right")
    assert drift[: last + 1, 4].sum() == pytest.approx(expected[:-1].sum(), abs=abs(expected[-2]) + 1e-9)
    rows = drift[last + 1 : last + 61, 4]
    assert np.abs(rows).max() < 0.01


def test_quality_tilts_by_what_was_filed() -> None:
    calm = HAPPENED._replace(earnings=HAPPENED.earnings._replace(surprise=np.zeros_like(HAPPENED.earnings.surprise)))
    drift = effects(calm, OPEN, 1.0).drift
    a_year = drift.sum(axis=0) / (LAST - FIRST + 1)
    assert np.abs(a_year).max() < 4 * QUALITY_DRIFT
    table = HAPPENED.filings
    mine = (table.name == 2) & (table.revision == 0)
    filed = np.flatnonzero(mine & (table.time_us < OPEN[500].opens_at))[-1]
    assert np.sign(drift[500, 2]) == np.sign(table.quality[filed])


def test_news_moves_by_its_sentiment() -> None:
    table = HAPPENED.news
    row = int(np.flatnonzero(table.moves & (table.name == 3) & (table.time_us > OPEN[10].opens_at))[0])
    expected = NEWS_JUMP * SUBJECTS[3].usual_day * table.sentiment[row]
    assert np.any(np.isclose(FOUND.impulses.jump[FOUND.impulses.time_us == table.time_us[row]], expected))


def test_the_lump_is_priced_before_and_gone_after() -> None:
    table = HAPPENED.earnings
    row = int(np.flatnonzero(table.name == 1)[5])
    moment = int(table.time_us[row])
    expiries = np.array([moment - 1, moment, moment + 10**12])
    before = earnings_variance(table, len(SUBJECTS), moment - 2, expiries)[:, 1]
    assert before.tolist() == [0.0, table.variance[row], table.variance[row]]
    assert not np.any(earnings_variance(table, len(SUBJECTS), moment, expiries)[:, 1])


def test_the_market_s_lump_adds_up() -> None:
    table = HAPPENED.macro
    start, end = OPEN[0].opens_at, OPEN[-1].closes_at - 1
    found = market_effects(HAPPENED, OPEN, 1.0)
    assert macro_variance(table, start, np.array([start, end])).tolist() == pytest.approx([0.0, found.variance.sum()])


def test_releases_and_market_news_move_the_market() -> None:
    found = market_effects(HAPPENED, OPEN, 1.0)
    assert found.day.shape == (len(OPEN), 1)
    assert not np.any(found.drift)
    inside = (HAPPENED.macro.time_us >= OPEN[0].opens_at) & (HAPPENED.macro.time_us < OPEN[-1].closes_at)
    assert np.isin(HAPPENED.macro.jump[inside], found.impulses.jump).all()
