import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.arrivals import SLICE_US, SLICES, TRADES_PER_S, Arrivals, clustered, scattered
from data_ingestion.simulator.latent import SEGMENT_US
from data_ingestion.simulator.randomness import Run, Stream
from data_ingestion.simulator.universe import COUNT
from tests.unit.data_ingestion.simulator.moments import START

RUN = Run(5, START)


def slice_of(segment: int, piece: int, rate: float) -> Arrivals:
    random = RUN.generator(Stream.BOOKS, segment << 16 | piece)
    return scattered(random, np.full(COUNT, rate), segment, piece)


def sequences(arrivals: list[Arrivals], name: int) -> list[int]:
    return [n for found in arrivals for n in found.sequence[found.name == name].tolist()]


@given(rate=st.floats(0, 1_000), segment=st.integers(0, 10_000), piece=st.integers(0, SLICES - 3))
def test_sequences_run_on_across_slices_at_the_exact_rate(rate: float, segment: int, piece: int) -> None:
    found = [slice_of(segment, later, rate) for later in range(piece, piece + 3)]
    for name in range(COUNT):
        numbers = sequences(found, name)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        assert abs(len(numbers) - rate * 0.75) <= 1


def test_sequences_begin_at_zero_and_run_on_across_segments() -> None:
    last = slice_of(0, SLICES - 1, 0.7)
    found = [slice_of(0, piece, 0.7) for piece in range(SLICES)]
    assert sequences(found, 4) == list(range(42))
    following = [slice_of(1, piece, 0.7) for piece in range(8)]
    assert sequences(following, 4)[0] == 42
    assert len(last.name) < COUNT  # slow names are not all due at once


def test_times_are_ordered_and_inside_their_slice() -> None:
    for piece in (0, 17, SLICES - 1):
        found = slice_of(3, piece, 200.0)
        assert np.all(np.diff(found.offset) >= 0)
        assert found.offset.min() >= piece * SLICE_US
        assert found.offset.max() < (piece + 1) * SLICE_US
        for name in range(COUNT):
            assert np.all(np.diff(found.sequence[found.name == name]) == 1)


def test_nothing_arrives_at_a_rate_of_zero() -> None:
    assert all(values.size == 0 for values in slice_of(0, 0, 0.0))


def test_trades_come_in_clusters_with_numbers_that_run_on() -> None:
    first, second = (clustered(RUN.generator(Stream.TRADES, segment), segment) for segment in (0, 1))
    per_segment = TRADES_PER_S * SEGMENT_US // 1_000_000
    for name in range(COUNT):
        assert sequences([first, second], name) == list(range(2 * per_segment))
    assert np.all(np.diff(first.offset) >= 0)
    assert 0 <= first.offset.min() <= first.offset.max() < SEGMENT_US
    waits = np.diff(first.offset[first.name == 0])
    assert waits.std() > 1.2 * waits.mean()  # independent arrivals would have a ratio of one
