"""The truth in files: what the grid says, whatever is made before it; and scores that nobody can beat."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from contracts.errors import BadInput
from data_ingestion.simulator import truth
from data_ingestion.simulator.core import bulk, flow, grid
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.foretold import Foreseen, foreseen
from data_ingestion.simulator.truth import HORIZONS, HORIZONS_S, OF_A_SQUARE, Best, Piece, over_seconds, over_sessions
from data_ingestion.simulator.universe import UNIVERSE

WORLD = World(5, Hours.EXCHANGE)
DAY = date(2024, 6, 12)


@cache
def market() -> Foreseen:
    return foreseen(WORLD, 2023, 2025)


def number_of(day: date) -> int:
    return next(session.number for session in market().latent.sessions if session.day == day)


@pytest.mark.parametrize("minute", [0, 200, 389])
def test_over_seconds_it_is_what_the_grid_of_the_minute_says(minute: int) -> None:
    told, latent = over_seconds(market(), number_of(DAY)), market().latent
    path = latent.segment(number_of(DAY), minute).path
    for row, horizon in enumerate(HORIZONS_S):
        known = grid.truth(path.pressure[0], path.step_deviation, path.step_drift, flow.LEAD, horizon)
        np.testing.assert_allclose(told.expected_return[row, minute], known.expected_return, rtol=1e-9, atol=1e-18)
        np.testing.assert_allclose(told.probability_up[row, minute], known.probability_up, rtol=1e-9)
        np.testing.assert_allclose(told.expected_variance[row, minute], known.standard_deviation**2, rtol=1e-9)


def test_over_a_minute_outcomes_agree_with_it() -> None:
    """The next minute's return less the expected one is of mean zero and as large as expected; ups are as frequent."""
    scaled, lean, up = [], [], []
    for number in range(number_of(DAY), number_of(DAY) + 20):
        filled = market().latent.session_minutes(number)
        told = over_seconds(market(), number)
        moved = np.diff(filled.log_price, axis=0)
        scaled.append(((moved - told.expected_return[1]) / np.sqrt(told.expected_variance[1])).ravel())
        lean.append((told.probability_up[1] - 0.5).ravel())
        up.append((moved > 0).ravel() - 0.5)
    calm = np.abs(np.concatenate(scaled)) < 6
    assert np.concatenate(scaled)[calm].std() == pytest.approx(1.0, abs=0.02)
    leans, ups = np.concatenate(lean), np.concatenate(up)
    assert (leans * ups).sum() / (leans**2).sum() == pytest.approx(1.0, abs=0.25)


def test_squares_of_nights_and_minutes_are_as_large_as_expected() -> None:
    rows = np.arange(number_of(date(2023, 2, 1)), number_of(date(2024, 12, 2)), 5)
    came = truth._realised(market(), rows)
    told = np.stack([truth._measurable(market(), int(row)) for row in rows])
    ratio = (came / told).mean(axis=(0, 2))
    np.testing.assert_allclose(ratio[:2], 1.0, atol=0.12)
    one = number_of(DAY)
    batch = next(bulk.daily(market().latent, [market().latent.sessions[one]]))
    alone = truth._realised(market(), np.array([one]))[0, 0]
    assert (alone > batch.variance[0]).all()


def test_files_say_what_the_functions_say_whatever_was_made_before(tmp_path: Path) -> None:
    number = number_of(DAY)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    first = Piece(WORLD, number, DAY, tmp_path / "one")
    assert truth.write(first) == 390 * 10 * len(HORIZONS_S) + 10 * len(HORIZONS)
    truth.write(Piece(WORLD, number + 3, date(2024, 6, 17), tmp_path / "two"))
    truth.write(first._replace(folder=tmp_path / "two"))
    for kind in ("seconds", "sessions"):
        name = f"{DAY}.{kind}.parquet"
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    seconds = pq.read_table(tmp_path / "one" / f"{DAY}.seconds.parquet").to_pandas()
    told = over_seconds(market(), number)
    chosen = seconds[(seconds["symbol"] == UNIVERSE[3].symbol) & (seconds["horizon_s"] == HORIZONS_S[1])]
    np.testing.assert_array_equal(chosen["probability_up"], told.probability_up[1, :, 3])
    assert chosen["time"].iloc[0].isoformat() == "2024-06-12T13:30:00+00:00"
    table = pq.read_table(tmp_path / "one" / f"{DAY}.sessions.parquet")
    assert table.schema.metadata == {b"simulated": b"true", b"seed": b"5", b"hours": b"exchange", b"edge": b"1.0"}
    known, rows = over_sessions(market(), number), table.to_pandas()
    assert set(rows["time"].map(str)) == {"2024-06-11 20:00:00+00:00"}
    month = rows[rows["horizon_sessions"] == HORIZONS[2]]
    np.testing.assert_array_equal(month["expected_variance"], known.standard_deviation[2] ** 2)
    np.testing.assert_array_equal(month["probability_up"], known.probability_up[2])
    assert list(month["symbol"]) == [name.symbol for name in UNIVERSE]


def test_the_command_writes_two_files_a_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ("--seed", "5", "--from", "2024-06-12", "--to", "2024-06-13", "--processes", "1")
    monkeypatch.setattr("sys.argv", ["truth", *span, "--out", str(tmp_path)])
    truth.main()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"2024-06-{day}.{kind}.parquet" for day in (12, 13) for kind in ("seconds", "sessions")
    ]
    assert not capsys.readouterr().err
    here = tmp_path / "here"
    here.mkdir()
    truth.write(Piece(WORLD, number_of(DAY), DAY, here))
    for path in here.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


@cache
def best(edge: float = 1.0) -> dict[str, Best]:
    found = truth.attainable(WORLD._replace(edge=edge), date(2023, 3, 1), date(2024, 6, 28), every=24, pairs=50)
    return {one.horizon: one for one in found}


def test_the_best_scores_are_better_than_a_coins_and_the_shorter_horizon_s_are_better() -> None:
    found = best()
    assert list(found) == ["10 s", "60 s", "1 session", "5 sessions", "22 sessions", "63 sessions"]
    assert found["10 s"].brier.value == pytest.approx(0.242, abs=0.001)
    assert found["10 s"].brier.value < found["60 s"].brier.value < found["1 session"].brier.value < 0.25
    for one in found.values():
        assert one.log_score.value < np.log(2)
        assert one.brier_skill.value == pytest.approx(1 - 4 * one.brier.value)
        assert one.brier.value <= one.constant < 0.2501
        assert 0 < one.brier.error < 0.005
    assert found["10 s"].qlike.value == OF_A_SQUARE
    assert 0.02 < found["1 session"].qlike.value < 0.3


def test_without_edge_nothing_is_known_of_the_next_seconds() -> None:
    found = best(0.0)
    assert found["10 s"].brier.value == pytest.approx(0.25, abs=1e-6)
    assert found["10 s"].brier_skill.value < best()["10 s"].brier_skill.value / 1000


@pytest.mark.parametrize("span", [(date(2024, 6, 1), date(2024, 9, 1)), (date(2032, 1, 1), date(2032, 12, 31))])
def test_scores_need_enough_days_with_a_quarter_after_them(span: tuple[date, date]) -> None:
    with pytest.raises(BadInput, match="give"):
        truth.attainable(WORLD, *span)
