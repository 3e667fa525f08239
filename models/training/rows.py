"""Feature events to training rows, through the very functions that score live: `feature_row` and `BarHistory.as_of`.

The label is about the mid a horizon later, as the stream itself shows it: the last book at or before that moment, if
one came shortly before it. A mid that did not move counts neither as up nor as down: those rows are left out of fit,
calibration and metrics, and their share is reported.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import StateError
from contracts.events import BarClosed, Event, MicrostructureComputed
from models.short_term.bars import MICROS, BarHistory
from models.short_term.order_flow import FEATURES, HORIZON_S, feature_row

MAX_BOOK_AGE_S: Final = 2
"""The label's mid must be at most this old at the horizon; older, and the feed had a gap there."""


Stream = tuple[str, str]
"""Source and symbol: rows of two sources, such as two simulated runs, are never joined."""


class Rows(NamedTuple):
    """Rows in order of event time. `features` (n, k), all others (n,). `move` is the log return of the mid."""

    features: NDArray[np.float64]
    move: NDArray[np.float64]
    event_time: NDArray[np.int64]
    symbol: NDArray[np.str_]
    book_id: NDArray[np.str_]

    def where(self, mask: NDArray[np.bool_] | NDArray[np.int64]) -> "Rows":
        """The rows that a mask or an index selects."""
        return Rows(self.features[mask], self.move[mask], self.event_time[mask], self.symbol[mask], self.book_id[mask])


class Provenance(NamedTuple):
    """What the events say about where they come from."""

    sources: tuple[str, ...]
    simulated: bool


def build(events: Iterable[Event]) -> tuple[Rows, Provenance]:
    """All labelled rows that the events give, in any order; rows without enough bars or without a label are left out.

    Events of other types are refused: a row made from anything else could not be made live.
    """
    micros: dict[Stream, dict[int, MicrostructureComputed]] = defaultdict(dict)
    bars: dict[Stream, list[BarClosed]] = defaultdict(list)
    for event in events:
        if isinstance(event, MicrostructureComputed):
            micros[event.source, event.symbol].setdefault(event.event_time, event)
        elif isinstance(event, BarClosed):
            bars[event.source, event.symbol].append(event)
        else:
            raise StateError(f"{type(event).__name__} among the training events: give microstructure and bars only")
    parts = [_of_stream([books[time] for time in sorted(books)], bars[stream]) for stream, books in micros.items()]
    if not sum(len(part.move) for part in parts):
        raise StateError(
            "no row could be labelled: training needs order-book features with at least half an hour of bars before "
            "them. Let the system run longer, or train with `--simulate-minutes`"
        )
    rows = Rows(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.move for part in parts]),
        np.concatenate([part.event_time for part in parts]),
        np.concatenate([part.symbol for part in parts]),
        np.concatenate([part.book_id for part in parts]),
    )
    simulated = any(book.simulated for books in micros.values() for book in books.values())
    provenance = Provenance(tuple(sorted({source for source, _ in micros})), simulated)
    return rows.where(np.lexsort((rows.symbol, rows.event_time))), provenance


def _of_stream(books: list[MicrostructureComputed], bars: list[BarClosed]) -> Rows:
    time = np.array([book.event_time for book in books], dtype=np.int64)
    mid = np.array([book.mid for book in books])
    target = time + HORIZON_S * MICROS
    later = np.searchsorted(time, target, side="right") - 1
    # A target past the last book would be "labelled" by a book from before it: require the feed to reach the target.
    is_labelled = (time[later] >= target - MAX_BOOK_AGE_S * MICROS) & (target <= time[-1])
    move = np.log(mid[later] / mid)
    history, unread = BarHistory(), sorted(bars, key=lambda bar: bar.event_time, reverse=True)
    features: list[tuple[float, ...]] = []
    kept: list[int] = []
    for index in np.flatnonzero(is_labelled).tolist():
        book = books[index]
        while unread and unread[-1].event_time <= book.event_time:
            history.add(unread.pop())
        context = history.as_of(book.event_time)
        if context is not None:
            features.append(feature_row(book, context))
            kept.append(index)
    return Rows(
        np.array(features, dtype=np.float64).reshape(-1, len(FEATURES)),
        move[kept],
        time[kept],
        np.array([books[index].symbol for index in kept], dtype="U32"),
        np.array([books[index].book_id for index in kept], dtype="U32"),
    )
