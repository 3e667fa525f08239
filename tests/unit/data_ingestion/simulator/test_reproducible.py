import os
import subprocess
import sys
from hashlib import sha256

from contracts.wire import encode
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import HISTORY_MINUTES, Rates, Tape, settings_id
from data_ingestion.simulator.universe import COUNT
from tests.unit.data_ingestion.simulator.moments import RATES, SECOND, START


def fingerprint(world: World, started_at: int = START, rates: Rates = RATES) -> str:
    events = Tape(world, rates, 2026).run(started_at, started_at + 3 * SECOND)
    return sha256(b"\n".join(map(encode, events))).hexdigest()


def tape(hash_seed: str, seed: int = 42) -> bytes:
    command = [sys.executable, "-m", "data_ingestion.simulator", "--start", "1767225600", "--seconds", "2"]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run([*command, "--seed", str(seed)], env=environment, capture_output=True, check=True)
    return done.stdout


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    assert fingerprint(World(42)) == fingerprint(World(42))


def test_another_seed_start_rate_or_edge_gives_other_bytes() -> None:
    prints = {
        fingerprint(World(42)),
        fingerprint(World(43)),
        fingerprint(World(-42)),
        fingerprint(World(42, edge=0.5)),
        fingerprint(World(42), START + SECOND),
        fingerprint(World(42), rates=Rates(250.0, 4.0)),
    }
    assert len(prints) == 6


def test_a_tape_is_the_same_in_every_process_whatever_its_hash_seed() -> None:
    first = tape("1")
    assert first == tape("4242")
    assert first != tape("1", seed=43)
    assert first.count(b"\n") == len(first.splitlines()) > 1_500
    assert first.startswith(b'{"type":"BarClosed"')


def test_a_run_begins_with_an_hour_of_bars() -> None:
    found = Tape(World(42), RATES, 2026)
    made = list(found.run(START, START + SECOND))
    bars = HISTORY_MINUTES * COUNT
    assert made[:bars] == found.bars(START, HISTORY_MINUTES)
    assert all(START <= event.event_time < START + SECOND for event in made[bars:])


def test_settings_that_shape_a_run_have_an_identity() -> None:
    world = World(42)
    assert settings_id(world, RATES) == settings_id(World(42), Rates(200.0, 4.0))
    others = (World(43), World(42, Hours.EXCHANGE), World(42, edge=0.5))
    ids = {settings_id(world, RATES), settings_id(world, Rates(200.0, 5.0)), *(settings_id(o, RATES) for o in others)}
    assert len(ids) == 5
