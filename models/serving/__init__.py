"""Scoring live feature rows with frozen artefacts."""
