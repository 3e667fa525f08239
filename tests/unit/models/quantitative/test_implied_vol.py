from types import ModuleType

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from models.quantitative import blocks, compiled
from models.quantitative.blocks import evaluate
from models.quantitative.formulas import Formula
from models.quantitative.implied_vol import NORMALISED

VOLS = np.geomspace(1e-5, 8.0, 25)
RATIOS = (0.0, 1e-9, 1e-4, 0.01, 0.1, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 36.0)
"""|x|/s"""


def _normal_prices(x: float, vol: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Out-of-the-money price and headroom over √(F·K), exact."""
    x, vol = mpmath.mpf(x), mpmath.mpf(vol)
    near, far = (vol / 2 - x / vol) / mpmath.sqrt(2), (vol / 2 + x / vol) / mpmath.sqrt(2)
    low, high = mpmath.exp(-x / 2) / 2, mpmath.exp(x / 2) / 2
    return low * mpmath.erfc(-near) - high * mpmath.erfc(far), low * mpmath.erfc(near) + high * mpmath.erfc(far)


@pytest.fixture(scope="module")
def grid() -> NDArray[np.float64]:
    """Rows of moneyness, price, headroom and the volatility that makes them, down to prices of 1e-300."""
    rows = []
    with mpmath.workdps(60):
        for vol in VOLS:
            for ratio in RATIOS:
                x = min(ratio * vol, 240.0)
                price, headroom = _normal_prices(x, vol)
                if min(price, headroom) > 1e-300:
                    rows.append((x, float(price), float(headroom), vol))
    return np.array(rows).T


@pytest.mark.parametrize("engine", [blocks, compiled])
def test_total_vol_is_exact_to_a_few_roundings_everywhere(grid: NDArray[np.float64], engine: ModuleType) -> None:
    (vol,) = engine.evaluate(NORMALISED, *grid[:3])
    assert grid.shape[1] > 350
    assert np.abs(vol / grid[3] - 1.0).max() < 6e-15


@pytest.mark.parametrize(("stage", "error"), [("guess", 0.125), ("first_vol", 2.5e-5)])
def test_each_stage_keeps_what_the_theory_promises(grid: NDArray[np.float64], stage: str, error: float) -> None:
    (vol,) = evaluate(Formula(NORMALISED.inputs, NORMALISED.steps, (stage,)), *grid[:3])
    assert np.abs(vol / grid[3] - 1.0).max() < error


def test_no_divisor_comes_near_zero(grid: NDArray[np.float64]) -> None:
    """Spark ends the job on a zero divisor, so the ones that no guard protects are watched here."""
    names = ("log_target", "guess", "first_level", "first_bracket", "first_slope", "first_vol", "second_level",
             "second_bracket", "second_slope")  # fmt: skip
    steps = tuple(step for step in NORMALISED.steps if step[0] in names)
    watched = tuple(name for name, _ in steps)
    values = np.array(evaluate(Formula(NORMALISED.inputs, NORMALISED.steps, watched), *grid[:3]))
    assert np.isfinite(values).all()
    assert np.abs(values[[watched.index(name) for name in ("log_target", "first_level", "second_level")]]).min() > 0.5
    assert np.abs(values[[watched.index("first_slope"), watched.index("second_slope")]]).min() > 1e-3


@pytest.mark.parametrize("price", [1e-12, 1e-100, 1e-280])
def test_the_tiniest_price_at_the_money_has_the_volatility_of_a_straight_line(price: float) -> None:
    (vol,) = evaluate(NORMALISED, 0.0, price, 1.0)
    assert vol == pytest.approx(np.sqrt(2.0 * np.pi) * price, rel=1e-11)
