"""News aggregates: by hand, late, bounded, and cut anywhere."""

import math
from bisect import bisect_right

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import NewsPublished
from contracts.ids import make_id
from stream_processing.feature_engineering.news import (
    COMPARED,
    HOUR_US,
    KEPT_US,
    MOST_KEPT,
    NEWS,
    START,
    NewsState,
    features,
    update,
)
from stream_processing.feature_engineering.point_in_time import DAY_US, replayed
from tests.unit.stream_processing.feature_engineering.happened import (
    cuts,
    events_of,
    folded,
    is_sound,
    same,
    shuffled,
    warm_ups,
)

NOW = 100 * DAY_US
AHEAD = 5 * DAY_US


def article(
    at: int, sentiment: float | None = 0.0, headline: str = "ACME opens a plant", symbol: str = "ACME", mark: int = 0
) -> NewsPublished:
    return NewsPublished(
        event_id=make_id("news", symbol, at, headline, mark),
        event_time=at,
        source="test",
        simulated=True,
        symbol=symbol,
        category="market" if symbol == "MARKET" else "company",
        headline=headline,
        publisher="Test",
        sentiment=sentiment,
    )


def after(*events: NewsPublished) -> NewsState:
    return folded(START, update, events)


def test_counts_and_means_of_each_window_by_hand() -> None:
    own = after(
        article(NOW - 5 * DAY_US, 1.0),
        article(NOW - 4 * DAY_US, -0.8),
        article(NOW - 2 * HOUR_US, 0.4),
        article(NOW - HOUR_US // 2, 0.2),
        article(NOW + 1, -1.0),
    )
    market = after(article(NOW - 3 * HOUR_US, -0.5, symbol="MARKET"), article(NOW, 0.1, symbol="MARKET"))
    found = features(own, market, NOW)
    assert [found[f"news_count_{window}"] for window in ("1h", "1d", "5d")] == [1, 2, 3]
    assert found["news_sentiment_1h"] == pytest.approx(0.2)
    assert found["news_sentiment_1d"] == pytest.approx(0.3)
    assert found["news_sentiment_5d"] == pytest.approx(-0.2 / 3)
    assert [found[f"news_market_count_{window}"] for window in ("1h", "1d", "5d")] == [1, 2, 2]
    assert found["news_market_sentiment_1d"] == pytest.approx(-0.2)
    assert found["news_relative_sentiment_1d"] == pytest.approx(0.5)
    assert found["news_age_hours"] == pytest.approx(0.5)
    assert found["news_attention"] == pytest.approx(2 / (3 / 5))
    assert found["news_disagreement_5d"] == pytest.approx(np.std([-0.8, 0.4, 0.2], ddof=1))


def test_every_feature_warms_up_as_its_row_says() -> None:
    events = [article(NOW + place * HOUR_US // 4, 0.1 * place, f"{chr(97 + place) * 3} order") for place in range(3)]
    market = after(article(NOW, symbol="MARKET"))
    rows = [
        features(own, market, at) for at, own in replayed(START, update, events, [event.event_time for event in events])
    ]
    assert warm_ups(rows) == {feature.name: feature.warm_up for feature in NEWS}


def test_fading_means_by_hand() -> None:
    own = after(article(NOW - 6 * HOUR_US, 1.0), article(NOW, -0.5))
    found = features(own, START, NOW)
    assert found["news_intensity_half_6h"] == pytest.approx(1.5)
    assert found["news_sentiment_half_6h"] == pytest.approx(0.0)
    assert found["news_intensity_half_1h"] == pytest.approx(1 + 2**-6)
    assert found["news_sentiment_half_1d"] == pytest.approx((2**-0.25 - 0.5) / (1 + 2**-0.25))
    later = features(own, START, NOW + 6 * HOUR_US)
    assert later["news_intensity_half_6h"] == pytest.approx(0.75)
    assert later["news_sentiment_half_6h"] == pytest.approx(0.0)


def test_silence_has_counts_but_no_tone() -> None:
    found = features(START, START, NOW)
    for name, value in found.items():
        if "count" in name or "intensity" in name:
            assert value == 0
        else:
            assert math.isnan(value), name


def test_words_stand_in_where_the_publisher_does_not_rate() -> None:
    found = features(after(article(NOW, None, "ACME wins an order"), article(NOW, -0.5, "ACME gains")), START, NOW)
    assert found["news_sentiment_1h"] == pytest.approx(0.0)
    assert found["news_lexicon_1d"] == pytest.approx(0.5)


def test_what_repeats_the_words_of_one_before_is_not_new() -> None:
    told = after(
        article(NOW - 3, headline="ACME wins a large order from a navy"),
        article(NOW - 2, headline="Report: ACME wins large order"),
        article(NOW - 1, headline="ACME is sued by its neighbour"),
        article(NOW, headline="ACME: ...", mark=1),
        article(NOW, headline="ACME: ?", mark=2),
    )
    overlaps = sorted(one.overlap for one in told.articles)
    # Of wins, large, order, navy, report, three are shared; two headlines say nothing beside the name, so the same.
    assert overlaps == [0.0, 0.0, 0.0, pytest.approx(0.6), 1.0]
    found = features(told, START, NOW)
    assert found["news_novelty_1d"] == found["news_novelty_5d"] == pytest.approx(3 / 5)


def test_half_the_words_in_common_is_not_new() -> None:
    half = after(article(NOW - 1, headline="navy order"), article(NOW, headline="navy"))
    less = after(article(NOW - 1, headline="navy order grows"), article(NOW, headline="navy"))
    assert [features(state, START, NOW)["news_novelty_1d"] for state in (half, less)] == [0.5, 1.0]


def test_a_window_ends_just_before_its_length_ago() -> None:
    state = after(article(NOW - HOUR_US, 0.5), article(NOW - HOUR_US + 1, 0.1))
    assert features(state, START, NOW)["news_count_1h"] == 1
    assert features(state, START, NOW)["news_count_1d"] == 2


def test_only_the_last_twenty_are_compared() -> None:
    apart = [article(NOW + place, headline=f"{chr(97 + place) * 3} {chr(97 + place) * 4}") for place in range(COMPARED)]
    same_words = article(NOW - 1, headline="navy order"), article(NOW + COMPARED, headline="navy order")
    assert after(same_words[0], *apart[1:], same_words[1]).articles[-1].overlap == 1.0
    assert after(same_words[0], *apart, same_words[1]).articles[-1].overlap == 0.0


def test_old_articles_are_let_go_but_for_those_still_compared_with() -> None:
    old = [article(NOW - KEPT_US - 40 + place) for place in range(40)]
    state = after(*old, article(NOW))
    assert len(state.articles) == COMPARED + 1
    assert features(state, START, NOW)["news_count_5d"] == 1
    assert update(state, old[0]) is state


def test_a_flood_is_bounded() -> None:
    assert (MOST_KEPT, COMPARED) == (4000, 20)
    one = after(article(NOW)).articles[0]
    flooded = NewsState((one,) * MOST_KEPT)
    assert len(update(flooded, article(NOW + 1)).articles) == MOST_KEPT


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_arrival_and_repeats_change_nothing(seed: int) -> None:
    events = events_of((NewsPublished,), "AAPL")[100 * seed :]
    events = [event for event in events if event.event_time < events[0].event_time + KEPT_US]
    assert len(events) > COMPARED // 2
    assert after(*shuffled(events, seed)) == after(*events)


def test_no_later_event_changes_what_was_known() -> None:
    own, market = (events_of((NewsPublished,), symbol) for symbol in ("AAPL", "MARKET"))
    own_times, market_times = ([event.event_time for event in events] for events in (own, market))
    instants = cuts(5)
    states = zip(replayed(START, update, own, instants), replayed(START, update, market, instants), strict=True)
    spoken = 0
    for (at, mine), (_, theirs) in states:
        known = features(mine, theirs, at)
        assert is_sound(NEWS, known)
        later = [
            folded(state, update, events[bisect_right(times, at) : bisect_right(times, at + AHEAD)])
            for state, events, times in ((mine, own, own_times), (theirs, market, market_times))
        ]
        assert same(known, features(later[0], later[1], at))
        spoken += not math.isnan(known["news_relative_sentiment_1d"])
    assert spoken > 50


def test_a_state_survives_being_written_down() -> None:
    state = after(*events_of((NewsPublished,), "AAPL")[:50])
    assert msgspec.json.decode(msgspec.json.encode(state), type=NewsState) == state
    with pytest.raises(AttributeError):
        START.articles = ()  # type: ignore[misc]


@given(
    st.lists(st.tuples(st.integers(0, 20 * DAY_US), st.none() | st.floats(-1, 1), st.text(max_size=30)), max_size=12),
    st.integers(0, 20 * DAY_US),
)
def test_whatever_is_said_makes_sound_values(rows: list[tuple[int, float | None, str]], at: int) -> None:
    own = after(*(article(time, rating, text) for time, rating, text in rows))
    values = features(own, own, at)
    assert is_sound(NEWS, values)
    for name, value in values.items():
        if "_sentiment" in name and "relative" not in name and not math.isnan(value):
            assert -1.0000001 <= value <= 1.0000001
        if "novelty" in name and not math.isnan(value):
            assert 0 <= value <= 1
