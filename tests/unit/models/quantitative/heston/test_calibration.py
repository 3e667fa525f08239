from typing import Any

import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.heston.calibration import Calibration, calibrate
from models.quantitative.heston.parameters import NO_JUMPS, HestonParams, Jumps
from tests.unit.models.quantitative.heston import reference
from tests.unit.models.quantitative.heston.samples import SPOT, draw_params, quotes

USUAL = HestonParams(0.04, 2.0, 0.05, 0.6, -0.7)


def _off(found: tuple[float, ...], true: tuple[float, ...]) -> float:
    return max(abs(one / other - 1.0) for one, other in zip(found, true, strict=True))


def test_known_parameters_are_recovered() -> None:
    """Those of 40 random sets, from one start."""
    rng = np.random.default_rng(8)
    for _ in range(40):
        params = draw_params(rng)
        result = calibrate(*quotes(params).arguments)
        assert result.rms_price <= 1e-10 * SPOT, params
        assert _off(result.params, params) <= 1e-6, params
        assert result.converged
        assert result.starts == 1
        assert result.evaluations <= 60
        assert result.on_bounds == ()
        assert result.rms_vol <= 1e-6
        assert result.jumps == NO_JUMPS
        ratio = 2.0 * params.kappa * params.theta / params.sigma**2
        assert result.feller_ratio == pytest.approx(ratio, rel=1e-5)
        assert result.is_feller == (result.feller_ratio >= 1.0)


def test_jumps_are_recovered() -> None:
    jumps = Jumps(0.8, -0.12, 0.1)
    chain = quotes(USUAL, jumps)
    result = calibrate(*chain.arguments, with_jumps=True)
    assert result.rms_price <= 1e-7 * SPOT
    assert _off(result.params, USUAL) <= 1e-3
    assert _off(result.jumps, jumps) <= 1e-3
    without = calibrate(*chain.arguments)
    assert without.jumps == NO_JUMPS
    assert without.rms_vol > 100.0 * result.rms_vol


def test_no_worse_than_quantlib_on_noisy_quotes() -> None:
    chain = quotes(USUAL)
    rng = np.random.default_rng(9)
    noisy = chain._replace(price=chain.price * (1.0 + 0.01 * rng.standard_normal(chain.price.size)))
    result = calibrate(*noisy.arguments)
    _, theirs = reference.calibrate(noisy)
    assert result.rms_vol == pytest.approx(reference.rms_vol(result.params, noisy), rel=1e-6)
    assert result.rms_vol <= 1.005 * reference.rms_vol(theirs, noisy)


def test_parameters_on_bounds_are_named() -> None:
    result = calibrate(*quotes(USUAL).arguments, limits={"sigma": (0.01, 0.3), "rho": (-0.5, 0.5)})
    assert result.on_bounds == ("sigma", "rho")
    assert result.params.sigma == pytest.approx(0.3, rel=1e-12)
    assert result.params.rho == -0.5
    assert result.starts == 4
    assert result.rms_vol > 0.1
    again = calibrate(*quotes(USUAL).arguments, limits={"sigma": (0.01, 0.3), "rho": (-0.5, 0.5)})
    assert again.params == result.params


def test_wide_quotes_count_less() -> None:
    chain = quotes(USUAL)
    wrong = np.zeros(chain.price.size)
    wrong[::7] = 0.05
    spread = np.where(wrong > 0.0, 50.0, 0.01)
    arguments = (chain.price * (1.0 + wrong), *chain.arguments[1:])
    weighted, even = calibrate(*arguments, spread=spread), calibrate(*arguments)
    assert _off(weighted.params, USUAL) < 1e-3 < _off(even.params, USUAL)


def test_quotes_without_a_volatility_are_left_out() -> None:
    chain = quotes(USUAL)
    price = chain.price.copy()
    price[[3, 40]] = [0.0, 1000.0]
    result = calibrate(price, *chain.arguments[1:])
    assert list(np.flatnonzero(~result.used)) == [3, 40]
    assert _off(result.params, USUAL) <= 1e-6


def test_the_order_and_shape_of_quotes_do_not_matter() -> None:
    chain = quotes(USUAL)
    order = np.random.default_rng(1).permutation(chain.price.size)
    columns = [np.broadcast_to(values, chain.price.shape)[order].reshape(10, 10) for values in chain.arguments]
    result = calibrate(*columns)
    assert isinstance(result, Calibration)
    assert result.used.shape == (10, 10)
    assert _off(result.params, USUAL) <= 1e-7


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": [1.0, -2.0]}, r"^price\[1\] is -2.0: must be 0 or above$"),
        ({"spread": -1.0}, "^spread is -1.0: must be 0 or above$"),
        ({"years": 0.0}, "^years is 0.0: must be from 1e-07 to 100$"),
        ({"limits": {"vol": (0.1, 0.2)}}, "^limits name 'vol': must be among v0, kappa, theta, sigma, rho$"),
        (
            {"limits": {"rho": (0.5, 0.2)}},
            "^limits of rho are 0.5 and 0.2: must rise and lie from -0.9999 to 0.9999$",
        ),
        ({"limits": {"kappa": (0.0, 1.0)}}, "^limits of kappa are 0.0 and 1.0: must rise and lie from 0.0001 to 100$"),
        (
            {},
            r"^1 of 2 quotes have an implied volatility \(1 below_intrinsic\): give at least 5$",
        ),
    ],
)
def test_bad_input_is_named(changed: dict[str, Any], message: str) -> None:
    terms: dict[str, Any] = {
        "price": [3.0, 0.0], "underlying_price": 100.0, "strike": [100.0, 110.0], "years": 0.5, "rate": 0.0,
        "dividend_yield": 0.0, "is_call": True,
    }  # fmt: skip
    with pytest.raises(BadInput, match=message):
        calibrate(**(terms | changed))
