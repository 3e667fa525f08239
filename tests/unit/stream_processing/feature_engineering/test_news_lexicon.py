"""Words and what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import NewsPublished
from stream_processing.feature_engineering.news_lexicon import BAD, BURDENS, DOWN, GOOD, UP, sentiment, words
from tests.unit.stream_processing.feature_engineering.happened import events_of


@pytest.mark.parametrize(
    ("headline", "score"),
    [
        ("Acme wins award", 2 / 3),
        ("ACME RAISES GUIDANCE", 1 / 2),
        ("Acme cut its guidance", -1 / 2),
        ("Acme cutting costs", 1 / 2),
        ("Acme's debt is rising", -1 / 2),
        ("Acme does not win the order", -1 / 2),
        ("Acme never lost a client", 1 / 2),
        ("Acme beats estimates but warns", 0.0),
        ("Acme denied approval", -1 / 2),
        ("Acme fails to cut costs", -2 / 3),
        ("Acme moves house", 0.0),
        ("rising x x costs x x x x", -1 / 2),
        ("rising x x x costs", 1 / 2),
        ("costs x x rising", -1 / 2),
        ("costs x x x rising", 1 / 2),
        ("not x x wins", -1 / 2),
        ("not x x x wins", 1 / 2),
        ("wins, not", 1 / 2),
        ("", 0.0),
        ("≠ 42 %", 0.0),
    ],
)
def test_headlines_by_hand(headline: str, score: float) -> None:
    assert sentiment(headline) == pytest.approx(score)


def test_no_word_says_both() -> None:
    assert not GOOD & BAD
    assert not UP & DOWN
    assert not (GOOD | BAD) & (UP | DOWN)
    assert not BURDENS & (GOOD | BAD | UP | DOWN)
    assert {"wins", "winning", "topped", "raised", "raising", "rallied", "rallies", "surpasses"} <= GOOD | UP
    assert not {"raiseed", "rallyed", "rallys", "tops" + "s", "raisees"} & (GOOD | UP)


@given(st.text())
def test_any_text_has_a_score_within_one(text: str) -> None:
    assert -1 < sentiment(text) < 1
    assert all(word.isascii() and word == word.lower() for word in words(text))


def test_on_simulated_news_the_words_agree_with_the_publishers() -> None:
    articles = [event for event in events_of((NewsPublished,)) if event.sentiment is not None]
    said = np.array([sentiment(event.headline) for event in articles])
    rated = np.array([event.sentiment for event in articles])
    assert np.corrcoef(said, rated)[0, 1] > 0.5
    sure = (said != 0) & (np.abs(rated) > 0.5)
    assert np.mean(np.sign(said[sure]) == np.sign(rated[sure])) > 0.85
