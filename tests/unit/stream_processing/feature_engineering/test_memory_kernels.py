import numpy as np

from stream_processing.feature_engineering.memory_kernels import is_price, joined, mean, publish

KEEP, COLUMNS = 3, 2


def test_a_memory_gives_back_the_last_rows_in_order_of_time() -> None:
    memory = np.zeros(1 + KEEP * COLUMNS)
    rows = np.arange(10.0).reshape(5, COLUMNS)
    first = joined(memory, rows[:2], KEEP)
    assert np.isnan(first[:KEEP]).all()
    np.testing.assert_array_equal(first[KEEP:], rows[:2])
    second = joined(memory, rows[2:], KEEP)
    assert np.isnan(second[0]).all()
    np.testing.assert_array_equal(second[1:], rows)
    np.testing.assert_array_equal(joined(memory, rows[:0], KEEP), rows[-KEEP:])


def test_a_mean_sees_its_window_alone() -> None:
    line = np.array([[np.nan], [1.0], [2.0], [6.0], [np.nan]])
    assert mean(line, 0, 1, 4) == 3.0
    assert np.isnan(mean(line, 0, 0, 4))


def test_what_can_be_a_price() -> None:
    assert [is_price(x) for x in (0.01, 1e9, 0.0, -1.0, 1e10, np.inf, np.nan)] == [True, True] + [False] * 5


def test_nothing_infinite_is_published() -> None:
    out = np.array([[1.0, np.inf], [-np.inf, np.nan]])
    publish(out)
    np.testing.assert_array_equal(out, [[1.0, np.nan], [np.nan, np.nan]])
