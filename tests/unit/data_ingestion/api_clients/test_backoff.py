from random import Random

from data_ingestion.api_clients.backoff import Backoff


def backoff_of(base_s: float, cap_s: float, seed: int = 1) -> Backoff:
    return Backoff(base_s, cap_s, Random(seed))  # noqa: S311 - a seeded generator is the point


def test_delays_double_up_to_the_cap_and_keep_at_least_half_of_it() -> None:
    backoff = backoff_of(0.5, 60.0)
    delays = [backoff.next_s() for _ in range(12)]
    full = [min(60.0, 0.5 * 2**n) for n in range(12)]
    assert all(whole / 2 <= delay <= whole for delay, whole in zip(delays, full, strict=True))


def test_delays_are_jittered() -> None:
    assert len({backoff_of(1.0, 1.0, seed).next_s() for seed in range(20)}) == 20


def test_success_starts_over() -> None:
    backoff = backoff_of(0.5, 60.0)
    for _ in range(6):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_a_thousand_failures_still_wait_no_longer_than_the_cap() -> None:
    backoff = backoff_of(0.5, 60.0)
    assert max(backoff.next_s() for _ in range(1_000)) <= 60.0
