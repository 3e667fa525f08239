"""The simulated market as a recording: every fact comes out of it, its books hold, its oracle is near the truth."""

from datetime import date

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.facts import simulated, simulated_books
from data_ingestion.simulator.facts.recording import Recording
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
    assert 0.3 < found.brier_share.value < 1.0
    assert 0.3 < found.log_share.value < 1.0


def test_without_an_edge_there_is_nothing_to_attain() -> None:
    seen = simulated_books.observed(WORLD._replace(edge=0.0), "SPY", SESSION, range(60, 62), 4.0, 10.0)
    np.testing.assert_allclose(seen.probability, 0.5)
