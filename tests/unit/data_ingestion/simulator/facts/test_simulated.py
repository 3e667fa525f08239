"""The simulated market as a recording: every fact comes out of it, its books hold, its oracle is near the truth."""

from datetime import date

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts import simulated, simulated_books
from data_ingestion.simulator.facts.books import as_of
from data_ingestion.simulator.facts.recording import Recording
from data_ingestion.simulator.facts.scores import area
from data_ingestion.simulator.facts.sheet import rows
from data_ingestion.simulator.facts.smiles import Chain
from tests.unit.data_ingestion.simulator.facts.test_smiles import chain

WORLD = World(7, Hours.EXCHANGE)
SESSION = 9_000


@pytest.fixture(scope="module")
def recording() -> Recording:
    chains: tuple[tuple[str, Chain], ...] = (("ruler", chain()),)
    return Recording(
        days=simulated.days(WORLD, 6, (2000, 2009)),
        premium=simulated.premium(WORLD, (2014, 2014)),
        intraday=simulated.intraday(WORLD, "SPX", (2014, 2014)),
        books=simulated_books.recording(WORLD, "SPY", SESSION, range(60, 66), 10.0),
        path=simulated.path(WORLD, "SPX", date(2014, 3, 4)),
        chains=chains,
    )


def test_every_fact_is_finite_and_named_once(recording: Recording) -> None:
    found = list(rows(recording))
    assert len({(row.section, row.fact) for row in found}) == len(found)
    assert all(np.isfinite(row.found).all() for row in found)
    assert len(found) > 60
    assert list(rows(Recording())) == []


def test_the_same_recording_gives_the_same_sheet(recording: Recording) -> None:
    daily = Recording(days=recording.days)
    assert list(rows(daily)) == list(rows(daily))


def test_days_are_those_of_the_core(recording: Recording) -> None:
    assert recording.days is not None
    assert recording.days.stocks.shape == (len(recording.days.market), 6)
    np.testing.assert_allclose(recording.days.night + recording.days.day, recording.days.market)


def test_the_night_has_the_share_of_the_core(recording: Recording) -> None:
    found = {row.fact: row.found for row in rows(Recording(days=recording.days))}
    assert found["overnight share of variance"].value == pytest.approx(0.25, abs=0.05)


def test_variance_is_dearer_than_what_comes_on_average(recording: Recording) -> None:
    found = {row.fact: row.found for row in rows(Recording(premium=recording.premium))}
    assert found["mean log of implied over realised variance, 21 days"].value > 0
    assert found["change of log volatility index per log return"].value < 0


def test_books_are_in_order_and_never_crossed(recording: Recording) -> None:
    assert recording.books is not None
    assert (np.diff(recording.books.times_s) >= 0).all()
    assert (recording.books.ask > recording.books.bid).all()


def test_the_oracle_reaches_no_more_than_the_truth_and_most_of_it() -> None:
    days = [simulated_books.observed(WORLD, "SPY", SESSION + day, range(60, 180), 4.0, 10.0) for day in range(4)]
    found = simulated_books.judged(days[:3], days[3:], 10.0)
    assert found.attainable.auc > 0.55
    assert found.moments == 120 * 120
    for share in (found.brier_share, found.log_share, found.filter_share):
        assert 0.87 < share.value < 0.97


def test_without_an_edge_there_is_nothing_to_attain() -> None:
    seen = simulated_books.observed(WORLD._replace(edge=0.0), "SPY", SESSION, range(60, 62), 4.0, 10.0)
    np.testing.assert_allclose(seen.probability, 0.5)


def test_a_search_is_given_the_past_and_whether_the_fair_price_rose() -> None:
    seen = simulated_books.observed(WORLD, "SPY", SESSION, range(60, 64), 4.0, 10.0)
    found = simulated_books.sample([seen, seen], 10.0)
    moments, ahead = np.arange(120, 460, 20), 20
    assert found.names == (
        "lean of the best level", "lean of the two best levels", "lean of the others", "move of 10 s", "move of 60 s"
    )  # fmt: skip
    assert found.day.tolist() == [0] * len(moments) + [1] * len(moments)
    first = slice(0, len(moments))
    np.testing.assert_array_equal(found.up[first], seen.log_fair[moments + ahead] > seen.log_fair[moments])
    np.testing.assert_allclose(found.features[first, 0], seen.book[moments, 0])
    np.testing.assert_allclose(found.features[first, 2], seen.book[moments, 2:].mean(axis=1))
    np.testing.assert_allclose(found.features[first, 4], seen.log_mid[moments] - seen.log_mid[moments - 120])
    by_mid = simulated_books.sample([seen], 10.0, "log_mid")
    assert len(by_mid.up) <= len(moments)


def test_without_an_edge_large_ticks_foretell_the_mid_and_not_the_fair_price() -> None:
    """What the best level tells of the mid is where the fair price stands; the search is not judged on that."""
    calm = WORLD._replace(edge=0.0)
    minutes, days = range(60, 68), []
    for number in range(SESSION, SESSION + 12):
        share = simulated_books.share_of(calm, number, minutes)
        days.append(simulated_books.observed(calm, share, number, minutes, 11.0, 1.0))
    fair, mid = (simulated_books.sample(days, 1.0, "log_fair"), simulated_books.sample(days, 1.0, "log_mid"))
    by_fair, by_mid = (area(found.features[:, 0], found.up, found.day) for found in (fair, mid))
    assert abs(by_fair.z) < 3
    assert by_mid.z > 10
    assert by_mid.value > 0.6


def test_a_share_moves_by_as_many_ticks_as_asked_for() -> None:
    share = simulated_books.share_of(WORLD, SESSION, range(60, 64), 0.5)
    made = simulated_books.recording(WORLD, share, SESSION, range(60, 64), 20.0)
    mid = (made.bid + made.ask) / 2 / made.tick
    a_second = np.diff(as_of(made.times_s, mid, 1.0))
    assert a_second.std() == pytest.approx(0.5, rel=0.25)
