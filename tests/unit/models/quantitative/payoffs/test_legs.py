from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.payoffs.legs import (
    CashLeg,
    OptionLeg,
    StockLeg,
    common_expiry,
    net_cost,
    options_of,
    shares_of,
)

CALL = OptionLeg(-2, 100.0, "C", 0.5, premium=3.0, multiplier=10.0)
LEGS = (StockLeg(20, 98.0), CALL, CashLeg(500.0))


def test_costs_add_up() -> None:
    assert CALL.shares == -20
    assert CALL.cost == -60.0
    assert net_cost(LEGS) == 20 * 98.0 - 60.0 + 500.0
    assert shares_of(LEGS) == 20
    assert options_of(LEGS) == (CALL,)


def test_the_common_expiry_is_that_of_the_options() -> None:
    assert common_expiry(LEGS) == 0.5
    assert common_expiry((StockLeg(1, 1.0),)) is None
    with pytest.raises(BadInput, match="give a horizon"):
        common_expiry((CALL, OptionLeg(1, 100.0, "C", 0.6)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", float("nan")), ("strike", 0.0), ("strike", -5.0), ("years", -0.1), ("premium", -1.0),
        ("premium", float("nan")), ("multiplier", 0.0), ("right", "X"),
    ],
)  # fmt: skip
def test_an_impossible_option_cannot_be_made(field: str, value: object) -> None:
    terms: dict[str, object] = {
        "quantity": 1.0,
        "strike": 100.0,
        "right": "C",
        "years": 0.5,
        "premium": 1.0,
        "multiplier": 100.0,
    }
    with pytest.raises(BadInput, match="is_call" if field == "right" else field):
        OptionLeg(**(terms | {field: value}))  # type: ignore[arg-type]


def test_impossible_stock_and_cash_cannot_be_made() -> None:
    with pytest.raises(BadInput, match="price"):
        StockLeg(100, -1.0)
    with pytest.raises(BadInput, match="quantity"):
        StockLeg(float("inf"), 1.0)
    with pytest.raises(BadInput, match="amount"):
        CashLeg(float("nan"))


def test_what_a_leg_is_when_nothing_more_is_said() -> None:
    call, put = OptionLeg(2, 100.0, "C", 0.5), OptionLeg(-1, 100.0, "P", 0.5)
    assert (call.is_call, put.is_call) == (True, False)
    assert (call.shares, put.shares) == (200.0, -100.0)
    assert (call.cost, put.cost) == (0.0, 0.0)


@pytest.mark.parametrize(("leg", "field"), [(CALL, "strike"), (LEGS[0], "quantity"), (LEGS[2], "amount")])
def test_a_leg_stays_as_it_was_made(leg: object, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(leg, field, 1.0)


def test_a_free_option_that_expires_now_is_a_leg() -> None:
    assert OptionLeg(1, 100.0, "C", 0.0, premium=0.0).years == 0.0
    assert StockLeg(1, 0.0).cost == 0.0


def test_expiries_within_a_thirtieth_of_a_second_are_one() -> None:
    now, then = OptionLeg(1, 100.0, "C", 0.0), OptionLeg(1, 100.0, "C", 1e-9)
    assert (common_expiry((now, then)), common_expiry((then, now))) == (0.0, 1e-9)
    with pytest.raises(BadInput, match=r"different times \(0\.0 to 1\.0.*e-09 years\): give a horizon"):
        common_expiry((OptionLeg(1, 100.0, "C", float(np.nextafter(1e-9, 1.0))), now))
