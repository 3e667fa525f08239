"""Horizons of seconds: what the order book says about the next moves of the mid. Pure."""
