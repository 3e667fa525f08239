"""What happens moves a name at its moment or over its minutes, and every level above adds it up."""

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import elapsed, minute_shares
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.moves import DRIFT_MINUTES, Impulses, Moves, no_moves, of_day
from tests.unit.data_ingestion.simulator.core.market import PRICES, SYMBOLS, USUAL, latent

NUMBER = 9060
"""An ordinary session before the anchor of prices."""


def share_at(minute: float, count: int = 390) -> float:
    return float(elapsed(np.array(minute / count)))


def moves(*rows: tuple[int, int, float, float, float]) -> Moves:
    sessions = len(latent().sessions)
    quiet = no_moves(sessions, len(SYMBOLS))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return quiet._replace(impulses=Impulses(*columns))


def test_a_jump_stands_at_its_minute_and_a_drift_in_those_after_it() -> None:
    found = of_day(moves((NUMBER, 1, share_at(100.5), 0.04, 0.03)), NUMBER, 390)
    assert np.argwhere(found.jump).tolist() == [[100, 1]]
    assert found.jump[100, 1] == 0.04
    assert found.jump_share[100, 1] == pytest.approx(0.5, abs=0.01)
    assert np.flatnonzero(found.drift[:, 1]).tolist() == list(range(100, 100 + DRIFT_MINUTES))
    assert found.drift[100:130, 1] == pytest.approx(0.001)
    assert not of_day(moves((NUMBER, 1, 0.5, 0.04, 0.03)), NUMBER + 1, 390).jump.any()


def test_what_comes_near_the_close_has_the_rest_of_the_day() -> None:
    found = of_day(moves((NUMBER, 0, share_at(385.2), 0.0, 0.03), (NUMBER, 2, 1.0, 0.01, 0.02)), NUMBER, 390)
    assert np.flatnonzero(found.drift[:, 0]).tolist() == [385, 386, 387, 388, 389]
    assert found.drift[:, 0].sum() == pytest.approx(0.03)
    assert found.jump[389, 2] == 0.01
    assert found.drift[389, 2] == 0.02


def test_the_days_drift_goes_as_activity_goes() -> None:
    quiet = no_moves(len(latent().sessions), len(SYMBOLS))
    drift = quiet.drift.copy()
    drift[NUMBER, 0] = 0.01
    found = of_day(quiet._replace(drift=drift), NUMBER, 390)
    np.testing.assert_allclose(found.drift[:, 0], 0.01 * minute_shares(390))
    assert quiet._replace(drift=drift).of_day()[NUMBER].tolist() == [0.01, 0.0, 0.0]


def test_sessions_minutes_and_grids_agree_on_what_happened() -> None:
    quiet = latent()
    happened = moves((NUMBER, 0, share_at(50.25), 0.05, 0.006), (NUMBER, 0, share_at(60.0), -0.02, 0.0))
    night = happened.night.copy()
    night[NUMBER + 1, 0] = 0.1
    busy = Latent(quiet.world, SYMBOLS, quiet.mix, PRICES, USUAL, happened._replace(night=night))
    extra = busy.log_opens - quiet.log_opens
    assert np.abs(extra[: NUMBER + 1] - extra[0]).max() < 1e-9
    assert extra[NUMBER + 1, 0] - extra[NUMBER, 0] == pytest.approx(0.05 + 0.006 - 0.02 + 0.1)
    assert not extra[:, 1:].any()
    ours, theirs = busy.session_minutes(NUMBER), quiet.session_minutes(NUMBER)
    moved = (ours.log_price - theirs.log_price)[:, 0] - extra[NUMBER, 0]
    assert moved[[50, 51, 60, 61, 80, 390]] == pytest.approx([0.0, 0.0502, 0.052, 0.0322, 0.036, 0.036], abs=1e-9)
    for minute in (50, 55, 60):
        path, still = busy.segment(NUMBER, minute).path, quiet.segment(NUMBER, minute).path
        difference = (path.log_price - still.log_price)[:, 0] - extra[NUMBER, 0]
        assert difference[0] == pytest.approx(moved[minute], abs=1e-12)
        assert difference[-1] == pytest.approx(moved[minute + 1], abs=1e-6)
        assert path.step_drift[0] - still.step_drift[0] == pytest.approx(0.0002 / 1200)
    path, still = busy.segment(NUMBER, 50).path, quiet.segment(NUMBER, 50).path
    jumped = np.diff(path.log_price[:, 0] - still.log_price[:, 0])
    assert 280 <= int(np.argmax(jumped)) <= 320  # a quarter into the minute
