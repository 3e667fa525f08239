"""Which option contracts are listed on a session's day, as arrays.

What is listed follows from the day and from the opening prices since, so any day can be made alone, and a contract that
has been listed stays until it expires.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from data_ingestion.simulator.options.adjustments import Adjustment, Standing, adjusted
from data_ingestion.simulator.options.arrays import Bools, Floats, Ints
from data_ingestion.simulator.options.classes import Kind, OptionClass
from data_ingestion.simulator.options.cycles import Expiry, listed
from data_ingestion.simulator.options.ladder import Opens, strikes


class Series(NamedTuple):
    """Contracts of one root and expiry, which share their settlement and their deliverable."""

    name: int
    """Place of the class in the table."""
    root: str
    day: date
    kind: Kind
    listed_on: date
    expires_at: int
    """Microseconds since the epoch."""
    shares: float
    """Shares delivered for each of the multiplier's hundred: 1 unless a split changed it."""


class Chain(NamedTuple):
    """All listed contracts, by name, expiry, right (puts first) and strike; arrays are (contracts,)."""

    series: tuple[Series, ...]
    place: Ints
    """Place of the contract's series."""
    name: Ints
    """Place of the class in the table."""
    strike: Floats
    """Dollars."""
    is_call: Bools
    expires_at: Ints
    """Microseconds since the epoch."""
    shares: Floats
    """Shares delivered for each of the multiplier's hundred."""

    def where(self, chosen: Bools | Ints) -> "Chain":
        """The chosen contracts; `series` stays whole."""
        return Chain(
            series=self.series,
            place=self.place[chosen],
            name=self.name[chosen],
            strike=self.strike[chosen],
            is_call=self.is_call[chosen],
            expires_at=self.expires_at[chosen],
            shares=self.shares[chosen],
        )

    def alive(self, moment: int) -> "Chain":
        """The contracts that have not expired at a moment (µs)."""
        return self.where(self.expires_at > moment)

    def symbols(self) -> list[str]:
        """OCC symbols of the contracts."""
        heads = [f"{one.root}{one.day:%y%m%d}" for one in self.series]
        mills = np.rint(self.strike * 1000).astype(np.int64).tolist()
        rows = zip(self.place.tolist(), self.is_call.tolist(), mills, strict=True)
        return [f"{heads[place]}{'C' if is_call else 'P'}{mill:08d}" for place, is_call, mill in rows]


def chain(
    classes: Sequence[OptionClass],
    day: date,
    opens: Sequence[Opens],
    adjustments: Sequence[Sequence[Adjustment]] | None = None,
) -> Chain:
    """Contracts listed on a day.

    `opens` and `adjustments` belong to the classes in their order. The opening prices reach to `day` and should begin
    where the oldest listed expiry was listed, two and a half years before, at the same session on every day; those
    before an adjustment are in its old terms, and the adjustments are all that the name has had, by day.
    """
    events = adjustments or [()] * len(classes)
    found: list[tuple[Series, Floats]] = []
    for name, options in enumerate(classes):
        for expiry in listed(options, day):
            for standing in _standings(options, expiry, day, opens[name], events[name]):
                series = Series(
                    name, standing.root, expiry.day, expiry.kind, expiry.listed_on, expiry.expires_at, standing.shares
                )
                found.append((series, standing.strikes))
    return _assembled(found)


def _standings(
    options: OptionClass, expiry: Expiry, day: date, opens: Opens, events: Sequence[Adjustment]
) -> list[Standing]:
    """Strikes of one expiry: those of each period between two adjustments, carried through the later ones."""
    past = [(place, event) for place, event in enumerate(events) if expiry.listed_on < event.day <= day]
    carried: dict[tuple[str, float], Standing] = {}
    begins = expiry.listed_on
    for place, event in past:
        period = strikes(options, expiry.day, begins, event.day - timedelta(days=1), opens)
        before = _merged([*carried.values(), Standing(expiry.root, period, 1.0)])
        carried = _merged([adjusted(standing, event, place) for standing in before.values()])
        begins = event.day
    latest = strikes(options, expiry.day, begins, day, opens)
    together = _merged([*carried.values(), Standing(expiry.root, latest, 1.0)])
    return [standing for _, standing in sorted(together.items()) if standing.strikes.size]


def _merged(standings: Sequence[Standing]) -> dict[tuple[str, float], Standing]:
    """Strikes of the same root and deliverable together."""
    merged: dict[tuple[str, float], Standing] = {}
    for one in standings:
        key = one.root, one.shares
        known = merged.get(key)
        merged[key] = one if known is None else one._replace(strikes=np.union1d(known.strikes, one.strikes))
    return merged


def _assembled(found: Sequence[tuple[Series, Floats]]) -> Chain:
    series = tuple(one for one, _ in found)
    counts = np.array([2 * ladder.size for _, ladder in found], dtype=np.int64)
    place = np.repeat(np.arange(len(series)), counts)
    ladders = [half for _, ladder in found for half in (ladder, ladder)]
    rights = [np.full(ladder.size, right) for _, ladder in found for right in (False, True)]
    return Chain(
        series=series,
        place=place,
        name=np.array([one.name for one in series], dtype=np.int64)[place],
        strike=np.concatenate(ladders) if ladders else np.empty(0),
        is_call=np.concatenate(rights) if rights else np.empty(0, np.bool_),
        expires_at=np.array([one.expires_at for one in series], dtype=np.int64)[place],
        shares=np.array([one.shares for one in series], dtype=np.float64)[place],
    )
