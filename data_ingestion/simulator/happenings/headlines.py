"""Headlines of the simulated wire, composed from our own phrases.

A headline is a subject, a deed and an addition, each drawn from the list of its tone. Ambiguous ones join a good and a
bad deed, so that their words say little; irrelevant ones are about nothing that matters.
"""

from enum import IntEnum
from typing import Final

DEEDS_UP: Final = (
    "wins a large order", "raises its outlook", "sees demand running ahead of plan", "signs a long supply deal",
    "gains ground on its rivals", "gets approval for a key product", "finds cheaper ways to produce",
    "is upgraded by analysts", "settles its dispute on good terms", "expands its buyback", "opens a sold-out plant",
    "reports record bookings", "pays down debt early", "lifts margins for another quarter",
)  # fmt: skip
DEEDS_DOWN: Final = (
    "loses a large order", "cuts its outlook", "sees demand falling short of plan", "faces a supply bottleneck",
    "loses ground to its rivals", "fails to get approval for a key product", "struggles with rising costs",
    "is downgraded by analysts", "is sued by a former partner", "suspends its buyback", "halts work at a plant",
    "reports shrinking bookings", "warns about its debt", "sees margins slip for another quarter",
)  # fmt: skip
DEEDS_IDLE: Final = (
    "moves its head office across town", "sponsors a city marathon", "names a new head of facilities",
    "publishes the date of its annual meeting", "updates its logo", "takes part in an industry panel",
    "marks a round anniversary", "changes the address of its transfer agent",
)  # fmt: skip
BEATS: Final = (
    "earns more than expected", "beats estimates for the quarter", "tops forecasts", "posts a quarter above consensus",
)  # fmt: skip
MISSES: Final = (
    "earns less than expected", "misses estimates for the quarter", "falls short of forecasts",
    "posts a quarter below consensus",
)  # fmt: skip
MEETS: Final = ("earns what was expected", "meets estimates for the quarter", "reports in line with forecasts")
MARKET_UP: Final = (
    "proves sturdier than feared", "grows on broad demand", "sees confidence return", "shakes off worries about prices",
    "draws fresh investment", "benefits from cheaper energy",
)  # fmt: skip
MARKET_DOWN: Final = (
    "proves weaker than hoped", "slows on thin demand", "sees confidence fade", "feels the weight of rising prices",
    "loses investment", "suffers from dearer energy",
)  # fmt: skip
MARKET_IDLE: Final = (
    "is the theme of a conference", "gets a new statistics portal", "is debated by students", "fills a new textbook",
)  # fmt: skip
SUBJECTS: Final = ("{}", "In focus: {}", "Report: {}", "Update: {}", "{}, observers say,")
ADDITIONS: Final = (
    "", " this quarter", ", filing shows", ", according to a memo", " after months of talks", ", a study says",
    " ahead of schedule", ", sources confirm", " in its largest region", ", in a first for years",
)  # fmt: skip
JOINTS: Final = (" but ", " while it ", ", yet it ", " even as it ")
ECONOMY: Final = "The economy"
"""Who headlines on the market are about; it has deeds of its own."""
PUBLISHERS: Final = ("Simulated Wire", "Model Street Daily", "The Synthetic Ledger")


class Tone(IntEnum):
    """What a headline is like. The last three follow earnings."""

    UP = 0
    DOWN = 1
    AMBIGUOUS = 2
    IDLE = 3
    BEAT = 4
    MISS = 5
    MEET = 6


_DEEDS: Final = {
    Tone.UP: DEEDS_UP, Tone.DOWN: DEEDS_DOWN, Tone.IDLE: DEEDS_IDLE, Tone.BEAT: BEATS, Tone.MISS: MISSES,
    Tone.MEET: MEETS,
}  # fmt: skip

_OF_MARKET: Final = {Tone.UP: MARKET_UP, Tone.DOWN: MARKET_DOWN, Tone.IDLE: MARKET_IDLE}


def headline(who: str, tone: Tone, phrase: int) -> str:
    """The headline of a number: `phrase` is any whole number from 0 on and picks the words.

    >>> headline("AAPL", Tone.UP, 0)
    'AAPL wins a large order'
    """
    deeds = _DEEDS | _OF_MARKET if who == ECONOMY else _DEEDS
    phrase, opening = divmod(phrase, len(SUBJECTS))
    phrase, addition = divmod(phrase, len(ADDITIONS))
    if tone is Tone.AMBIGUOUS:
        phrase, joint = divmod(phrase, len(JOINTS))
        phrase, first_up = divmod(phrase, 2)
        phrase, up = divmod(phrase, len(deeds[Tone.UP]))
        pair = deeds[Tone.UP][up], deeds[Tone.DOWN][phrase % len(deeds[Tone.DOWN])]
        deed = JOINTS[joint].join(pair if first_up else pair[::-1])
    else:
        deed = deeds[tone][phrase % len(deeds[tone])]
    return f"{SUBJECTS[opening].format(who)} {deed}{ADDITIONS[addition]}"
