"""What models and the engine said."""

from typing import Literal

from msgspec import Struct

from contracts.events.base import Event, Id, Positive, Price, Probability, Symbol, Text


class PredictionMade(Event, frozen=True, kw_only=True):
    """A model's calibrated probability that the mid price is higher, not lower, `horizon_s` seconds later.

    Moments at which it is unchanged are left out of training and of the probability.
    """

    symbol: Symbol
    horizon_s: Positive
    model: Symbol
    model_version: Symbol
    probability_up: Probability
    mid: Price
    microstructure_id: Id
    book_id: Id
    bar_ids: tuple[Id, ...]


class Lineage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What made a signal, back to the ticks."""

    tick_ids: tuple[Id, ...]
    feature_ids: tuple[Id, ...]
    prediction_ids: tuple[Id, ...]
    model: Symbol
    model_version: Symbol
    settings_id: Id


class SignalIssued(Event, frozen=True, kw_only=True):
    """A recommendation. `confidence` is the calibrated probability that the stated direction is right."""

    symbol: Symbol
    action: Literal["Buy", "Sell", "Hold"]
    confidence: Probability
    horizon_s: Positive
    reference_price: Price
    reason: Text
    lineage: Lineage


class SignalWithheld(Event, frozen=True, kw_only=True):
    """A prediction that the engine declined to turn into a signal, and why."""

    symbol: Symbol
    reason: Literal["stale_input", "incomplete_lineage"]
    explanation: Text
    prediction_id: Id
