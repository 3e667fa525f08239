"""Minutes with chains: what the latent market says, free of arbitrage, the same however they are made."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from contracts.instruments import parse_occ
from data_ingestion.simulator import snapshots
from data_ingestion.simulator.core.clock import MINUTE_US, Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.snapshots import EXPIRIES_EACH, STRIKES_EACH, Piece, Snapshots, write
from data_ingestion.simulator.tape import Rates, Tape
from data_ingestion.simulator.universe import COUNT, SYMBOLS

WORLD = World(42, Hours.EXCHANGE)
HALF_DAY = date(2025, 11, 28)


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape(WORLD, Rates(0.0, 0.0), 2025)


@pytest.fixture(scope="module")
def number(tape: Tape) -> int:
    return next(session.number for session in tape.latent.sessions if session.day == HALF_DAY)


@pytest.fixture(scope="module")
def made(tape: Tape, number: int) -> Snapshots:
    return snapshots.snapshots(tape, number)


def test_underlyings_stand_where_the_latent_market_does(tape: Tape, number: int, made: Snapshots) -> None:
    filled = tape.latent.session_minutes(number)
    np.testing.assert_array_equal(made.spot, np.exp(filled.log_price[:-1]))
    np.testing.assert_array_equal(made.volume, filled.volume)
    assert np.diff(made.started_at).tolist() == [MINUTE_US] * 209
    assert made.started_at[0] == filled.session.opens_at


def test_each_name_shows_its_nearest_contracts(made: Snapshots) -> None:
    contracts = [parse_occ(symbol) for symbol in made.symbols]
    assert len(contracts) == COUNT * EXPIRIES_EACH * STRIKES_EACH * 2
    for place, symbol in enumerate(SYMBOLS):
        own = [contract for contract in contracts if contract.underlying == symbol]
        assert len({contract.expiry for contract in own}) == EXPIRIES_EACH
        assert all(contract.expires_at > made.started_at[-1] for contract in own)
        assert min(contract.strike for contract in own) < made.spot[0, place] < max(one.strike for one in own)


def test_quotes_are_around_what_exercise_and_time_are_worth(made: Snapshots) -> None:
    count = len(made.symbols)
    bids, asks = (column.reshape(-1, count) / 100.0 for column in (made.quotes.bid_cents, made.quotes.ask_cents))
    assert (asks > bids).all()
    assert (bids >= 0).all()
    for place, symbol in enumerate(made.symbols):
        contract = parse_occ(symbol)
        if contract.style == "american":
            sign = 1.0 if contract.right == "C" else -1.0
            spot = made.spot[:, SYMBOLS.index(contract.underlying)]
            assert (asks[:, place] > sign * (spot - contract.strike)).all()


def test_the_command_writes_files_that_do_not_depend_on_what_was_made_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The command makes the session alone, in a process of its own; here another one is made first."""
    alone, after = tmp_path / "alone", tmp_path / "after"
    span = ("--from", "2025-11-27", "--to", "2025-11-28", "--processes", "1")
    monkeypatch.setattr("sys.argv", ["snapshots", *span, "--out", str(alone)])
    snapshots.main()
    kinds = ("contracts", "options", "underlyings")
    assert sorted(path.name for path in alone.iterdir()) == [f"{HALF_DAY}.{kind}.parquet" for kind in kinds]
    after.mkdir()
    write(Piece(WORLD, number - 1, date(2025, 11, 26), after))
    rows = write(Piece(WORLD, number, HALF_DAY, after))
    for path in alone.iterdir():
        assert path.read_bytes() == (after / path.name).read_bytes()
    assert pq.read_table(alone / f"{HALF_DAY}.underlyings.parquet").num_rows == 210 * COUNT
    table = pq.read_table(alone / f"{HALF_DAY}.options.parquet")
    assert table.num_rows == rows == 210 * COUNT * EXPIRIES_EACH * STRIKES_EACH * 2
    assert table.schema.metadata[b"simulated"] == b"true"
    assert set(table.column_names) == {"time", "contract", "bid_cents", "ask_cents", "bid_size", "ask_size"}


def test_every_listed_contract_has_its_open_interest_and_its_volume(made: Snapshots) -> None:
    assert set(made.symbols) < set(made.listed)
    assert len(made.listed) == len(set(made.listed)) == len(made.activity.open_interest) == len(made.activity.volume)
    assert made.activity.open_interest.min() >= 0
    assert made.activity.volume.sum() > 1_000_000
