import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.european import EuropeanGreeks, european
from models.quantitative.payoffs.legs import CashLeg, OptionLeg, Position, StockLeg
from models.quantitative.payoffs.profile import extent, profit_at_expiry
from models.quantitative.payoffs.strategies import Market, build, build_priced
from models.quantitative.payoffs.valuation import PositionGreeks, profit_before_expiry, value_position

SPOT, RATE, DIVIDEND = 100.0, 0.04, 0.01
VOLS = [0.22, 0.20, 0.19, 0.18]
MARKET = Market(SPOT, RATE, DIVIDEND, VOLS)
CONDOR = build_priced("iron_condor", [85.0, 95.0, 105.0, 115.0], [0.25], MARKET, contracts=3)
PRICES = np.array([[80.0, 95.0], [100.0, 121.0]])


def test_a_position_is_the_sum_of_its_legs() -> None:
    legs: Position = (*CONDOR, StockLeg(50, 90.0), CashLeg(1000.0))
    found = value_position(legs, PRICES, RATE, DIVIDEND, VOLS)
    extra = {"value": 50 * PRICES + 1000.0, "delta": 50.0}
    for name in ("value", "delta", "gamma", "vega", "theta", "rho"):
        options = sum(
            300.0
            * quantity
            * getattr(european(PRICES, strike, 0.25, RATE, DIVIDEND, vol, call), "price" if name == "value" else name)
            for quantity, strike, vol, call in zip(
                (1, -1, -1, 1), (85.0, 95.0, 105.0, 115.0), VOLS, (0, 0, 1, 1), strict=True
            )
        )
        assert getattr(found, name) == pytest.approx(options + extra.get(name, 0.0), rel=1e-12)
        assert getattr(found, name).shape == PRICES.shape


def test_a_position_bought_at_model_prices_has_no_profit_yet() -> None:
    assert value_position(CONDOR, SPOT, RATE, DIVIDEND, VOLS).profit == pytest.approx(0.0, abs=1e-10)


def test_greeks_are_the_slopes_of_the_value() -> None:
    def value(spot: float = SPOT, rate: float = RATE, shift: float = 0.0, elapsed: float = 0.05) -> float:
        return float(value_position(CONDOR, spot, rate, DIVIDEND, np.add(VOLS, shift), elapsed).value)

    here = value_position(CONDOR, SPOT, RATE, DIVIDEND, VOLS, 0.05)
    h = 1e-4
    assert here.delta == pytest.approx((value(SPOT + h) - value(SPOT - h)) / (2 * h), rel=1e-6)
    assert here.gamma == pytest.approx((value(SPOT + 0.01) - 2 * value() + value(SPOT - 0.01)) / 1e-4, rel=1e-4)
    assert here.vega == pytest.approx((value(shift=h) - value(shift=-h)) / (2 * h) / 100.0, rel=1e-6)
    assert here.theta == pytest.approx((value(elapsed=0.05 + h) - value(elapsed=0.05 - h)) / (2 * h) / 365.0, rel=1e-6)
    assert here.rho == pytest.approx((value(rate=RATE + h) - value(rate=RATE - h)) / (2 * h) / 100.0, rel=1e-6)


def test_at_expiry_only_intrinsic_value_is_left() -> None:
    at_end = value_position(CONDOR, PRICES, RATE, DIVIDEND, VOLS, elapsed_years=0.25)
    assert at_end.profit == pytest.approx(profit_at_expiry(CONDOR).at(PRICES))
    assert at_end.delta.tolist() == [[0.0, 150.0], [0.0, 0.0]]  # at the strike of a put half of its slope
    assert not np.any([at_end.gamma, at_end.vega, at_end.theta, at_end.rho])
    just_before = value_position(CONDOR, PRICES, RATE, DIVIDEND, VOLS, elapsed_years=0.25 - 1e-8)
    assert just_before.profit == pytest.approx(at_end.profit, abs=0.3)


def test_a_calendar_gains_most_near_its_strike() -> None:
    calendar = build_priced("call_calendar", [100.0], [0.1, 0.3], Market(SPOT, 0.0, 0.0, 0.2))
    grid = np.linspace(60.0, 160.0, 201)
    profile = profit_before_expiry(calendar, grid, 0.0, 0.0, 0.2, elapsed_years=0.1)
    found = extent(profile)
    assert profile.prices[np.argmax(profile.profits)] == pytest.approx(100.0)
    assert found.break_evens.size == 2
    paid = sum(leg.cost for leg in calendar)
    assert 0.0 < found.max_loss <= paid
    assert profile.at([100.0, 1e4]) == pytest.approx(
        [float(european(100.0, 100.0, 0.2, 0.0, 0.0, 0.2, 1).price) * 100.0 - paid, -paid], abs=0.5
    )


def test_another_model_may_value_the_legs() -> None:
    def dearer(*arguments: object, **named: object) -> EuropeanGreeks:
        result = european(*arguments, **named)  # type: ignore[arg-type]
        return result._replace(price=result.price + 1.0)

    legs = (OptionLeg(2, 100.0, "P", 0.5),)
    plain = value_position(legs, PRICES, RATE, DIVIDEND, 0.2)
    other = value_position(legs, PRICES, RATE, DIVIDEND, 0.2, model=dearer)
    assert other.value - plain.value == pytest.approx(np.full(PRICES.shape, 200.0))


def test_results_are_in_dollars_and_named() -> None:
    assert PositionGreeks._fields == ("value", "profit", "delta", "gamma", "vega", "theta", "rho")
    one = (OptionLeg(1, 100.0, "C", 1.0),)
    found = value_position(one, 100.0, 0.05, 0.0, 0.2)
    assert float(found.value) == pytest.approx(1045.0583572185565)
    assert float(found.vega) == pytest.approx(37.52403469169379)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"elapsed_years": 0.26}, "beyond the first expiry"),
        ({"elapsed_years": -0.1}, "elapsed_years"),
        ({"vol": 0.0}, "vol"),
        ({"vol": [0.2, 0.2, np.nan, 0.2]}, r"vol\[2\]"),
        ({"underlying_price": [100.0, -1.0]}, r"underlying_price\[1\]"),
        ({"underlying_price": [100.0, 1e10]}, r"underlying_price\[1\].*bad_input"),
        ({"rate": 7.0}, "bad_input"),
    ],
)
def test_bad_input_is_named(changes: dict[str, float], named: str) -> None:
    arguments = {"underlying_price": 100.0, "rate": RATE, "dividend_yield": DIVIDEND, "vol": VOLS}
    with pytest.raises(BadInput, match=named):
        value_position(CONDOR, **(arguments | changes))  # type: ignore[arg-type]


def test_as_many_volatilities_as_options() -> None:
    with pytest.raises(BadInput, match="vol"):
        value_position(CONDOR, 100.0, RATE, DIVIDEND, [0.2, 0.3])


@pytest.mark.parametrize("prices", [[100.0], [100.0, 90.0], [[90.0, 100.0]]])
def test_a_profile_needs_ascending_prices(prices: list[float]) -> None:
    with pytest.raises(BadInput, match="ascending"):
        profit_before_expiry(CONDOR, prices, RATE, DIVIDEND, 0.2, 0.1)


def test_legs_built_by_hand_and_by_name_are_the_same() -> None:
    assert build("short_put", [90.0], [0.5], [2.0]) == (OptionLeg(-1, 90.0, "P", 0.5, 2.0),)


def test_at_expiry_delta_is_the_slope_and_half_of_it_at_the_strike() -> None:
    for right, slopes in (("C", [0.0, 50.0, 100.0]), ("P", [-100.0, -50.0, 0.0])):
        leg = build("long_call" if right == "C" else "long_put", [100.0], [0.1])
        found = value_position(leg, [99.0, 100.0, 101.0], RATE, DIVIDEND, 0.2, elapsed_years=0.1)
        assert found.delta.tolist() == slopes


def test_an_option_expires_within_a_thirtieth_of_a_second() -> None:
    def value(years: float, elapsed: float) -> float:
        return float(value_position((OptionLeg(1, 100.0, "C", years),), 100.0, 0.0, 0.0, 0.2, elapsed).value)

    beyond = float(np.nextafter(1e-9, 1.0))
    assert (value(1e-9, 0.0), value(0.0, 1e-9)) == (0.0, 0.0)
    assert value(beyond, 0.0) > 0.0
    with pytest.raises(BadInput, match=r"must not be beyond the first expiry, 0\.0$"):
        value(0.0, beyond)


def test_two_near_prices_are_a_profile_and_a_price_twice_is_none() -> None:
    call = (OptionLeg(1, 100.0, "C", 0.5, premium=5.0),)
    found = profit_before_expiry(call, [120.0, 120.5], RATE, DIVIDEND, 0.2, 0.1)
    assert found.profits == pytest.approx(value_position(call, found.prices, RATE, DIVIDEND, 0.2, 0.1).profit)
    assert found.last_slope == pytest.approx(100.0 * np.exp(-DIVIDEND * 0.4))
    with pytest.raises(BadInput, match="ascending"):
        profit_before_expiry(call, [100.0, 100.0], RATE, DIVIDEND, 0.2, 0.1)
