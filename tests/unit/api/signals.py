"""Signals for tests, made from a few words."""

from contracts.events import Lineage, SignalIssued
from contracts.ids import make_id

BEGAN = 1_767_225_600_000_000
SECOND = 1_000_000


def signal(
    number: int, symbol: str = "AAPL", action: str = "Buy", *, at: int | None = None, simulated: bool = True
) -> SignalIssued:
    """The signal with this number; one a second unless `at` (µs) says otherwise."""
    assert action in {"Buy", "Sell", "Hold"}
    return SignalIssued(
        event_id=make_id("signal", number),
        event_time=BEGAN + number * SECOND if at is None else at,
        source="engine",
        simulated=simulated,
        symbol=symbol,
        action=action,  # type: ignore[arg-type]  # checked above
        confidence=0.58,
        horizon_s=10,
        reference_price=190.25,
        reason="bids outweigh asks",
        lineage=Lineage(
            tick_ids=(make_id("tick", number),),
            feature_ids=(make_id("feature", number), make_id("bar", number)),
            prediction_ids=(make_id("prediction", number),),
            model="order_flow",
            model_version="1a2b3c4d",
            settings_id=make_id("settings"),
        ),
    )
