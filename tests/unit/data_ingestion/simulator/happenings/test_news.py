"""News: intensity, clusters, tones and words."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.happenings import headlines
from data_ingestion.simulator.happenings.columns import taken
from data_ingestion.simulator.happenings.days import MINUTE_US
from data_ingestion.simulator.happenings.earnings import earnings
from data_ingestion.simulator.happenings.headlines import Tone, headline
from data_ingestion.simulator.happenings.news import LATEST_MINUTES, MARKET, Jumps, news, on_earnings, on_jumps
from data_ingestion.simulator.happenings.strengths import EXCITATION
from data_ingestion.simulator.happenings.subjects import FUNDS
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, GENERIC, SEED

TABLE = news(SEED, DETAILED, 2015, 2024)
PHRASES = st.integers(0, 2**20 - 1)


def test_sentiment_and_rating_are_shares_and_the_rating_tells_of_it() -> None:
    assert np.abs(TABLE.sentiment).max() <= 1
    assert np.abs(TABLE.rating).max() <= 1
    assert 0.6 < np.corrcoef(TABLE.sentiment, TABLE.rating)[0, 1] < 0.95
    assert abs(TABLE.sentiment.mean()) < 0.01


def test_idle_articles_move_nothing() -> None:
    idle = TABLE.tone == Tone.IDLE
    assert 0.3 < idle.mean() < 0.4
    assert not np.any(TABLE.moves[idle])
    assert not np.any(TABLE.sentiment[idle])


def test_articles_cluster() -> None:
    mine = TABLE.time_us[TABLE.name == 0]
    days = np.bincount((mine - mine[0]) // (1440 * MINUTE_US))
    week = days[: len(days) // 7 * 7].reshape(-1, 7).sum(axis=1)
    assert week.var() / week.mean() > 1 / (1 - EXCITATION) ** 1.2


def test_nights_and_weekends_are_quieter() -> None:
    moments = [datetime.fromtimestamp(time_us / 1e6, UTC) for time_us in TABLE.time_us[:20_000].tolist()]
    hours = np.bincount([moment.hour for moment in moments], minlength=24)
    assert hours[13] > 4 * hours[6]
    weekdays = np.bincount([moment.weekday() for moment in moments], minlength=7)
    assert weekdays[2] > 2 * weekdays[5]


def test_there_is_news_on_the_market_too() -> None:
    assert np.sum(TABLE.name == MARKET) > 365 * 10


def test_each_announcement_has_an_article_within_minutes() -> None:
    announced = earnings(SEED, GENERIC[:5], 2020, 2021)
    articles = on_earnings(SEED, GENERIC[:5], announced)
    assert sorted(articles.name.tolist()) == sorted(announced.name.tolist())
    for name in range(5):
        gap = articles.time_us[articles.name == name] - announced.time_us[announced.name == name]
        assert np.all((gap > 0) & (gap <= LATEST_MINUTES * MINUTE_US))
    clear = np.abs(articles.sentiment) > 0.4
    assert set(articles.tone[clear & (articles.sentiment > 0)].tolist()) == {Tone.BEAT}
    assert set(articles.tone[clear & (articles.sentiment < 0)].tolist()) == {Tone.MISS}
    assert not np.any(articles.moves)


def test_jumps_have_articles_of_their_sign() -> None:
    jumps = Jumps(np.array([10**15, 2 * 10**15]), np.array([0, MARKET]), np.array([4.0, -5.0]))
    articles = on_jumps(SEED, DETAILED, jumps)
    assert articles.tone.tolist() == [Tone.UP, Tone.DOWN]
    assert articles.name.tolist() == [0, MARKET]
    assert len(on_jumps(SEED, DETAILED, taken(jumps, slice(0))).time_us) == 0


@given(st.sampled_from(Tone), PHRASES)
def test_headlines_name_their_subject(tone: Tone, phrase: int) -> None:
    words = headline("XYZ", tone, phrase)
    assert "XYZ" in words
    assert len(words) < 250


@given(PHRASES)
def test_tones_use_their_own_words(phrase: int) -> None:
    up, down = (headline("XYZ", tone, phrase) for tone in (Tone.UP, Tone.DOWN))
    assert any(deed in up for deed in headlines.DEEDS_UP)
    assert any(deed in down for deed in headlines.DEEDS_DOWN)
    both = headline("XYZ", Tone.AMBIGUOUS, phrase)
    assert any(deed in both for deed in headlines.DEEDS_UP)
    assert any(deed in both for deed in headlines.DEEDS_DOWN)


@given(PHRASES)
def test_the_economy_has_deeds_of_its_own(phrase: int) -> None:
    words = headline(headlines.ECONOMY, Tone.DOWN, phrase)
    assert any(deed in words for deed in headlines.MARKET_DOWN)
    assert not any(deed in words for deed in headlines.DEEDS_DOWN)


def test_funds_have_no_news_of_their_own() -> None:
    assert {DETAILED[place].symbol for place in set(TABLE.name.tolist()) - {MARKET}}.isdisjoint(FUNDS)


def test_there_are_many_phrasings() -> None:
    assert len({headline("XYZ", Tone.UP, phrase) for phrase in range(5000)}) > 500
