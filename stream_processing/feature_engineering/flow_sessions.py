"""Sessions of one name as its trades tell them: how much each traded, and at which prices the one of today did.

A session is a day in New York, extended hours and all, so that there is one whatever hours a market keeps. The first
counts among those before only if it was read from before its opening.
"""

from datetime import date, time
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from contracts import sessions
from stream_processing.feature_engineering.calendar_features import MICROS_PER_HOUR, day_of
from stream_processing.feature_engineering.order_flow import bucket_volume
from stream_processing.feature_engineering.scan import Floats
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE, Grown, grown, profile_of

Times = NDArray[np.int64]

TICK: Final = 0.01
"""Dollars; prices of shares are told apart by cents."""
SESSIONS: Final = 20
"""How many sessions' volumes are remembered."""
MOST_SHARES: Final = 10**18
"""As which the volume of a session counts at most: legal sizes that are a fault must not outgrow 64 bits."""


class Told(NamedTuple):
    """What trades say of their sessions."""

    days: Floats
    """A number that names the session, shape (trades,)."""
    buckets: Floats
    """Shares in a bucket of VPIN, NaN where none is known, shape (trades,)."""
    profiles: Floats
    """The features of `VOLUME_PROFILE`, of the session so far, shape (seconds, features)."""


class Sessions(Struct):
    """All that is remembered of them."""

    since: int = 0
    """Time of the first event of the name (µs)."""
    day: int = 0
    """Ordinal of today; 0 before the first trade."""
    volume: int = 0
    daily: list[int] = field(default_factory=list)
    """Volumes of the sessions before, the last one last."""
    levels: bytes = b""
    volumes: bytes = b""
    multiple: int = 1
    """The fields of `Grown`, of today."""

    def count(self, times: Times, price: Floats, size: Floats, last: Times) -> Told:
        """Count in trades in order of time, shape (trades,); `last` are the places of the last ones of seconds."""
        days = days_of(times)
        buckets, profiles = np.empty(len(times)), np.empty((len(last), len(VOLUME_PROFILE)))
        so_far = Grown(np.frombuffer(self.levels), np.frombuffer(self.volumes), self.multiple)
        bucket, first = bucket_volume(self.daily), 0
        for second, end in enumerate((last + 1).tolist()):
            if days[first] != self.day:
                self._begin(int(days[first]))
                bucket, so_far = bucket_volume(self.daily), Grown()
            self.volume = min(self.volume + int(size[first:end].sum()), MOST_SHARES)
            buckets[first:end] = bucket
            so_far = grown(so_far, price[first:end], size[first:end], TICK)
            profiles[second] = profile_of(so_far, float(price[end - 1]), TICK)[-len(VOLUME_PROFILE) :]
            first = end
        self.levels, self.volumes, self.multiple = so_far.levels.tobytes(), so_far.volumes.tobytes(), so_far.multiple
        return Told(days, buckets, profiles)

    def _begin(self, day: int) -> None:
        """End the session before, if there was one, and begin another."""
        if self.day and self.since <= _opens_at(self.day):
            self.daily = [*self.daily, self.volume][-SESSIONS:]
        self.day, self.volume = day, 0


def days_of(times: Times) -> Floats:
    """The ordinals of the days in New York, shape (times,)."""
    hours, places = np.unique(times // MICROS_PER_HOUR, return_inverse=True)
    ordinals = [day_of(hour * MICROS_PER_HOUR).toordinal() for hour in hours.tolist()]
    return np.array(ordinals, dtype=np.float64)[places]


def _opens_at(day: int) -> int:
    """When the session opens; where the exchanges are closed, midnight."""
    found = sessions.session(date.fromordinal(day))
    return found.opens_at if found else sessions.instant(date.fromordinal(day), time())
