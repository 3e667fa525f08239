"""Facts of memory, on autoregressions, GARCH and fractional noise of known answer."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import gamma

from data_ingestion.simulator.facts import memory
from tests.unit.data_ingestion.simulator.facts.test_returns import inside

RANDOM = np.random.default_rng


def autoregression(keep: float, rows: int, names: int = 4, seed: int = 1) -> np.ndarray:
    drawn = RANDOM(seed).standard_normal((rows, names))
    return np.asarray(lfilter([np.sqrt(1 - keep**2)], [1.0, -keep], drawn, axis=0))


def garch(alpha: float, beta: float, rows: int, seed: int = 1, tilt: float = 0.0) -> np.ndarray:
    drawn = RANDOM(seed).standard_normal((rows, 8))
    found, variance = np.empty_like(drawn), np.ones(8)
    for row in range(rows):
        found[row] = np.sqrt(variance) * drawn[row]
        weight = alpha + tilt * (drawn[row] < 0)
        variance = (1 - alpha - beta - tilt / 2) + weight * found[row] ** 2 + beta * variance
    return found


def fractional(order: float, rows: int, seed: int = 1) -> np.ndarray:
    """FARIMA(0, d, 0) by its moving average."""
    lags = np.arange(1, rows)
    weights = np.concatenate([[1.0], np.cumprod((lags - 1 + order) / lags)])
    drawn = RANDOM(seed).standard_normal(2 * rows)
    size = 4 * rows
    return np.fft.irfft(np.fft.rfft(drawn, size) * np.fft.rfft(weights, size), size)[rows : 2 * rows]


@pytest.mark.parametrize("lag", [1, 3, 10])
def test_an_autoregression_has_powers_as_autocorrelations(lag: int) -> None:
    found = memory.autocorrelation(autoregression(0.8, 20_000), lag, RANDOM(0))
    assert inside(found, 0.8**lag)
    assert found.error < 0.02


def test_independent_returns_have_no_memory_of_any_kind() -> None:
    drawn = RANDOM(5).standard_normal((8000, 4))
    assert inside(memory.autocorrelation(drawn, 1, RANDOM(0)), 0.0)
    assert inside(memory.autocorrelation(np.abs(drawn), 5, RANDOM(0)), 0.0)
    assert inside(memory.leverage(drawn, 1, RANDOM(0)), 0.0)
    assert memory.variance_spread(drawn, RANDOM(0)).value < 0.12


def test_squares_of_a_garch_process_remember_as_its_formula_says() -> None:
    alpha, beta = 0.08, 0.85
    drawn = garch(alpha, beta, 20_000)
    first = alpha * (1 - alpha * beta - beta**2) / (1 - 2 * alpha * beta - beta**2)
    assert inside(memory.autocorrelation(drawn, 1, RANDOM(0)), 0.0)
    assert inside(memory.autocorrelation(drawn**2, 1, RANDOM(0)), first)
    assert inside(memory.autocorrelation(drawn**2, 6, RANDOM(0)), first * (alpha + beta) ** 5)


def test_variance_that_rises_after_falls_shows_as_leverage() -> None:
    assert memory.leverage(garch(0.02, 0.85, 6000, tilt=0.15), 1, RANDOM(0)).high < -0.03
    assert inside(memory.leverage(garch(0.1, 0.85, 6000), 1, RANDOM(0)), 0.0)


@pytest.mark.parametrize("order", [0.0, 0.2, 0.4])
def test_the_memory_of_fractional_noise_is_its_order(order: float) -> None:
    found = memory.long_memory(fractional(order, 1 << 14))
    assert inside(found, order, 3.5)
    assert found.error < 0.03


def test_the_decay_of_a_power_law_is_its_exponent() -> None:
    order = 0.35
    series = np.stack([fractional(order, 1 << 15, seed) for seed in range(4)], axis=1)
    lags = (8, 16, 32, 64)
    theory = gamma(1 - order) / gamma(order) * np.array(lags) ** (2 * order - 1)
    assert theory[0] > 0.2
    found = memory.decay(series, lags, RANDOM(0), block=2048)
    assert abs(found.value - (1 - 2 * order)) < 0.15


def test_the_spread_of_log_variance_is_that_of_the_months_that_were_made() -> None:
    random = RANDOM(3)
    months = 0.7 * random.standard_normal((600, 6))
    drawn = random.standard_normal((600 * 22, 6)) * np.exp(np.repeat(months, 22, axis=0) / 2)
    assert inside(memory.variance_spread(drawn, RANDOM(0)), 0.7)
    assert inside(memory.variance_change(drawn, RANDOM(0)), 0.7 * np.sqrt(2))


def test_a_name_that_never_moved_in_a_month_is_left_out() -> None:
    drawn = RANDOM(4).standard_normal((2200, 2))
    drawn[:22, 1] = 0.0
    assert np.isnan(memory.log_variances(drawn)).sum() == 1
    assert np.isfinite(memory.variance_spread(drawn, RANDOM(0)).value)
