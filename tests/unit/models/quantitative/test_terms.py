"""The limits of the inputs, in numbers of their own: a row on a limit is answered, the next double beyond is not."""

import numpy as np
import pytest

from models.quantitative.european import european
from models.quantitative.reasons import reason_names

ORDINARY = {
    "underlying_price": 100.0,
    "strike": 100.0,
    "years": 1.0,
    "rate": 0.0,
    "dividend_yield": 0.0,
    "vol": 0.2,
    "is_call": 1.0,
}


def reason(**changes: float) -> str:
    return str(reason_names(european(*(ORDINARY | changes).values()).reason_code))


@pytest.mark.parametrize(
    ("name", "limit", "beyond"),
    [
        ("underlying_price", 1e-9, "bad_input"),
        ("underlying_price", 1e9, "bad_input"),
        ("strike", 1e-9, "bad_input"),
        ("strike", 1e9, "bad_input"),
        ("rate", -1.0, "bad_input"),
        ("rate", 1.0, "bad_input"),
        ("dividend_yield", -1.0, "bad_input"),
        ("dividend_yield", 1.0, "bad_input"),
        ("vol", 1e-9, "bad_input"),
        ("vol", 1e3, "bad_input"),
        ("years", 1e-14, "expired"),
        ("years", 100.0, "bad_input"),
    ],
)
def test_limits_belong_to_the_range(name: str, limit: float, beyond: str) -> None:
    outwards = np.inf if limit > 0.5 else -np.inf
    assert reason(**{name: limit}) == "ok"
    assert reason(**{name: float(np.nextafter(limit, outwards))}) == beyond


def test_time_long_past_is_a_mistake_not_an_expiry() -> None:
    assert reason(years=-100.0) == "expired"
    assert reason(years=float(np.nextafter(-100.0, -np.inf))) == "bad_input"


@pytest.mark.parametrize("right", [0.5, 2.0, -1.0, np.nan])
def test_a_right_is_one_or_zero(right: float) -> None:
    assert reason(is_call=right) == "bad_input"
