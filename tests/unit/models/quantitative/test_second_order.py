import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quantitative.european import european
from models.quantitative.reasons import Reason, reason_names
from models.quantitative.second_order import SecondOrderGreeks, second_order
from tests.unit.models.quantitative import exact

REFERENCE = [
    (100.0, strike, years, rate, dividend, vol)
    for strike, years, (rate, dividend), vol in itertools.product(
        (60.0, 97.0, 100.0, 104.0, 180.0),
        (3.0 / 365.0, 0.25, 3.0),
        ((0.0, 0.0), (0.05, 0.02), (-0.01, 0.08)),
        (0.1, 0.25, 1.2),
    )
]
NAMES = SecondOrderGreeks._fields[1:]


@pytest.mark.parametrize("is_call", [True, False])
def test_against_derivatives_in_fifty_digits(is_call: bool) -> None:  # noqa: FBT001 - a parameter of the test
    computed = second_order(*np.array([(*row, is_call) for row in REFERENCE]).T)
    for place, row in enumerate(REFERENCE):
        truth = exact.second_order(row, is_call=is_call)
        gamma = float(exact.greeks(*row, is_call=is_call)["gamma"])
        for name in NAMES:
            found = float(getattr(computed, name)[place])
            size = gamma * 1e-2 if name in {"color", "zomma", "speed"} else 1e-4
            assert found == pytest.approx(float(truth[name]), rel=2e-12, abs=1e-12 * size + 1e-60), (row, name)


@given(st.floats(50.0, 200.0), st.floats(0.05, 2.0), st.floats(0.05, 1.0), st.floats(-0.02, 0.1), st.floats(0.0, 0.1))
def test_calls_and_puts_differ_only_in_charm(
    spot: float, years: float, vol: float, rate: float, dividend: float
) -> None:
    """Parity: their deltas differ by exp(−qT), which only time changes."""
    call, put = (second_order(spot, 100.0, years, rate, dividend, vol, is_call=right) for right in (True, False))
    for name in ("vanna", "volga", "speed", "color", "zomma"):
        assert getattr(call, name) == getattr(put, name)
    assert call.charm - put.charm == pytest.approx(dividend * np.exp(-dividend * years) / 365.0, abs=1e-15)


@given(st.floats(60.0, 160.0), st.floats(0.1, 2.0), st.floats(0.1, 1.0), st.sampled_from([True, False]))
def test_they_are_the_slopes_of_the_greeks(spot: float, years: float, vol: float, is_call: bool) -> None:  # noqa: FBT001
    step = 1e-4
    sides = np.array([-1.0, 1.0]) * step
    found = second_order(spot, 100.0, years, 0.03, 0.01, vol, is_call)
    by_vol = european(spot, 100.0, years, 0.03, 0.01, vol + sides, is_call)
    by_time = european(spot, 100.0, years - sides, 0.03, 0.01, vol, is_call)
    by_spot = european(spot * (1.0 + sides), 100.0, years, 0.03, 0.01, vol, is_call)
    per_point, per_day, per_dollar = 0.01 / (2 * step), 1.0 / (365.0 * 2 * step), 1.0 / (2 * step * spot)
    for value, slope in (
        (found.vanna, np.diff(by_vol.delta)[0] * per_point),
        (found.volga, np.diff(by_vol.vega)[0] * per_point),
        (found.zomma, np.diff(by_vol.gamma)[0] * per_point),
        (found.charm, np.diff(by_time.delta)[0] * per_day),
        (found.color, np.diff(by_time.gamma)[0] * per_day),
        (found.speed, np.diff(by_spot.gamma)[0] * per_dollar),
    ):
        assert value == pytest.approx(slope, rel=1e-4, abs=1e-8)


def test_rows_without_an_answer_say_why() -> None:
    computed = second_order(100.0, 100.0, [1.0, 0.0, 1.0], 0.0, 0.0, [0.2, 0.2, np.nan], is_call=True)
    assert reason_names(computed.reason_code).tolist() == ["ok", "expired", "bad_input"]
    assert computed.reason_code[0] == Reason.OK
    for name in NAMES:
        assert np.isnan(getattr(computed, name)).tolist() == [False, True, True]
