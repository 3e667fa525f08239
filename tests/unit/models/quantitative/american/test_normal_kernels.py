import mpmath
import numpy as np

from models.quantitative.american.normal_kernels import distribution, exponentials


def test_exponentials() -> None:
    arguments = np.concatenate([np.linspace(-699.0, 40.0, 997), [0.0, -0.5, 1e-9, 0.34657359, -0.34657360]])
    values = arguments.copy()
    exponentials(values, np.zeros(values.size, np.int64), values.size)
    np.testing.assert_allclose(values, np.exp(arguments), rtol=1e-15)


def test_exponentials_end_at_a_number_too_small_to_matter() -> None:
    values = np.array([-701.0, -1e6, -1e300])
    exponentials(values, np.zeros(3, np.int64), 3)
    assert (values < 1e-303).all()
    assert (values >= 0.0).all()


def test_only_the_first_values_are_touched() -> None:
    values = np.array([1.0, 2.0, 3.0])
    exponentials(values, np.zeros(3, np.int64), 2)
    assert values[2] == 3.0


def test_distribution() -> None:
    arguments = np.array([-30.0, -8.0, -3.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 2.0, 6.0, 30.0])
    densities, tails = np.zeros(11), np.zeros(11)
    distribution(arguments, densities, tails, np.zeros(11, np.int64), 11)
    np.testing.assert_allclose(densities, np.exp(-0.5 * arguments**2), rtol=1e-15)
    np.testing.assert_allclose(tails, [float(mpmath.ncdf(z)) for z in arguments], rtol=4e-16)
