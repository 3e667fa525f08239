import os
import subprocess
import sys
from hashlib import sha256
from itertools import islice, takewhile

from contracts.wire import encode
from data_ingestion.simulator.market import Rates, SimulatedMarket, regenerate, settings_id
from tests.unit.data_ingestion.simulator.moments import MINUTE, RATES, SECOND, START


def fingerprint(seed: int, started_at: int, rates: Rates = RATES) -> str:
    events = regenerate(seed, started_at, started_at + 3 * SECOND, rates)
    return sha256(b"\n".join(map(encode, events))).hexdigest()


def ids(market: SimulatedMarket, after: int, until: int) -> list[str]:
    return [event.event_id for event in takewhile(lambda e: e.event_time < until, market.events(after))]


def tape(hash_seed: str, seed: int = 42) -> bytes:
    command = [sys.executable, "-m", "data_ingestion.simulator", "--start", "1767225600", "--seconds", "2"]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run([*command, "--seed", str(seed)], env=environment, capture_output=True, check=True)
    return done.stdout


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    assert fingerprint(42, START) == fingerprint(42, START)


def test_another_seed_start_or_rate_gives_other_bytes() -> None:
    prints = {
        fingerprint(42, START),
        fingerprint(43, START),
        fingerprint(-42, START),
        fingerprint(42, START + SECOND),
        fingerprint(42, START, Rates(250.0, 4.0)),
    }
    assert len(prints) == 5


def test_another_seed_or_start_shares_no_id() -> None:
    first = {event.event_id for event in regenerate(42, START, START + 2 * SECOND, RATES)}
    for seed, start in ((43, START), (42, START + SECOND)):
        assert first.isdisjoint(event.event_id for event in regenerate(seed, start, start + 2 * SECOND, RATES))


def test_a_tape_is_the_same_in_every_process_whatever_its_hash_seed() -> None:
    first = tape("1")
    assert first == tape("4242")
    assert first != tape("1", seed=43)
    assert first.count(b"\n") == len(first.splitlines()) > 1_500
    assert first.startswith(b'{"type":"BarClosed"')


def test_a_run_resumed_anywhere_goes_on_as_if_it_had_not_stopped() -> None:
    market = SimulatedMarket(42, START, RATES)
    end = START + 2 * MINUTE + 2 * SECOND
    whole = [(event.event_time, event.event_id) for event in takewhile(lambda e: e.event_time < end, market.events())]
    for after in (START + 61_234_567, START + MINUTE - 1, START + MINUTE, START + 2 * MINUTE + SECOND, START - SECOND):
        rest = [event_id for time, event_id in whole if time > after]
        assert ids(SimulatedMarket(42, START, RATES), after, end) == rest


def test_resuming_keeps_clear_of_events_that_share_a_moment_with_published_ones() -> None:
    market = SimulatedMarket(42, START, RATES)
    first = next(event for event in islice(market.events(), 5_000) if event.event_time > START + SECOND)
    assert next(market.events(after=first.event_time - 1)).event_id == first.event_id


def test_settings_that_shape_a_run_have_an_identity() -> None:
    assert settings_id(42, RATES) == settings_id(42, Rates(200.0, 4.0))
    assert len({settings_id(42, RATES), settings_id(43, RATES), settings_id(42, Rates(200.0, 5.0))}) == 3
