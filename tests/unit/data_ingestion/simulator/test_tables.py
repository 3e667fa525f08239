"""Years of sessions as tables: the same whatever the processes, and the same market that minutes tell of."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from data_ingestion.simulator import tables
from data_ingestion.simulator.core.bulk import daily
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.generic import SECTORS, generic_names
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.tables import Piece, pieces, weekly
from data_ingestion.simulator.universe import UNIVERSE

WORLD = World(3, Hours.EXCHANGE)
FIRST, LAST = date(2025, 11, 17), date(2025, 12, 5)


def test_the_first_names_are_the_detailed_ones_and_generic_ones_follow_in_pieces() -> None:
    found = pieces(WORLD, 60, FIRST, LAST)
    assert [len(piece.names) for piece in found] == [25, 25, 10]
    names = [name.symbol for piece in found for name in piece.names]
    assert names[:10] == [name.symbol for name in UNIVERSE]
    assert names[10:] == [f"GEN{number:04d}" for number in range(50)]
    assert [name.symbol for piece in pieces(WORLD, 3, FIRST, LAST) for name in piece.names] == ["AAPL", "MSFT", "GOOGL"]


def test_a_generic_name_depends_on_the_seed_and_its_number_alone() -> None:
    few, many = generic_names(3, 5), generic_names(3, 300)
    assert few == many[:5]
    assert generic_names(4, 5) != few
    assert {name.sector for name in many} == set(SECTORS)
    for name in many:
        assert name.market_loading**2 + name.sector_loading**2 < 1.0
        assert 1.0 < name.price < 3_000.0
        assert 0.0 <= name.dividend_yield <= 0.05
        assert name.depth >= 20


def test_sessions_of_a_name_do_not_depend_on_what_is_made_beside_it() -> None:
    together = tables.daily(Piece(WORLD, UNIVERSE[:3], FIRST, LAST))
    alone = tables.daily(Piece(WORLD, UNIVERSE[2:3], FIRST, LAST))
    later = tables.daily(Piece(WORLD, UNIVERSE[2:3], date(2025, 12, 1), LAST))
    assert together.slice(2 * len(alone)).equals(alone)
    assert alone.slice(len(alone) - len(later)).equals(later)
    assert len(alone) == 14  # three weeks less Thanksgiving


def test_a_session_is_what_its_minutes_say() -> None:
    latent = latent_of(WORLD, UNIVERSE[:4], (2025, 2025))
    wanted = [session for session in latent.sessions if FIRST <= session.day <= LAST]
    for batch in daily(latent, wanted):
        for row, session in enumerate(batch.sessions):
            filled = latent.session_minutes(session.number)
            marks = np.exp(filled.log_price)
            for made, expected in (
                (batch.open, marks[0]),
                (batch.close, marks[-1]),
                (batch.high, marks.max(axis=0)),
                (batch.low, marks.min(axis=0)),
                (batch.volume, filled.volume.sum(axis=0)),
                (batch.variance, (np.diff(filled.log_price, axis=0) ** 2).sum(axis=0)),
            ):
                np.testing.assert_allclose(made[row], expected, rtol=1e-11)


def test_weeks_are_named_by_their_mondays_and_span_their_sessions() -> None:
    table = tables.daily(Piece(WORLD, UNIVERSE[:2], FIRST, LAST))
    weeks, days = weekly(table).to_pylist(), table.to_pylist()
    assert [(week["symbol"], week["week"].day) for week in weeks] == [
        (symbol, day) for symbol in ("AAPL", "MSFT") for day in (17, 24, 1)
    ]
    second = [day for day in days if day["symbol"] == "AAPL" and 24 <= day["day"].day <= 28]
    assert len(second) == 4
    assert weeks[1]["open"] == second[0]["open"]
    assert weeks[1]["close"] == second[-1]["close"]
    assert weeks[1]["high"] == max(day["high"] for day in second)
    assert weeks[1]["low"] == min(day["low"] for day in second)
    assert weeks[1]["volume"] == sum(day["volume"] for day in second)


def test_the_file_does_not_depend_on_the_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def written(name: str, *more: str) -> Path:
        path = tmp_path / name
        span = ("--names", "27", "--seed", "3", "--from", "2025-12-01", "--to", "2025-12-05")
        monkeypatch.setattr("sys.argv", ["tables", *span, "--out", str(path), *more])
        tables.main()
        return path

    one, two = written("one.parquet", "--processes", "1"), written("two.parquet", "--processes", "2")
    assert one.read_bytes() == two.read_bytes()
    table = pq.read_table(one)
    assert table.num_rows == 27 * 5
    assert table.schema.metadata == {b"simulated": b"true", b"seed": b"3", b"hours": b"exchange", b"edge": b"1.0"}
    assert not capsys.readouterr().err


def test_weeks_and_the_edge_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "made", lambda wanted, _: map(tables.daily, wanted))  # in this process
    span = ("--names", "2", "--seed", "3", "--from", "2025-12-01", "--to", "2025-12-05")
    monkeypatch.setattr("sys.argv", ["tables", *span, "--weekly", "--edge", "0", "--out", str(tmp_path / "weeks")])
    tables.main()
    weeks = pq.read_table(tmp_path / "weeks")
    assert weeks.num_rows == 2
    assert weeks.schema.metadata[b"edge"] == b"0.0"
