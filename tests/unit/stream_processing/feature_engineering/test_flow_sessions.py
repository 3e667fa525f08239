from datetime import date, time

import msgspec
import numpy as np

from contracts.sessions import MICROS, instant
from stream_processing.feature_engineering.flow_sessions import MOST_SHARES, SESSIONS, Sessions, Told, days_of
from stream_processing.feature_engineering.order_flow import bucket_volume
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE, volume_profile

MONDAY = date(2026, 1, 5)
SATURDAY = date(2026, 1, 10)
CONTROL = [feature.name for feature in VOLUME_PROFILE].index("point_of_control")


def count(memory: Sessions, at: list[int], cents: list[int], sizes: list[int]) -> Told:
    times = np.array(at, dtype=np.int64)
    last = np.flatnonzero(np.diff(times // MICROS, append=-1))
    return memory.count(times, np.array(cents) / 100, np.array(sizes, dtype=np.float64), last)


def at(day: date, hour: int, minute: int = 0) -> int:
    return instant(day, time(hour, minute))


def test_days_are_those_of_new_york() -> None:
    late, midnight = at(MONDAY, 23, 59), instant(date(2026, 1, 6), time())
    assert days_of(np.array([late, midnight])).tolist() == [MONDAY.toordinal(), MONDAY.toordinal() + 1]
    assert days_of(np.empty(0, dtype=np.int64)).tolist() == []


def test_the_profile_is_that_of_the_day_so_far() -> None:
    moments = [at(MONDAY, 10), at(MONDAY, 10) + 5, at(MONDAY, 10, 1), at(date(2026, 1, 6), 10)]
    once = count(Sessions(), moments, [1_000, 1_002, 1_002, 900], [5, 4, 3, 1])
    assert once.profiles[:, CONTROL].tolist() == [10.0, 10.02, 9.0]
    wanted = volume_profile(np.array([10.0, 10.02, 10.02]), np.array([5.0, 4.0, 3.0]), 0.01)
    assert once.profiles[1].tolist() == [getattr(wanted, feature.name) for feature in VOLUME_PROFILE]


def test_a_trade_at_a_time_is_as_good_as_all_at_once() -> None:
    random = np.random.default_rng(0)
    moments = [at(MONDAY, 9) + second * 1_800 * MICROS for second in range(100)]
    cents, sizes = random.integers(900, 950, 100).tolist(), random.integers(1, 99, 100).tolist()
    once, one_by_one = Sessions(since=moments[0]), Sessions(since=moments[0])
    told = count(once, moments, cents, sizes)
    parts = [count(one_by_one, *([value] for value in row)) for row in zip(moments, cents, sizes, strict=True)]
    for field in Told._fields:
        np.testing.assert_array_equal(getattr(told, field), np.concatenate([getattr(part, field) for part in parts]))
    assert once == one_by_one
    assert len(once.daily) == 2


def test_buckets_are_those_of_the_sessions_before() -> None:
    memory = Sessions(since=at(MONDAY, 9, 30))
    days = [date(2026, 1, 5 + number) for number in range(27)]
    volumes = [1_000 * (1 + number % 5) for number in range(27)]
    for place, day in enumerate(days):
        told = count(memory, [at(day, 12), at(day, 13)], [100, 100], [volumes[place] - 1, 1])
        np.testing.assert_array_equal(told.buckets, np.full(2, bucket_volume(volumes[:place])))
    assert memory.daily == volumes[-SESSIONS - 1 : -1]


def test_a_first_session_that_was_not_read_from_its_opening_does_not_count() -> None:
    for opened, since, counts in (
        (MONDAY, at(MONDAY, 9, 31), False),
        (MONDAY, at(MONDAY, 9, 30), True),
        (SATURDAY, at(SATURDAY, 0, 1), False),
        (SATURDAY, at(SATURDAY, 0), True),
    ):
        memory = Sessions(since=since)
        count(memory, [at(opened, 12)], [100], [700])
        count(memory, [at(date(2026, 1, 12), 12)], [100], [900])
        count(memory, [at(date(2026, 1, 13), 12)], [100], [900])
        assert memory.daily == ([700, 900] if counts else [900])


def test_absurd_sizes_do_not_outgrow_the_state() -> None:
    memory = Sessions(since=at(MONDAY, 9))
    count(memory, [at(MONDAY, 12) + place * MICROS for place in range(2_000)], [100] * 2_000, [10**15] * 2_000)
    assert memory.volume == MOST_SHARES
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=Sessions) == memory
