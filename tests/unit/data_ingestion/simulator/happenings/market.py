"""Small markets for the tests of happenings."""

from data_ingestion.simulator.generic import generic_names
from data_ingestion.simulator.happenings.subjects import Subject, subject_of
from data_ingestion.simulator.universe import UNIVERSE

SEED = 7
SPLITTING = 40
"""A seed by which AMZN splits three for two in February 2026, and META four for one in September."""
DETAILED: tuple[Subject, ...] = tuple(subject_of(name) for name in UNIVERSE)
GENERIC: tuple[Subject, ...] = tuple(subject_of(name) for name in generic_names(SEED, 100))
