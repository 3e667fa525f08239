"""Random contracts, for tests and benchmarks."""

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.float64]


def contracts(count: int, seed: int) -> Columns:
    """Columns as `american_price` takes them: listed options on an index or a share, up to three years."""
    rng = np.random.default_rng(seed)
    spot = rng.uniform(20.0, 500.0, count)
    vol = rng.uniform(0.08, 0.8, count)
    years = rng.integers(2, 3 * 365, count) / 365.0
    strike = spot * np.exp(np.clip(rng.normal(0.0, 1.2, count) * vol * np.sqrt(years), -0.7, 0.7))
    rate, dividend = rng.uniform(0.0, 0.08, count), rng.uniform(0.0, 0.06, count)
    return np.stack([spot, strike, years, rate, dividend, vol, rng.integers(0, 2, count).astype(float)])
