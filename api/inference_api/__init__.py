"""Signals over gRPC: stored ones, and live ones as they are issued."""
