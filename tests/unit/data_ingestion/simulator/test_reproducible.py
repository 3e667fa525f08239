import os
import subprocess
import sys
from hashlib import sha256
from itertools import islice

import pytest

from contracts.events import OpenInterestReported
from contracts.wire import encode
from data_ingestion.simulator import tape
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.options.reports import reports
from data_ingestion.simulator.tape import HISTORY_MINUTES, Rates, Tape, settings_id
from data_ingestion.simulator.universe import COUNT
from tests.unit.data_ingestion.simulator.moments import RATES, SECOND, START


@pytest.fixture
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour of bars and a report of every contract would take longer than all that follows."""
    monkeypatch.setattr(tape, "HISTORY_MINUTES", 5)
    monkeypatch.setattr(tape, "reports", lambda *known: islice(reports(*known), 20))


def fingerprint(world: World, started_at: int = START, rates: Rates = RATES) -> str:
    events = Tape(world, rates, 2026).run(started_at, started_at + 3 * SECOND)
    return sha256(b"\n".join(map(encode, events))).hexdigest()


@pytest.mark.usefixtures("short_history")
def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    assert fingerprint(World(42)) == fingerprint(World(42))


@pytest.mark.usefixtures("short_history")
def test_another_seed_start_rate_or_edge_gives_other_bytes() -> None:
    prints = {
        fingerprint(World(42)),
        fingerprint(World(43)),
        fingerprint(World(-42)),
        fingerprint(World(42, edge=0.5)),
        fingerprint(World(42), START + SECOND),
        fingerprint(World(42), rates=Rates(250.0, 4.0)),
        fingerprint(World(42), rates=RATES._replace(option_trades_per_s=5.0)),
    }
    assert len(prints) == 7


def test_a_tape_is_the_same_in_every_process_whatever_its_hash_seed() -> None:
    """Made by the command in a process of a known hash seed, and in this one, whose hash seed is drawn at its start."""
    start = 1_767_225_600
    command = ["-m", "data_ingestion.simulator", "--seed", "43", "--start", str(start), "--seconds", "2"]
    environment = os.environ | {"PYTHONHASHSEED": "4242"}
    there = subprocess.run([sys.executable, *command], env=environment, capture_output=True, check=True).stdout
    here = Tape(World(43), Rates(400.0, 4.0), 2026).run(start * SECOND, (start + 2) * SECOND)
    assert there == b"".join(encode(event) + b"\n" for event in here)
    assert len(there.splitlines()) > 1_500
    assert there.startswith(b'{"type":"BarClosed"')


def test_a_run_begins_with_an_hour_of_bars() -> None:
    found = Tape(World(42), RATES, 2026)
    made = list(found.run(START, START + SECOND))
    bars = HISTORY_MINUTES * COUNT
    assert made[:bars] == found.bars(START, HISTORY_MINUTES)
    live = [event for event in made[bars:] if not isinstance(event, OpenInterestReported)]
    assert all(START <= event.event_time < START + SECOND for event in live)


def test_settings_that_shape_a_run_have_an_identity() -> None:
    world = World(42)
    assert settings_id(world, RATES) == settings_id(World(42), Rates(200.0, 4.0))
    others = (World(43), World(42, Hours.EXCHANGE), World(42, edge=0.5))
    rates = (RATES, Rates(200.0, 5.0), RATES._replace(option_trades_per_s=60.0))
    ids = {*(settings_id(world, one) for one in rates), *(settings_id(one, RATES) for one in others)}
    assert len(ids) == 6


def test_worlds_that_were_recorded_without_option_trades_keep_their_identity() -> None:
    """The shipped model and recorded runs name their source by it."""
    assert settings_id(World(42), Rates(400.0, 4.0)) == "e12caa1ad42d17b30ced7d3cfaa3e6ea"
