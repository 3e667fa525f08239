import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quantitative.digital import asset_or_nothing, cash_or_nothing
from models.quantitative.european import EuropeanGreeks, european
from models.quantitative.reasons import reason_names
from tests.unit.models.quantitative import exact

REFERENCE = [
    (100.0, strike, years, rate, dividend, vol)
    for strike, years, (rate, dividend), vol in itertools.product(
        (70.0, 99.0, 100.0, 150.0), (5.0 / 365.0, 0.5, 4.0), ((0.0, 0.0), (0.06, 0.01), (-0.01, 0.05)), (0.1, 0.3, 1.0)
    )
]
NAMES = EuropeanGreeks._fields[1:]
MARKETS = (st.floats(50.0, 200.0), st.floats(0.02, 3.0), st.floats(0.05, 1.0), st.floats(-0.02, 0.1))


@pytest.mark.parametrize(("pays_cash", "is_call"), list(itertools.product((True, False), repeat=2)))
def test_against_derivatives_in_fifty_digits(pays_cash: bool, is_call: bool) -> None:  # noqa: FBT001 - parameters
    function = cash_or_nothing if pays_cash else asset_or_nothing
    computed = function(*np.array([(*row, is_call) for row in REFERENCE]).T)
    size = 1.0 if pays_cash else 100.0
    for place, row in enumerate(REFERENCE):
        truth = exact.digital(row, is_call=is_call, pays_cash=pays_cash)
        for name in NAMES:
            found = float(getattr(computed, name)[place])
            assert found == pytest.approx(float(truth[name]), rel=1e-12, abs=1e-14 * size), (row, name)


@given(*MARKETS)
def test_both_rights_together_are_certain(spot: float, years: float, vol: float, rate: float) -> None:
    cash = [cash_or_nothing(spot, 100.0, years, rate, 0.02, vol, is_call=right) for right in (True, False)]
    asset = [asset_or_nothing(spot, 100.0, years, rate, 0.02, vol, is_call=right) for right in (True, False)]
    assert cash[0].price + cash[1].price == pytest.approx(np.exp(-rate * years), rel=1e-14)
    assert asset[0].price + asset[1].price == pytest.approx(spot * np.exp(-0.02 * years), rel=1e-14)
    assert cash[0].vega + cash[1].vega == pytest.approx(0.0, abs=1e-15)
    assert asset[0].gamma + asset[1].gamma == pytest.approx(0.0, abs=1e-15)


@given(*MARKETS, st.sampled_from([True, False]))
def test_an_option_is_made_of_both(spot: float, years: float, vol: float, rate: float, is_call: bool) -> None:  # noqa: FBT001
    arguments = (spot, 100.0, years, rate, 0.02, vol, is_call)
    whole, cash, asset = european(*arguments), cash_or_nothing(*arguments), asset_or_nothing(*arguments)
    side = 1.0 if is_call else -1.0
    for name in NAMES:
        made = side * (getattr(asset, name) - 100.0 * getattr(cash, name))
        size = abs(getattr(asset, name)) + 100.0 * abs(getattr(cash, name))
        assert getattr(whole, name) == pytest.approx(made, abs=1e-13 * size + 1e-15)


def test_limits_and_reasons() -> None:
    sure = cash_or_nothing([1e4, 1e-2], 100.0, 1.0, 0.05, 0.0, 0.2, is_call=True)
    assert sure.price == pytest.approx([np.exp(-0.05), 0.0], abs=1e-15)
    bad = asset_or_nothing([100.0, -1.0, 100.0], 100.0, [1.0, 1.0, -1.0], 0.0, 0.0, 0.2, is_call=False)
    assert reason_names(bad.reason_code).tolist() == ["ok", "bad_input", "expired"]
    assert np.isnan(bad.price).tolist() == [False, True, True]
