import numpy as np

from data_ingestion.simulator.options.exercise import ATTENTIVE, WEARY, Holding, assigned


def holding(**changed: object) -> Holding:
    """A thousand American calls, ten dollars in the money, on an ordinary day."""
    usual: dict[str, object] = {
        "open_interest": 1000,
        "is_call": True,
        "is_american": True,
        "expires": False,
        "intrinsic": 10.0,
        "price": 11.0,
        "dividend": 0.0,
        "given_up": 0.8,
    }
    return Holding(*(np.atleast_1d(np.asarray(value)) for value in (usual | changed).values()))


def test_nobody_exercises_without_a_reason() -> None:
    assert assigned(holding())[0] == 0


def test_at_expiry_all_that_is_a_cent_in_the_money_is_assigned() -> None:
    assert assigned(holding(expires=True, intrinsic=[0.01, 0.009, 0.0, 50.0])).tolist() == [1000, 0, 0, 1000]
    assert assigned(holding(expires=True, is_american=False))[0] == 1000


def test_calls_are_assigned_before_a_dividend_that_is_worth_more_than_what_is_given_up() -> None:
    found = assigned(holding(dividend=1.0, given_up=[0.8, 1.2], intrinsic=10.0))
    assert found.tolist() == [int(1000 * ATTENTIVE), 0]
    assert assigned(holding(dividend=1.0, is_american=False))[0] == 0
    assert assigned(holding(dividend=1.0, is_call=False))[0] == 0
    assert assigned(holding(dividend=1.0, intrinsic=0.0))[0] == 0


def test_some_puts_without_time_value_are_assigned_early() -> None:
    found = assigned(holding(is_call=False, price=[10.0, 10.1]))
    assert found.tolist() == [int(1000 * WEARY), 0]
    assert assigned(holding(is_call=False, is_american=False, price=10.0))[0] == 0
