"""Signals and health over REST."""
