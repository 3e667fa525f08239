"""Bars for the tests of what is computed on them."""

import numpy as np

from stream_processing.feature_engineering.memory_kernels import Floats


def some_bars(count: int, seed: int = 0) -> dict[str, Floats]:
    """Bars of a random walk with gaps between them."""
    random = np.random.default_rng(seed)
    path = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.004, (count, 8)).ravel())).reshape(count, 8)
    volume = random.integers(100, 10_000, count).astype(np.float64)
    return {
        "open": path[:, 0],
        "high": path.max(axis=1),
        "low": path.min(axis=1),
        "close": path[:, -1],
        "volume": volume,
        "signed_volume": np.round(volume * random.uniform(-1.0, 1.0, count)),
    }
