"""The decision itself: pure, deterministic in event time."""
