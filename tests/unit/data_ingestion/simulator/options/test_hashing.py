import numpy as np
from scipy.stats import kstest

from data_ingestion.simulator.options.hashing import normals, uniforms


def test_numbers_depend_on_every_part_of_the_address_and_on_nothing_else() -> None:
    keys = np.arange(1000)
    first = uniforms(7, keys, 3)
    np.testing.assert_array_equal(first[500:], uniforms(7, keys[500:], 3))
    for other in (uniforms(8, keys, 3), uniforms(7, keys + 1000, 3), uniforms(7, keys, 4), uniforms(3, keys, 7)):
        assert not np.any(first == other)
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.12
    assert uniforms(2**63, 5)[0] != uniforms(-1, 5)[0]


def test_numbers_are_uniform_and_normal() -> None:
    keys = np.arange(100_000)
    assert kstest(uniforms(1, keys), "uniform").pvalue > 1e-3
    assert kstest(normals(1, 2, keys), "norm").pvalue > 1e-3
    drawn = uniforms(1, keys)
    assert drawn.min() > 0.0
    assert drawn.max() < 1.0
