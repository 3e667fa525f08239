import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.quantitative.times import MICROS_PER_YEAR, years_between

MICROS = st.integers(0, 253_402_300_799_999_999)


@given(MICROS, MICROS)
def test_years_are_the_exact_difference_rounded_once(event_us: int, expiry_us: int) -> None:
    years = float(years_between(event_us, expiry_us))
    assert abs(years * MICROS_PER_YEAR - (expiry_us - event_us)) <= abs(expiry_us - event_us) * 2.0**-51
    assert (years > 0) == (expiry_us > event_us)


def test_arrays_broadcast() -> None:
    years = years_between(np.array([0, MICROS_PER_YEAR]), 2 * MICROS_PER_YEAR)
    np.testing.assert_array_equal(years, [2.0, 1.0])


def test_a_year_has_365_days_of_86400_seconds() -> None:
    assert years_between(0, 31_536_000_000_000) == 1.0
