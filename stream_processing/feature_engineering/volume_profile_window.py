"""The volume profile of the last minutes: one profile a minute, the latest of which are read together."""

from typing import Final

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from stream_processing.feature_engineering.scan import Floats
from stream_processing.feature_engineering.volume_profile import VOLUME_PROFILE, Grown, grown, profile_of, together

MINUTE_US: Final = 60_000_000
MINUTES: Final = 30
"""This minute so far and those before it."""

WINDOW_PROFILE: Final = tuple(
    feature._replace(name=f"{feature.name}_{MINUTES}m", window=f"this minute and the {MINUTES - 1} before it")
    for feature in VOLUME_PROFILE
)


class Minute(Struct, array_like=True, gc=False):
    """The trades of one minute."""

    number: int
    """Since the epoch."""
    levels: bytes
    volumes: bytes
    multiple: int
    """The fields of `Grown`."""

    def profile(self) -> Grown:
        """They by price."""
        return Grown(np.frombuffer(self.levels), np.frombuffer(self.volumes), self.multiple)


class Window(Struct):
    """The last minutes that had trades, in order of time."""

    minutes: list[Minute] = field(default_factory=list)

    def count(
        self, times: NDArray[np.int64], price: Floats, size: Floats, last: NDArray[np.int64], tick: float
    ) -> Floats:
        """Count in trades in order of time, shape (trades,); `last` are the places of the last ones of seconds.

        The features of `WINDOW_PROFILE` at the end of each second, shape (seconds, features).
        """
        out = np.empty((len(last), len(WINDOW_PROFILE)))
        numbers = (times[last] // MINUTE_US).tolist()
        number, before, now, first = -1, Grown(), Grown(), 0
        for second, end in enumerate((last + 1).tolist()):
            if numbers[second] != number:
                self._keep(number, now)
                number = numbers[second]
                before, now = self._begin(number)
            now = grown(now, price[first:end], size[first:end], tick)
            out[second] = profile_of(together((before, now)), float(price[end - 1]), tick)[-len(WINDOW_PROFILE) :]
            first = end
        self._keep(number, now)
        return out

    def _begin(self, number: int) -> tuple[Grown, Grown]:
        """The profile of the minutes before one, and of the one itself as far as it was read; what is old is gone."""
        kept = [minute for minute in self.minutes if minute.number > number - MINUTES]
        self.minutes = [minute for minute in kept if minute.number != number]
        now = [minute.profile() for minute in kept if minute.number == number]
        return together([Grown(), *(minute.profile() for minute in self.minutes)]), (now or [Grown()])[0]

    def _keep(self, number: int, profile: Grown) -> None:
        if number >= 0:
            levels, volumes, multiple = profile
            self.minutes.append(Minute(number, levels.tobytes(), volumes.tobytes(), multiple))
