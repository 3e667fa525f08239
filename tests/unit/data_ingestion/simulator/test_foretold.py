"""What is foretold of names is what then drifts, and the scheduled jumps are those that then come."""

from functools import cache

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.foretold import Foreseen, foreseen, scheduled
from data_ingestion.simulator.happenings.strengths import QUALITY_DRIFT
from data_ingestion.simulator.universe import UNIVERSE

FIRST = 2024
FUNDS = [place for place, name in enumerate(UNIVERSE) if name.symbol in {"SPY", "QQQ", "SPX"}]


@cache
def market(hours: Hours = Hours.EXCHANGE, edge: float = 1.0) -> Foreseen:
    return foreseen(World(5, hours, edge), FIRST, FIRST + 1)


def numbers(found: Foreseen) -> list[int]:
    return [session.number for session in found.latent.sessions if session.day.year == FIRST]


@pytest.mark.parametrize("hours", Hours)
def test_the_drift_foretold_of_a_session_is_the_one_it_then_has(hours: Hours) -> None:
    found = market(hours)
    for number in [one for one in numbers(found)[::7] if one not in found.pinned_in]:
        told = scheduled(found, number, 1).drift[0]
        np.testing.assert_allclose(told, found.latent.moves.drift[number], rtol=1e-9, atol=1e-15)


def test_the_pull_of_a_strike_is_foretold_on_average() -> None:
    found = foreseen(World(5, Hours.EXCHANGE), FIRST - 12, FIRST + 1)
    told, came, later = [], [], []
    for number in found.pinned_in.tolist():
        others = scheduled(found._replace(strength=np.zeros(len(UNIVERSE))), number, 1).drift[0]
        told.append(scheduled(found, number, 1).drift[0] - others)
        came.append(found.latent.moves.drift[number] - others)
        later.append(scheduled(found, number - 5, 6).drift[5])
    pulls, seen = np.array(told), np.array(came)
    assert not pulls[:, FUNDS].any()
    assert (pulls * seen).sum() / (pulls**2).sum() == pytest.approx(1.0, abs=0.1)
    assert np.corrcoef(pulls.ravel(), seen.ravel())[0, 1] > 0.4
    assert (np.array(later) ** 2).mean() < (pulls**2).mean()


def test_drifts_further_ahead_leave_out_only_what_is_announced_later() -> None:
    found, count = market(), 20
    rest, whole = [], []
    for number in numbers(found)[::5]:
        told = scheduled(found, number, count).drift
        came = found.latent.moves.drift[number : number + count].copy()
        pinned = np.isin(np.arange(number, number + count), found.pinned_in)
        came[pinned] = told[pinned]
        reported = (found.announced_in >= number) & (found.announced_in < number + count)
        quiet = np.setdiff1d(np.arange(len(UNIVERSE)), found.earnings.name[reported])
        # A quarter that ends within the horizon is not known; a statement on it is filed after the horizon.
        np.testing.assert_allclose(told[:, quiet], came[:, quiet], rtol=1e-9, atol=2 * QUALITY_DRIFT / 252)
        rest.append(came - told)
        whole.append(came)
    assert np.square(rest).mean() < 0.6 * np.square(whole).mean()


def test_without_edge_nothing_is_foretold_but_jumps_are_still_scheduled() -> None:
    none = scheduled(market(edge=0.0), numbers(market())[50], 63)
    some = scheduled(market(), numbers(market())[50], 63)
    assert not none.drift.any()
    assert some.drift.any()
    np.testing.assert_allclose(none.variance, some.variance, rtol=0.5)


def test_scheduled_variance_has_the_announcements_where_they_fall() -> None:
    found = market()
    number = numbers(found)[0]
    told = scheduled(found, number, 250).variance
    usual = np.median(told, axis=0)
    for name in range(len(UNIVERSE)):
        mine = (found.earnings.name == name) & (found.announced_in >= number) & (found.announced_in < number + 250)
        large = np.flatnonzero(told[:, name] > 20 * usual[name] + 1e-4)
        assert mine.sum() == (0 if name in FUNDS else 4)
        if name not in FUNDS:
            assert set(found.announced_in[mine] - number) == set(large)


def test_jumps_of_a_year_are_as_large_as_told() -> None:
    found = market()
    moves, rows = found.latent.moves, numbers(found)
    inside = np.isin(moves.impulses.session, rows)
    came = (moves.night[rows] ** 2).sum(axis=0)
    size = (moves.impulses.jump + moves.impulses.drift)[inside] ** 2
    np.add.at(came, moves.impulses.name[inside], size)
    told = scheduled(found, rows[0], len(rows)).variance.sum(axis=0)
    assert (came / told).mean() == pytest.approx(1.0, abs=0.3)
