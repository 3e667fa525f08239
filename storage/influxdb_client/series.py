"""Which events become which series. Pure.

Theory of operation
-------------------
A row of `SERIES` says of one kind of event what it is called, how it is told apart (tags) and what is drawn (fields).
A correction of a bar is a point at the bar's end and so takes its place.
Three rules keep a dashboard's database small and honest:

* **The number of series is bounded.** Tags are names of underlyings, intervals and the like, never a contract or an id;
  beyond `MAX_SERIES` different ones nothing new is begun, whatever stands in the records.
* **A point may be written again.** The same tags and time overwrite, so what is read twice must say the same. Where a
  step is given, the last event of the step stands for it: going through it again ends with the same one, because
  records of one symbol keep their order. Sums and means would not be safe: half a step read again would replace the
  whole. Where there is none, the event's own time is the point's, and the nanoseconds below it come from its id,
  so that two events of one microsecond do not overwrite each other.
* **What is simulated says so**, in a tag.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from contracts import events, stages, wire
from contracts.errors import RejectedRecord
from contracts.events import Event, GreeksComputed
from contracts.ports import Message, Stamps
from contracts.topics import BY_EVENT, Topic
from storage.influxdb_client.lines import line

SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
MAX_SERIES: Final = 20_000
"""Of all measurements together: some three times what three hundred underlyings need."""
NEAR_MONEY: Final = (0.45, 0.55)
"""Absolute deltas of the options whose volatility is drawn as that of their underlying."""
TERMS: Final = ((7, "0-7d"), (30, "7-30d"), (90, "30-90d"))
"""Upper limits of days to expiry, and what is below them called."""
LONG_TERM: Final = "90d+"
LATENCY: Final = "latency"

Tell = Callable[[Any], str]


class Series(NamedTuple):
    """One measurement made of one kind of event."""

    event: type[Event]
    name: str
    tags: Mapping[str, Tell]
    fields: tuple[str, ...] = ()
    entries: str = ""
    """A dictionary of the event's whose entries are further fields."""
    step_us: int = 0
    """The last event of each step is its point; 0 makes every event one."""
    at: Callable[[Any], int] = attrgetter("event_time")
    belongs: Callable[[Any], bool] = lambda _: True


def term(option: GreeksComputed) -> str:
    """How far off an option's expiry is, in a few words."""
    days = (option.expires_at - option.event_time) / DAY_US
    return next((name for limit, name in TERMS if days < limit), LONG_TERM)


def is_near_money(option: GreeksComputed) -> bool:
    """Whether an option stands for its underlying's volatility."""
    low, high = NEAR_MONEY
    return option.reason == "ok" and option.delta is not None and low <= abs(option.delta) <= high


SYMBOL: Final[Mapping[str, Tell]] = {"symbol": attrgetter("symbol")}
SYMBOL_INTERVAL: Final[Mapping[str, Tell]] = {**SYMBOL, "interval": lambda bar: f"{bar.interval_s}s"}
_BAR: Final = (
    "open", "high", "low", "close", "volume", "vwap", "trade_count", "signed_volume", "realised_variance",
)  # fmt: skip

SERIES: Final = (
    Series(events.BarClosed, "bars", SYMBOL_INTERVAL, _BAR, step_us=SECOND_US),
    Series(
        events.BarCorrected, "bars", SYMBOL_INTERVAL, _BAR, step_us=SECOND_US,
        at=lambda bar: bar.opened_at + bar.interval_s * SECOND_US,
    ),
    Series(events.IndicatorsComputed, "indicators", SYMBOL_INTERVAL, entries="values", step_us=SECOND_US),
    Series(
        events.MicrostructureComputed, "microstructure", SYMBOL,
        (
            "mid", "microprice", "spread", "imbalance_1", "imbalance_3", "imbalance_5", "imbalance_10", "bid_slope",
            "ask_slope", "pressure",
        ),
        step_us=SECOND_US,
    ),
    Series(
        events.GreeksComputed, "near_money",
        {"symbol": attrgetter("underlying"), "right": attrgetter("right"), "term": term},
        (
            "implied_vol", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "charm", "relative_spread",
            "underlying_price",
        ),
        belongs=is_near_money,
    ),
    Series(
        events.PredictionMade, "predictions",
        {**SYMBOL, "horizon": lambda made: f"{made.horizon_s}s", "model": attrgetter("model")},
        ("probability_up", "mid"), step_us=SECOND_US,
    ),
    Series(
        events.SignalIssued, "signals", {**SYMBOL, "action": attrgetter("action")},
        ("confidence", "reference_price", "horizon_s"),
    ),
)  # fmt: skip
BY_KIND: Final = {series.event: series for series in SERIES}
DRAWN_TOPICS: Final[tuple[Topic, ...]] = tuple(dict.fromkeys(BY_EVENT[series.event] for series in SERIES))

_Tags = tuple[tuple[str, str], ...]
_Fields = Mapping[str, float | None]


class Points:
    """Makes points of records. Remembers which series there are, to keep their number bounded."""

    def __init__(self, max_series: int = MAX_SERIES) -> None:
        self._max_series = max_series
        self._series: set[tuple[str, _Tags, tuple[str, ...]]] = set()
        self.unreadable = 0
        """Records passed over because they break their contract; the writer of rows is the one that rejects them."""
        self.too_many = 0
        """Points left out because they would have begun one series too many."""

    def lines(self, messages: Iterable[Message]) -> list[str]:
        """The points of some records, each once: a later record of the same tags and time replaces an earlier one."""
        points: dict[tuple[str, _Tags, int], _Fields] = {}
        for message in messages:
            try:
                event = wire.decode(message.topic, message.value)
            except RejectedRecord:
                self.unreadable += 1
                continue
            series = BY_KIND.get(type(event))
            if series is not None and series.belongs(event):
                tags = _tags(event.simulated, {name: tell(event) for name, tell in series.tags.items()})
                self._put(points, (series.name, tags, time_ns(series, event)), _fields(series, event))
            passed = waterfall(message.stamps, message.appended_at)
            if passed:
                tags = _tags(event.simulated, {"topic": message.topic, "partition": str(message.partition)})
                second = message.appended_at - message.appended_at % SECOND_US
                self._put(points, (LATENCY, tags, second * 1000), passed)
        made = (line(name, dict(tags), fields, at) for (name, tags, at), fields in points.items())
        return [text for text in made if text is not None]

    def _put(self, points: dict[tuple[str, _Tags, int], _Fields], key: tuple[str, _Tags, int], fields: _Fields) -> None:
        identity = (*key[:2], tuple(fields))
        if identity not in self._series:
            if len(self._series) >= self._max_series:
                self.too_many += 1
                return
            self._series.add(identity)
        points[key] = fields


def time_ns(series: Series, event: Event) -> int:
    """Time of an event's point, ns since the epoch."""
    at = series.at(event)
    if series.step_us:
        return (at - at % series.step_us) * 1000
    return at * 1000 + int(event.event_id, 16) % 1000


def waterfall(stamps: Stamps, appended_at: int) -> dict[str, float]:
    """Milliseconds after it was due at which each stage had what became a record, and at which the broker had it.

    >>> waterfall({stages.DUE: 1_000_000, stages.SENT: 1_002_000}, 1_005_000)
    {'sent_ms': 2.0, 'appended_ms': 5.0}
    """
    due = stamps.get(stages.DUE, 0)
    if due <= 0:
        return {}
    passed = {f"{stage.removeprefix('t.')}_ms": stamps[stage] for stage in stages.ORDER[1:] if stage in stamps}
    return {name: (at - due) / 1000 for name, at in (*passed.items(), ("appended_ms", appended_at))}


def _tags(simulated: bool, own: Mapping[str, str]) -> _Tags:  # noqa: FBT001 - a tag like the others
    return (*own.items(), ("simulated", "true" if simulated else "false"))


def _fields(series: Series, event: Event) -> _Fields:
    """Numbers by name; entries whose name is not a plain word are left out, for names are not escaped."""
    entries = getattr(event, series.entries) if series.entries else {}
    return {name: getattr(event, name) for name in series.fields} | {
        name: value for name, value in entries.items() if name.isidentifier() and name.isascii()
    }
