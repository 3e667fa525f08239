"""Macro indicators by vintage and the curve of risk-free rates, as known at an instant.

A revision counts from its own release on. The value of a period is that of its last vintage, and a change compares it
with the last vintage of the period before, both as known at the moment asked for. A surprise is the first vintage less
the consensus, in deviations of the surprises before it, so that it is not measured by itself.
"""

import math
from bisect import bisect_left
from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec import Struct

from contracts.events import MacroReleased, RateCurvePublished
from stream_processing.feature_engineering.features import Feature, Horizon
from stream_processing.feature_engineering.point_in_time import (
    MISSING,
    Row,
    catalogue,
    days_between,
    evaluated,
    inserted,
    known_by,
    mean,
    ratio,
)


class Indicator(NamedTuple):
    """One row of the table of indicators."""

    name: str
    unit: str
    """Of its numbers."""
    is_revised: bool
    """Whether a period's number has more than one vintage."""


INDICATORS: Final = (
    Indicator("EMPLOYMENT", "thousand jobs", is_revised=True),
    Indicator("CPI", "percent a year", is_revised=False),
    Indicator("FOMC", "percent", is_revised=False),
    Indicator("GDP", "percent, annualised", is_revised=True),
)
"""Those that features are made of; releases of others are let go."""
_NAMES: Final = frozenset(indicator.name for indicator in INDICATORS)
RELEASES_KEPT: Final = 96
"""Of one indicator: monthly ones with a revision each leave four years, so a state may run ahead by one."""
SURPRISES: Final = (4, 24)
"""Fewest and most past surprises that a deviation is made of."""
CURVE: Final = "USD"
CURVES_KEPT: Final = 64
"""Curves; a state may run ahead by two months."""
SHORT, MIDDLE, LONG = 91, 365, 1095
"""Tenors in days."""


class Release(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """One vintage of one period's number."""

    period_ended_at: int
    revision: int
    known_at: int
    event_id: str
    actual: float
    previous: float
    consensus: float | None


class Curve(Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """Rates by tenor in days, shortest first; continuous, per year."""

    known_at: int
    event_id: str
    tenors_days: tuple[int, ...]
    rates: tuple[float, ...]


class MacroState(Struct, frozen=True, forbid_unknown_fields=True):
    """What has been released. The releases of each indicator in order; nothing changes a mapping once it is made."""

    releases: dict[str, tuple[Release, ...]] = {}
    curves: tuple[Curve, ...] = ()


START: Final = MacroState()


def update(state: MacroState, event: MacroReleased | RateCurvePublished) -> MacroState:
    """The state with one more release or curve."""
    if isinstance(event, RateCurvePublished):
        return _with_curve(state, event)
    if event.indicator not in _NAMES:
        return state
    release = Release(
        event.period_ended_at,
        event.revision,
        event.event_time,
        event.event_id,
        event.actual,
        event.previous,
        event.consensus,
    )
    known = inserted(state.releases.get(event.indicator, ()), release, RELEASES_KEPT)
    return MacroState({**state.releases, event.indicator: known}, state.curves)


def features(state: MacroState, at: int) -> dict[str, float]:
    """The values of `MACRO` at an instant, µs."""
    values: dict[str, float] = {}
    for indicator, rows in _BY_INDICATOR.items():
        values |= evaluated(rows, View(at, tuple(known_by(state.releases.get(indicator, ()), at))))
    curves = known_by(state.curves, at)
    return values | evaluated(_CURVE_ROWS, curves[-1] if curves else None)


class View(NamedTuple):
    """What is known of one indicator at an instant, in order of period, then of vintage."""

    at: int
    releases: tuple[Release, ...]


def _with_curve(state: MacroState, event: RateCurvePublished) -> MacroState:
    """Curves of others, and such whose rates do not match their tenors, are let go."""
    if event.curve != CURVE or len(event.tenors_days) != len(event.rates):
        return state
    points = dict(sorted(zip(event.tenors_days, event.rates, strict=True)))
    curve = Curve(event.event_time, event.event_id, tuple(points), tuple(points.values()))
    return MacroState(state.releases, inserted(state.curves, curve, CURVES_KEPT))


def _value(view: View) -> float:
    return view.releases[-1].actual if view.releases else MISSING


def _change(view: View) -> float:
    """With no release of the period before, what the first vintage says that it was."""
    if not view.releases:
        return MISSING
    last = view.releases[-1]
    before = [one.actual for one in view.releases if one.period_ended_at < last.period_ended_at]
    if before:
        return last.actual - before[-1]
    return last.actual - view.releases[0].previous if view.releases[0].revision == 0 else MISSING


def _surprises(view: View) -> list[float]:
    return [one.actual - one.consensus for one in view.releases if one.revision == 0 and one.consensus is not None]


def _surprise(view: View) -> float:
    *past, last = _surprises(view) or [MISSING]
    past = past[-SURPRISES[1] :]
    if len(past) < SURPRISES[0]:
        return MISSING
    centre = mean(past)
    return ratio(last, math.sqrt(sum((one - centre) * (one - centre) for one in past) / (len(past) - 1)))


def _revision(view: View) -> float:
    revised = [one for one in view.releases if one.revision > 0]
    if not revised:
        return MISSING
    last = max(revised, key=lambda one: (one.known_at, one.event_id))
    return last.actual - last.previous


def _age_days(view: View) -> float:
    first = [one.known_at for one in view.releases if one.revision == 0]
    return days_between(max(first), view.at) if first else MISSING


def _at(curve: Curve, tenor_days: int) -> float:
    """Rate at a tenor, on a straight line between the neighbours; missing outside."""
    above = bisect_left(curve.tenors_days, tenor_days)
    if above < len(curve.tenors_days) and curve.tenors_days[above] == tenor_days:
        return curve.rates[above]
    if above in {0, len(curve.tenors_days)}:
        return MISSING
    low, high = curve.tenors_days[above - 1], curve.tenors_days[above]
    share = (tenor_days - low) / (high - low)
    return curve.rates[above - 1] * (1 - share) + curve.rates[above] * share


def _level(curve: Curve | None) -> float:
    return MISSING if curve is None else _at(curve, MIDDLE)


def _slope(curve: Curve | None) -> float:
    return MISSING if curve is None else _at(curve, LONG) - _at(curve, SHORT)


def _curvature(curve: Curve | None) -> float:
    return MISSING if curve is None else 2 * _at(curve, MIDDLE) - _at(curve, SHORT) - _at(curve, LONG)


_SLOW: Final[tuple[Horizon, ...]] = ("medium", "long")


def _rows(indicator: Indicator) -> tuple[Row[View], ...]:
    def row(
        name: str,
        meaning: str,
        window: str,
        value: Callable[[View], float],
        unit: str = indicator.unit,
        warm_up: int = 0,
    ) -> Row[View]:
        named = f"macro_{indicator.name.lower()}_{name}"
        return Row(Feature(named, f"{indicator.name}: {meaning}", unit, window, warm_up, "MacroReleased", _SLOW), value)

    fewest, most = SURPRISES
    revision = row(
        "revision", "what the last revision added to the vintage before it.", "the last revision", _revision, warm_up=1
    )
    return (
        row("value", "the last period's number, by its last vintage.", "the last period", _value),
        row("change", "that number less the one of the period before, by its last vintage.", "2 periods", _change),
        row(
            "surprise", "the last first vintage less its consensus, in deviations of those before.",
            f"up to {most} first vintages before", _surprise, "standard deviations", fewest,
        ),
        row("age_days", "days since the last first vintage.", "the last first vintage", _age_days, "days"),
        *((revision,) if indicator.is_revised else ()),
    )  # fmt: skip


def _of_curve(name: str, meaning: str, value: Callable[[Curve | None], float]) -> Row[Curve | None]:
    return Row(Feature(name, meaning, "per year", "the last curve", 0, "RateCurvePublished", _SLOW), value)


_BY_INDICATOR: Final = {indicator.name: _rows(indicator) for indicator in INDICATORS}
_CURVE_ROWS: Final = (
    _of_curve("rate_level", f"Rate at {MIDDLE} days.", _level),
    _of_curve("rate_slope", f"Rate at {LONG} days less that at {SHORT}.", _slope),
    _of_curve("rate_curvature", f"Twice the rate at {MIDDLE} days less those at {SHORT} and {LONG}.", _curvature),
)
MACRO: Final[tuple[Feature, ...]] = (
    *(feature for rows in _BY_INDICATOR.values() for feature in catalogue(rows)),
    *catalogue(_CURVE_ROWS),
)
NAMES: Final = tuple(feature.name for feature in MACRO)
