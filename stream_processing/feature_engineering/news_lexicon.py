"""What a headline's words say about the price: a short lexicon, for headlines that nobody has rated, and as a baseline.

Theory of operation
-------------------
Words count +1 or −1. Some tell only a direction, up or down: their sign turns near a burden, for falling costs are
good and rising debt is bad. A negation turns what follows it. The score is the balance over the number of words that
counted plus one, so that one word is worth a half and many of one sign come near to one; without any it is zero.
The lists hold verbs without their endings; these are put on by rule, so some of the forms are no words at all.
"""

import re
from collections.abc import Iterator
from typing import Final

_WORD: Final = re.compile(r"[a-z]+")


def words(headline: str) -> tuple[str, ...]:
    """The words of a headline in order, lower case, without digits and signs.

    >>> words("ACME's Q3: costs fell 4%")
    ('acme', 's', 'q', 'costs', 'fell')
    """
    return tuple(_WORD.findall(headline.lower()))


def _listed(plain: str, verbs: str = "") -> frozenset[str]:
    return frozenset((*words(plain), *(form for verb in words(verbs) for form in _forms(verb))))


def _forms(verb: str) -> Iterator[str]:
    """A verb with its endings: win, wins, winning and a wrong winned. A final y follows a consonant."""
    yield verb
    if verb.endswith("y"):
        yield from (f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing")
        return
    yield f"{verb}{'es' if verb.endswith(('s', 'sh', 'ch', 'x')) else 's'}"
    doubled = verb + verb[-1] if re.fullmatch(r".*[^aeiou][aeiou][bdgmnpt]", verb) else verb
    for stem in {verb.removesuffix("e"), doubled.removesuffix("e")}:
        yield from (f"{stem}ed", f"{stem}ing")


GOOD: Final = _listed(
    """
    approval beneficial best better boom breakthrough bullish confidence confident deal efficient favourable
    favorable good great healthy innovative milestone optimism optimistic profit profitable recovery resilient robust
    solid stable steady strength strong stronger sturdier success successful surplus undervalued upbeat won
    """,
    """
    accelerate approve award beat benefit delight exceed gain improve outperform prosper rebound recover reward secure
    settle strengthen succeed surpass thrive top upgrade win
    """,
)
BAD: Final = _listed(
    """
    accident adverse bad bankrupt bankruptcy bearish bleak bottleneck breach crisis cyberattack damage defect
    defective dismal distress downbeat failure fraud impairment insolvent investigation layoffs lost outage overvalued
    pessimism poor problem problems recession scandal shortage shortages shortfall soft trouble turmoil uncertain
    uncertainty weak weaker weakness worse worst writedown
    """,
    """
    abandon collapse delay disappoint downgrade fail fine halt hurt lose miss penalise plunge recall resign stall
    struggle sue suffer suspend threaten underperform warn weaken worsen
    """,
)
UP: Final = _listed(
    "above ahead fresh growth high higher more record up",
    "add advance boost climb double expand grow increase jump lift raise rally rise soar surge",
)
DOWN: Final = _listed(
    "below down fewer less low lower short slow thin",
    "cut decline decrease drop fade fall lower reduce shed shrink sink slash slide slip slow slump trim tumble",
)
BURDENS: Final = _listed(
    """
    charges claims cost costs debt expenses inflation inventories liabilities loss losses prices rates risk risks tax
    taxes unemployment worries
    """
)
NEGATIONS: Final = _listed("cannot hardly never no not without", "deny fail lack reject")
REACH: Final = 3
"""Words around a burden, and behind a negation, that it turns."""


def sentiment(headline: str) -> float:
    """From −1, bad for the price, to +1.

    >>> [sentiment(deed) for deed in ("raises its outlook", "faces rising costs", "beats on strong demand")]
    [0.5, -0.5, 0.6666666666666666]
    """
    said = words(headline)
    signs = [sign for place, word in enumerate(said) if (sign := _sign(said, place, word))]
    return sum(signs) / (len(signs) + 1)


def _sign(said: tuple[str, ...], place: int, word: str) -> int:
    sign = (word in GOOD) - (word in BAD)
    if not sign:
        sign = (word in UP) - (word in DOWN)
        if BURDENS.intersection(said[max(0, place - REACH) : place + REACH + 1]):
            sign = -sign
    return -sign if NEGATIONS.intersection(said[max(0, place - REACH) : place]) else sign
