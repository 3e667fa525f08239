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
