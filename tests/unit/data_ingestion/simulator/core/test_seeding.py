"""Numbers depend on every part of their address, and on nothing else."""

import numpy as np
import pytest

from data_ingestion.simulator.core.seeding import Stream, generator, number_of


def test_the_same_address_gives_the_same_numbers_on_any_machine() -> None:
    found = generator(42, Stream.GRID, number_of("market"), 9, 30).integers(0, 1_000_000, 3)
    assert found.tolist() == [756589, 942677, 192668]
    assert number_of("market") == 13217049296128693988


@pytest.mark.parametrize(
    "other",
    [
        generator(43, Stream.GRID, 1, 2),
        generator(42, Stream.MINUTES, 1, 2),
        generator(42, Stream.GRID, 2, 2),
        generator(42, Stream.GRID, 1, 3),
        generator(42, Stream.GRID, 1, 2, 0),
        generator(42, Stream.GRID, 12),
        generator(-42, Stream.GRID, 1, 2),
    ],
)
def test_another_address_gives_other_numbers(other: np.random.Generator) -> None:
    first = generator(42, Stream.GRID, 1, 2).standard_normal(1000)
    assert abs(np.corrcoef(first, other.standard_normal(1000))[0, 1]) < 0.15


def test_neighbouring_addresses_are_independent() -> None:
    """First draws of a thousand consecutive addresses are themselves a sample of the standard normal."""
    firsts = np.array([generator(1, Stream.MINUTES, 5, place).standard_normal() for place in range(1000)])
    assert abs(firsts.mean()) < 4 / np.sqrt(1000)
    assert firsts.std() == pytest.approx(1.0, abs=0.1)
    assert abs(np.corrcoef(firsts[:-1], firsts[1:])[0, 1]) < 0.13
