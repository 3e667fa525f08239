"""How much an indicator still depends on where its tape began, once it is warm."""

from collections.abc import Iterable, Mapping

import numpy as np

from stream_processing.feature_engineering.scan import Floats, Scan


def warm_up_drift(scans: Iterable[Scan], columns: Mapping[str, Floats], starts: Iterable[int]) -> dict[str, float]:
    """Largest relative difference, by feature, between starting cold at a row and having seen all rows before it.

    Compared are all rows for which the cold start has a value. A difference is relative to the value, or to the root
    mean square of the feature where that is larger: many pass through 0. NaN where no start left rows to compare.
    """
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    drifts: dict[str, float] = {}
    begin = tuple(starts)
    for scan in scans:
        warm = scan.advance(scan.start(), columns)
        told = np.maximum(np.isfinite(warm).sum(axis=0), 1)
        scale = np.maximum(np.abs(warm), np.sqrt(np.nansum(warm**2, axis=0) / told))
        worst = np.full(len(scan.features), np.nan)
        for start in begin:
            cold = scan.advance(scan.start(), {name: values[start:] for name, values in columns.items()})
            apart = np.abs(cold - warm[start:])
            apart /= np.where(scale[start:] > 0.0, scale[start:], 1.0)
            worst = np.fmax(worst, np.fmax.reduce(apart, axis=0))
        drifts |= {feature.name: float(value) for feature, value in zip(scan.features, worst, strict=True)}
    return drifts
