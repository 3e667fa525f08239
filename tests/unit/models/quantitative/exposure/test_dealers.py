import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.european import european
from models.quantitative.exposure.dealers import (
    DEALERS_LONG_CALLS_SHORT_PUTS,
    DEALERS_SHORT_ALL,
    Exposures,
    exposures,
    sum_by,
    total,
    walls,
)
from models.quantitative.reasons import Reason
from tests.unit.models.quantitative.exposure.chains import DIVIDEND, RATE, SPOT, chain

MEASURES = Exposures._fields[1:5]


def _delta(spot: float, vol_shift: float = 0.0, days: float = 0.0) -> Floats:
    c = chain()
    return european(spot, c.strike, c.years - days / 365.0, RATE, DIVIDEND, c.vol + vol_shift, c.is_call).delta


def _parts(**changes: object) -> Exposures:
    """Exposures of the chain with Greeks of higher order by differences."""
    c = chain()
    greeks = european(SPOT, c.strike, c.years, RATE, DIVIDEND, c.vol, c.is_call)
    vanna = (_delta(SPOT, 1e-5) - _delta(SPOT, -1e-5)) / 2e-3
    charm = (_delta(SPOT, days=1e-3) - _delta(SPOT, days=-1e-3)) / 2e-3
    arguments = {
        "underlying_price": SPOT, "is_call": c.is_call, "open_interest": c.open_interest, "delta": greeks.delta,
        "gamma": greeks.gamma, "vanna": vanna, "charm": charm,
    }  # fmt: skip
    return exposures(**(arguments | changes))  # type: ignore[arg-type]


def _dealer_delta_dollars(spot: float, vol_shift: float = 0.0, days: float = 0.0) -> float:
    """Dollars of the underlying that dealers hold through the chain, valued at today's price."""
    c = chain()
    side = np.where(c.is_call == 1.0, 1.0, -1.0)
    return float(np.sum(side * c.open_interest * 100.0 * _delta(spot, vol_shift, days)) * SPOT)


def test_each_measure_is_the_change_of_delta_dollars_that_its_name_says() -> None:
    sums = total(_parts())
    now = _dealer_delta_dollars(SPOT)
    size = np.abs(_parts().delta_dollars).sum()
    assert sums.delta_dollars[0] == pytest.approx(now, abs=1e-12 * size)
    for found, low, high, tolerance in (
        (sums.gamma_dollars_per_percent, _dealer_delta_dollars(SPOT * 0.9999), _dealer_delta_dollars(SPOT * 1.0001), 1),
        (sums.vanna_dollars_per_vol_point, _dealer_delta_dollars(SPOT, -1e-4), _dealer_delta_dollars(SPOT, 1e-4), 1),
        (
            sums.charm_dollars_per_day,
            _dealer_delta_dollars(SPOT, days=-0.01),
            _dealer_delta_dollars(SPOT, days=0.01),
            1,
        ),
    ):
        # the steps are a hundredth of the unit, both ways
        assert found[0] == pytest.approx((high - low) / 0.02, rel=1e-4 * tolerance)


def test_one_contract_by_hand() -> None:
    """A put with delta −0.4 and gamma 0.05 at 50, 200 contracts of 10 shares, dealers short: worked by hand."""
    parts = exposures(50.0, 0, 200, delta=-0.4, gamma=0.05, vanna=0.002, charm=-0.001, multiplier=10.0)
    assert parts.gamma_dollars_per_percent == pytest.approx(-200 * 10 * 0.05 * 50 * 50 / 100)
    assert parts.delta_dollars == pytest.approx(200 * 10 * 0.4 * 50)
    assert parts.vanna_dollars_per_vol_point == pytest.approx(-200 * 10 * 0.002 * 50)
    assert parts.charm_dollars_per_day == pytest.approx(200 * 10 * 0.001 * 50)
    assert parts.convention is DEALERS_LONG_CALLS_SHORT_PUTS


@pytest.mark.parametrize("measure", MEASURES)
def test_sums_by_strike_and_by_expiry_are_the_total(measure: str) -> None:
    parts, c = _parts(), chain()
    size = np.abs(getattr(parts, measure)).sum()
    whole = getattr(total(parts), measure)[0]
    for keys in (c.strike, c.years, c.is_call):
        sums = sum_by(keys, parts)
        np.testing.assert_array_equal(sums.keys, np.unique(keys))
        assert getattr(sums, measure).sum() == pytest.approx(whole, abs=1e-13 * size)
        for key, value in zip(sums.keys, getattr(sums, measure), strict=True):
            assert value == pytest.approx(getattr(parts, measure)[keys == key].sum(), abs=1e-13 * size)


def test_the_opposite_convention_changes_the_calls_and_says_so() -> None:
    usual, other, c = _parts(), _parts(convention=DEALERS_SHORT_ALL), chain()
    assert total(other).convention.text == DEALERS_SHORT_ALL.text != total(usual).convention.text
    for measure in MEASURES:
        sign = np.where(c.is_call == 1.0, -1.0, 1.0)
        np.testing.assert_array_equal(getattr(other, measure), sign * getattr(usual, measure))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("open_interest", np.nan), ("open_interest", -1.0), ("gamma", np.nan), ("delta", np.inf), ("vanna", -np.inf),
        ("charm", np.nan), ("is_call", 0.5), ("is_call", np.nan),
    ],
)  # fmt: skip
def test_a_contract_without_an_answer_is_left_out_and_counted(column: str, value: float) -> None:
    c = chain()
    given = {"is_call": c.is_call.copy(), "open_interest": c.open_interest.copy()}
    values = given.get(column, np.full_like(c.strike, 0.01))
    values[3] = value
    parts = _parts(**{column: values})
    assert np.flatnonzero(parts.reason_code != Reason.OK).tolist() == [3]
    assert parts.reason_code[3] == Reason.BAD_INPUT
    assert np.isnan([getattr(parts, measure)[3] for measure in MEASURES]).all()
    by_strike = sum_by(c.strike, parts)
    assert by_strike.left_out.tolist() == [int(key == c.strike[3]) for key in by_strike.keys]
    kept = np.delete(parts.delta_dollars, 3)
    assert total(parts).delta_dollars[0] == pytest.approx(kept.sum(), rel=1e-12)


@pytest.mark.parametrize("argument", ["underlying_price", "multiplier"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_impossible_terms_leave_the_whole_chain_out(argument: str, value: float) -> None:
    parts = _parts(**{argument: value})
    assert total(parts).left_out[0] == parts.reason_code.size
    assert total(parts).gamma_dollars_per_percent[0] == 0.0


def test_a_penny_stock_and_a_single_share_have_exposure() -> None:
    parts = exposures(0.5, 1, [0, 1], delta=0.5, gamma=2.0, vanna=0.0, charm=0.0, multiplier=0.5)
    assert not parts.reason_code.any()
    assert parts.delta_dollars.tolist() == [0.0, 0.125]
    assert parts.gamma_dollars_per_percent == pytest.approx([0.0, 0.0025])


def test_walls_are_where_each_right_has_most_gamma() -> None:
    c, parts = chain(), _parts()
    found = walls(c.strike, c.is_call, parts)
    for wall, right in ((found.call_wall, 1.0), (found.put_wall, 0.0)):
        sizes = {k: np.abs(parts.gamma_dollars_per_percent[(c.strike == k) & (c.is_call == right)]).sum()
                 for k in np.unique(c.strike)}  # fmt: skip
        assert wall == max(sizes, key=lambda k: sizes[k])
    assert found.convention is parts.convention


def test_there_is_no_wall_without_gamma() -> None:
    parts = exposures(100.0, [1, 0], [10, 0], delta=0.5, gamma=[0.02, 0.02], vanna=0.0, charm=0.0)
    assert walls([95.0, 105.0], [1, 0], parts)[:2] == (95.0, None)


def test_mixed_shapes_are_refused() -> None:
    with pytest.raises(BadInput, match="delta"):
        exposures(100.0, [1, 0], [10, 20], delta=[0.5, 0.5, 0.5], gamma=0.0, vanna=0.0, charm=0.0)
    parts = exposures(100.0, [1, 0], [10, 20], delta=0.5, gamma=0.0, vanna=0.0, charm=0.0)
    with pytest.raises(BadInput, match="keys"):
        sum_by([1.0, 2.0, 3.0], parts)
    with pytest.raises(BadInput, match=r"keys\[1\]"):
        sum_by([1.0, np.nan], parts)


def test_a_wall_may_be_small_and_of_equals_the_lower_one_is_taken() -> None:
    parts = exposures(1.0, 1, [1, 1, 1], delta=0.5, gamma=[0.1, 0.2, 0.2], vanna=0.0, charm=0.0)
    assert parts.gamma_dollars_per_percent.max() < 1.0
    assert walls([95.0, 110.0, 105.0], 1, parts)[:2] == (105.0, None)
