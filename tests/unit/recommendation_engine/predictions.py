"""Predictions for the engine's tests."""

from contracts.events import PredictionMade
from contracts.ids import make_id
from recommendation_engine.signal_generator.engine import Rules

SECOND = 1_000_000
START = 1_767_225_600_000_000
RULES = Rules(act_above=0.55, release_below=0.53, refresh_s=1.0, max_age_s=5.0, settings_id="f" * 32)


def prediction(
    at_s: float, up: float, *, symbol: str = "AAPL", bars: int = 3, simulated: bool = True
) -> PredictionMade:
    """A prediction for the book at `at_s` seconds."""
    time = START + round(at_s * SECOND)
    key = (symbol, time, round(up * 1e6), bars)
    return PredictionMade(
        event_id=make_id("PredictionMade", *key), event_time=time, source="tape", simulated=simulated, symbol=symbol,
        horizon_s=10, model="order_flow", model_version="sim-1", probability_up=up, mid=100.0,
        microstructure_id=make_id("MicrostructureComputed", *key), book_id=make_id("BookUpdated", *key),
        bar_ids=tuple(make_id("BarClosed", symbol, i) for i in range(bars)),
    )  # fmt: skip
