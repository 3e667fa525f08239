"""Who holds and trades what in each session of the market: open interest and volume of all that is listed.

Theory of operation
-------------------
A session's figures follow from its address, and from the unusual flow of the nine weeks before it: nobody buys longer
contracts that way. Each such purchase is made alone, from the name's chain of its session; few sessions have one.
Somebody may know of a coming announcement's jump, and buys on its side more often than not, as far as anything can be
foreseen in the world.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from data_ingestion.simulator.core.clock import DAY_US
from data_ingestion.simulator.core.latent import Latent
from data_ingestion.simulator.core.seeding import number_of
from data_ingestion.simulator.happenings.days import number as day_number
from data_ingestion.simulator.happenings.earnings import Earnings
from data_ingestion.simulator.happenings.subjects import subject_of
from data_ingestion.simulator.happenings.terms import payouts, shares
from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.carry import adjustments
from data_ingestion.simulator.options.classes import OptionClass
from data_ingestion.simulator.options.interest import NOTHING, Activity, Bought, Setting, activity, open_interest
from data_ingestion.simulator.options.listing import Chain, chain
from data_ingestion.simulator.options.stream import opens
from data_ingestion.simulator.options.unusual import COIN, DIRECTED, LATEST_DAYS, happens, unusual
from data_ingestion.simulator.universe import Name

KNOWN_DAYS: Final = 7
"""Before an announcement, when somebody may know of it."""
USUAL_SESSIONS: Final = 60
"""Over which prices are averaged to where positions were opened."""
_REMEMBERED: Final = 4096
_ADDRESS: Final = (1 << 62) - 1
"""Numbers of names fit signed words."""


class Holders:
    """Those who hold options; names, classes and the latent market's names are in one order, prices as traded."""

    def __init__(
        self, latent: Latent, names: Sequence[Name], classes: tuple[OptionClass, ...], announced: Earnings
    ) -> None:
        self.latent, self.classes, self.announced = latent, classes, announced
        self.who = np.array([number_of(name.symbol) & _ADDRESS for name in names], dtype=np.int64)
        paid = payouts(latent.world.seed, tuple(subject_of(name) for name in names))
        self.splits, self.events = paid.splits, adjustments(paid, len(names))
        self.directed = COIN + (DIRECTED - COIN) * min(latent.world.edge, 1.0)
        self.days = np.array([day_number(session.day) for session in latent.sessions])
        self._purchase = lru_cache(maxsize=_REMEMBERED)(self._purchase_of)

    def activity(self, listed: Chain, number: int) -> Activity:
        """Open interest and volume of the contracts listed in session `number`."""
        then = self._setting(number + 1, number)
        return activity(listed, self.classes, self._setting(number, number), then, self.bought(number))

    def bought(self, number: int) -> Bought:
        """Unusual flow in session `number` and before, as far as it can be in what is still listed."""
        first = int(np.searchsorted(self.days, self.days[number] - LATEST_DAYS))
        numbers = np.arange(first, number + 1)[:, None]
        bought = happens(self.latent.world.seed, numbers, self.who, self._informed(numbers[:, 0]))
        made = [self._purchase(first + int(row), int(name)) for row, name in zip(*np.nonzero(bought), strict=True)]
        return Bought(*(np.concatenate(column) for column in zip(NOTHING, *made, strict=True)))

    def _purchase_of(self, number: int, name: int) -> Bought:
        """The unusual flow in one name in one session."""
        only, session, seed = slice(name, name + 1), self.latent.sessions[number], self.latent.world.seed
        classes, known = self.classes[only], opens(self.latent, number, only)
        listed = chain(classes, session.day, known, self.events[only]).alive(session.opens_at)
        setting = self._setting(number, number)
        own = setting._replace(spot=setting.spot[only], usual=setting.usual[only])
        held = open_interest(listed, classes, own)
        informed = self._informed(np.array([number]))[0, only]
        found = unusual(
            seed, number, session.day, listed, own.spot, held, self.who[only], informed, directed=self.directed
        )
        return found.bought(listed, number)

    def _setting(self, number: int, terms: int) -> Setting:
        """A session, its prices in the terms of session `terms`."""
        rows = np.arange(max(0, number - USUAL_SESSIONS), number + 1)
        names = np.arange(len(self.classes))
        held = shares(self.splits, names, self.days[rows][:, None]) / shares(self.splits, names, self.days[terms])
        prices: Floats = np.exp(self.latent.log_opens[rows]) * held
        session = self.latent.sessions[number]
        return Setting(self.latent.world.seed, number, session.day, prices[-1], prices.mean(axis=0))

    def _informed(self, numbers: Ints) -> Ints:
        """To which side an announcement soon after each session's open will move each name, (sessions, names)."""
        opens_at = np.array([self.latent.sessions[number].opens_at for number in numbers.tolist()], dtype=np.int64)
        table, found = self.announced, np.zeros((len(numbers), len(self.classes)), np.int64)
        ahead = table.time_us - opens_at[:, None]
        row, column = np.nonzero((ahead > 0) & (ahead <= KNOWN_DAYS * DAY_US))
        found[row, table.name[column]] = np.sign(table.jump[column])
        return found
