"""Names of the moments an event passes, carried as Kafka headers: decimal microseconds since the epoch, UTC.

Latency is measured from `DUE`, the moment the event should have entered the system, not from when a late stage got
round to it: a stalled stage cannot hide its own delay (no coordinated omission).
"""

DUE = "t.due"
"""When the event was due: its scheduled time in the simulator, its arrival from a real provider."""
SENT = "t.sent"
"""Ingestion handed it to Kafka."""
MARKET = "t.market"
"""Kafka appended the market record (millisecond resolution)."""
FEATURES = "t.features"
"""Kafka appended the feature record made from it."""
SCORED = "t.scored"
"""The scoring service had the prediction."""
PREDICTED = "t.predicted"
"""Kafka appended the prediction."""
DECIDED = "t.decided"
"""The engine had the signal."""
SIGNALLED = "t.signalled"
"""Kafka appended the signal; added by whoever reads it."""

ORDER = (DUE, SENT, MARKET, FEATURES, SCORED, PREDICTED, DECIDED, SIGNALLED)
