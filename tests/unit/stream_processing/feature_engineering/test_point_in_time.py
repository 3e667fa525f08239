"""What the slow features share."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from contracts.events import NewsPublished
from stream_processing.feature_engineering import (
    earnings,
    fundamentals,
    macro,
    news,
    sector_trends,
)
from stream_processing.feature_engineering.features import Feature
from stream_processing.feature_engineering.point_in_time import (
    DAY_US,
    finite,
    inserted,
    known_by,
    logarithm,
    mean,
    quarters,
    ratio,
    replayed,
)

CATALOGUES: tuple[tuple[Feature, ...], ...] = (
    fundamentals.FUNDAMENTALS,
    earnings.EARNINGS,
    macro.MACRO,
    news.NEWS,
    sector_trends.SECTOR_TRENDS,
)


class Told(Struct, frozen=True, order=True):
    period_ended_at: int
    known_at: int
    event_id: str


FACTS = st.builds(Told, st.integers(0, 5), st.integers(0, 50), st.sampled_from("abcdefgh"))


def test_every_feature_has_a_row_of_its_own() -> None:
    features = [feature for catalogue in CATALOGUES for feature in catalogue]
    assert len({feature.name for feature in features}) == len(features)
    for feature in features:
        assert feature.name == feature.name.lower()
        assert feature.name.isidentifier()
        assert feature.meaning.endswith(".")
        assert feature.unit
        assert feature.window
        assert feature.source
        assert feature.warm_up >= 0
        assert feature.horizons


@given(st.lists(FACTS, unique_by=lambda told: told.event_id), st.integers(0, 100), st.integers(1, 8))
def test_facts_stand_in_order_however_they_come(facts: list[Told], seed: int, most: int) -> None:
    shuffled = [facts[place] for place in np.random.default_rng(seed).permutation(len(facts))]
    one: tuple[Told, ...] = ()
    other: tuple[Told, ...] = ()
    for fact in facts:
        one = inserted(inserted(one, fact, most), fact, most)
    for fact in shuffled:
        other = inserted(other, fact, most)
    assert one == other == tuple(sorted(facts))[-most:]
    assert all(fact.known_at <= 25 for fact in known_by(one, 25))
    assert len(known_by(one, 25)) == sum(fact.known_at <= 25 for fact in one)


@pytest.mark.parametrize(("days", "follows"), [(59, False), (60, True), (91, True), (120, True), (121, False)])
def test_quarters_follow_each_other_within_these_days(days: int, *, follows: bool) -> None:
    facts = [Told(0, 0, "a"), Told(days * 86_400_000_000, 1, "b")]
    assert len(quarters(facts)) == 1 + follows


def test_quarters_end_at_the_first_gap_and_show_the_last_statement() -> None:
    ends = [0, 91, 182, 365, 456, 456, 547]
    facts = [Told(end * DAY_US, place, str(place)) for place, end in enumerate(ends)]
    assert quarters(facts) == [facts[6], facts[5], facts[3]]
    assert quarters(facts[:0]) == []


@given(st.floats(), st.floats())
def test_no_ratio_is_of_nothing(amount: float, base: float) -> None:
    found = finite(ratio(amount, base))
    assert not math.isinf(found)
    if base > 0 and math.isfinite(amount / base):
        assert found == amount / base
    else:
        assert math.isnan(found)


@given(st.floats())
def test_logarithms_are_of_what_is_above_zero(value: float) -> None:
    assert math.isnan(logarithm(value)) == (not value > 0)


def test_the_mean_of_none_is_missing() -> None:
    assert math.isnan(mean([]))
    assert mean([1.0, 2.0]) == 1.5


@given(st.lists(st.integers(0, 100)), st.lists(st.integers(0, 100)))
def test_a_replay_has_taken_in_what_came_until_each_moment(times: list[int], moments: list[int]) -> None:
    events = [
        NewsPublished(
            event_id="0" * 32,
            event_time=time,
            source="test",
            simulated=True,
            symbol="ACME",
            category="company",
            headline="",
            publisher="test",
        )
        for time in sorted(times)
    ]
    found = list(replayed(0, lambda count, _: count + 1, events, sorted(moments)))
    assert found == [(moment, sum(time <= moment for time in times)) for moment in sorted(moments)]
    assert all(one[1] <= other[1] for one, other in pairwise(found))
