"""News about one name, beside that about the whole market: how much, how good, how fast it fades, how new.

Theory of operation
-------------------
A state keeps the articles of its name for `KEPT_US` and what is needed to compare them. An article's sentiment is the
publisher's, or the lexicon's where there is none. How like an article is to those before it is settled when it comes
in: the largest overlap of its words with those of each of the 20 before, as a share of the words of both (Jaccard); an
article that comes late is put in its place and settles those behind it anew. Means that fade weigh an article with
2^(−age / half-life), and end with the longest window, where the slowest has 3 % left: so that they need no
sum that has run for ever, and a state that has run ahead still gives the same bits.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from contracts.events import NewsPublished
from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.news_lexicon import sentiment, words
from stream_processing.feature_engineering.point_in_time import (
    DAY_US,
    MISSING,
    Row,
    catalogue,
    days_between,
    evaluated,
    known_by,
    mean,
    ratio,
)

HOUR_US: Final = DAY_US // 24
COMPARED: Final = 20
"""Articles before one that it is compared with."""
UNLIKE: Final = 0.5
"""An article that shares less than this with each of them is new."""
WINDOWS: Final = (("1h", "1 hour", HOUR_US), ("1d", "1 day", DAY_US), ("5d", "5 days", 5 * DAY_US))
HALF_LIVES: Final = (("1h", "1 hour", HOUR_US), ("6h", "6 hours", 6 * HOUR_US), ("1d", "1 day", DAY_US))
LONGEST_US: Final = WINDOWS[-1][2]
KEPT_US: Final = 2 * LONGEST_US
"""A state may run ahead by the half of this."""
MOST_KEPT: Final = 4000
"""Articles; of more than this in ten days the oldest are let go."""
STOP_WORDS: Final = frozenset(words("a an and as at by for from in is it its of on or s says that the this to with"))


class Article(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """One headline. `overlap` is the share of words in common with the most alike of those before it."""

    known_at: int
    event_id: str
    sentiment: float
    lexicon: float
    words: tuple[str, ...]
    overlap: float


class NewsState(Struct, frozen=True, forbid_unknown_fields=True):
    """The last articles on one name, or on the market, in order."""

    articles: tuple[Article, ...] = ()


START: Final = NewsState()


class View(NamedTuple):
    """What is known at an instant."""

    at: int
    own: tuple[Article, ...]
    """Of the longest window, in order."""
    market: tuple[Article, ...]


def update(state: NewsState, event: NewsPublished) -> NewsState:
    """The state with one more article on its name; one too old to be kept changes nothing."""
    if any(known.event_id == event.event_id for known in state.articles):
        return state
    lexicon = sentiment(event.headline)
    rated = lexicon if event.sentiment is None else event.sentiment
    told = tuple(sorted(set(words(event.headline)) - STOP_WORDS - set(words(event.symbol))))
    article = Article(event.event_time, event.event_id, rated, lexicon, told, 0.0)
    place = len(state.articles)
    while place and article < state.articles[place - 1]:
        place -= 1
    found = (*state.articles[:place], article, *state.articles[place:])
    kept = _trimmed(found)
    return NewsState(_settled(found, place)[-len(kept) :]) if kept[0] <= article else state


def features(own: NewsState, market: NewsState, at: int) -> dict[str, float]:
    """The values of `NEWS` at an instant, µs, of a name beside the market."""
    return evaluated(_ROWS, View(at, _since(own.articles, at), _since(market.articles, at)))


def _settled(articles: tuple[Article, ...], place: int) -> tuple[Article, ...]:
    """The articles with the overlaps anew that one put in at a place may have changed."""
    end = place + COMPARED + 1
    anew = (
        Article(one.known_at, one.event_id, one.sentiment, one.lexicon, one.words, _overlap(articles, at))
        for at, one in enumerate(articles[place:end], start=place)
    )
    return (*articles[:place], *anew, *articles[end:])


def _overlap(articles: Sequence[Article], place: int) -> float:
    mine = set(articles[place].words)
    return max((_jaccard(mine, set(one.words)) for one in articles[max(0, place - COMPARED) : place]), default=0.0)


def _jaccard(one: set[str], other: set[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _trimmed(articles: tuple[Article, ...]) -> tuple[Article, ...]:
    """Without those too old, but for the ones that the oldest of the rest are compared with."""
    limit = articles[-1].known_at - KEPT_US
    old = sum(one.known_at < limit for one in articles)
    return articles[max(0, old - COMPARED, len(articles) - MOST_KEPT) :]


def _since(articles: Sequence[Article], at: int) -> tuple[Article, ...]:
    return tuple(one for one in known_by(articles, at) if one.known_at > at - LONGEST_US)


def _within(articles: Sequence[Article], at: int, window_us: int) -> list[Article]:
    return [one for one in articles if one.known_at > at - window_us]


def _tone(articles: Sequence[Article], at: int, window_us: int) -> float:
    return mean([one.sentiment for one in _within(articles, at, window_us)])


def _faded(articles: Sequence[Article], at: int, half_life_us: int) -> tuple[float, float]:
    """Sum of weights, and of weights times sentiments."""
    weights = [math.exp2((one.known_at - at) / half_life_us) for one in articles]
    return sum(weights), sum(weight * one.sentiment for weight, one in zip(weights, articles, strict=True))


def _novelty(articles: Sequence[Article]) -> float:
    return mean([float(one.overlap < UNLIKE) for one in articles])


def _disagreement(articles: Sequence[Article]) -> float:
    if len(articles) < 2:  # noqa: PLR2004 - a deviation needs two
        return MISSING
    centre = mean([one.sentiment for one in articles])
    return math.sqrt(sum((one.sentiment - centre) ** 2 for one in articles) / (len(articles) - 1))


def _age_hours(view: View) -> float:
    return 24 * days_between(view.own[-1].known_at, view.at) if view.own else MISSING


def _feature(
    name: str, meaning: str, unit: str, window: str, horizons: tuple[Horizon, ...], warm_up: int = 0
) -> Feature:
    return Feature(name, meaning, unit, window, warm_up, "NewsPublished", horizons)


_FAST: Final[tuple[Horizon, ...]] = ("short", "medium")
_ALL: Final[tuple[Horizon, ...]] = ("short", "medium", "long")
_RATING: Final = "−1 to 1"


def _counts(suffix: str, window: str, us: int) -> tuple[Row[View], ...]:
    def row(name: str, meaning: str, unit: str, value: Callable[[View], float]) -> Row[View]:
        return Row(_feature(f"news_{name}_{suffix}", meaning, unit, window, _ALL), value)

    return (
        row("count", "Articles on the name.", "articles", lambda v: float(len(_within(v.own, v.at, us)))),
        row("sentiment", "Mean sentiment of articles on the name.", _RATING, lambda v: _tone(v.own, v.at, us)),
        row(
            "market_count", "Articles on the market.", "articles",
            lambda v: float(len(_within(v.market, v.at, us))),
        ),
        row("market_sentiment", "Mean sentiment of articles on the market.", _RATING,
            lambda v: _tone(v.market, v.at, us)),
        row(
            "relative_sentiment", "Mean sentiment of articles on the name less that on the market.", _RATING,
            lambda v: _tone(v.own, v.at, us) - _tone(v.market, v.at, us),
        ),
    )  # fmt: skip


def _fading(suffix: str, half_life: str, us: int) -> tuple[Row[View], ...]:
    window = f"5 days, half-life {half_life}"

    def faded(view: View) -> float:
        weights, weighted = _faded(view.own, view.at, us)
        return ratio(weighted, weights)

    return (
        Row(
            _feature(
                f"news_intensity_half_{suffix}", "Fading number of articles on the name.", "articles", window, _FAST
            ),
            lambda v: _faded(v.own, v.at, us)[0],
        ),
        Row(
            _feature(
                f"news_sentiment_half_{suffix}",
                "Fading mean sentiment of articles on the name.",
                _RATING,
                window,
                _FAST,
            ),
            faded,
        ),
    )


_ROWS: Final[tuple[Row[View], ...]] = (
    *(row for window in WINDOWS for row in _counts(*window)),
    *(row for half_life in HALF_LIVES for row in _fading(*half_life)),
    Row(
        _feature(
            "news_novelty_1d", f"Share of articles that share less than {UNLIKE:.0%} of words with each of the "
            f"{COMPARED} before.", "1", "1 day", _FAST,
        ),
        lambda v: _novelty(_within(v.own, v.at, DAY_US)),
    ),
    Row(
        _feature("news_novelty_5d", "The same over the longest window.", "1", "5 days", _FAST),
        lambda v: _novelty(v.own),
    ),
    Row(
        _feature("news_lexicon_1d", "Mean of what the words of articles say, rated or not.", _RATING, "1 day", _FAST),
        lambda v: mean([one.lexicon for one in _within(v.own, v.at, DAY_US)]),
    ),
    Row(
        _feature(
            "news_disagreement_5d", "Deviation of the sentiments of articles on the name.", _RATING, "5 days", _FAST, 1
        ),
        lambda v: _disagreement(v.own),
    ),
    Row(
        _feature("news_attention", "Articles of a day over those of a usual day of the five.", "1", "5 days", _ALL),
        lambda v: ratio(5.0 * len(_within(v.own, v.at, DAY_US)), float(len(v.own))),
    ),
    Row(
        _feature("news_age_hours", "Hours since the last article; none after five days.", "hours", "5 days", _FAST),
        _age_hours,
    ),
)  # fmt: skip
NEWS: Final[tuple[Feature, ...]] = catalogue(_ROWS)
NAMES: Final = tuple(feature.name for feature in NEWS)
