"""One JSON line a figure, the same shape for every benchmark."""

import json
import statistics
from collections.abc import Mapping, Sequence


def emit(
    name: str,
    value: float,
    unit: str,
    target: float | None = None,
    *,
    at_least: bool = False,
    peers: Mapping[str, float] | None = None,
) -> bool:
    """Print one figure; whether it met its target (an upper limit unless `at_least`)."""
    met = target is None or (value >= target if at_least else value <= target)
    line = {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "target": target,
        "met": None if target is None else met,
        "peers": dict(peers or {}),
    }
    print(json.dumps(line), flush=True)  # noqa: T201 - the benchmark's output
    return met


def quantile(ordered: Sequence[float], share: float) -> float:
    """Value below which `share` of the sorted values lie (nearest rank, no interpolation)."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def emit_latency(name: str, values_ms: Sequence[float], targets_ms: Mapping[str, float]) -> None:
    """Count, median, p99, p99.9 and maximum of a latency; targets by the same names."""
    if not values_ms:
        emit(f"{name}.count", 0, "events", 1, at_least=True)
        return
    ordered = sorted(values_ms)
    emit(f"{name}.count", len(ordered), "events")
    for label, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)):
        emit(f"{name}.{label}", quantile(ordered, share), "ms", targets_ms.get(label))


def median(values: Sequence[float]) -> float:
    """Median of repetitions."""
    return statistics.median(values)
