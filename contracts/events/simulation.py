"""The simulator's own."""

from contracts.events.base import Event, Id, Micros, Positive, Probability, Symbol, Whole


class TruthRevealed(Event, frozen=True, kw_only=True):
    """The simulator's latent state and what follows from it. Evaluation may read it, models never.

    `flow` is the latent order-flow pressure, `volatility` per year, `expected_return` the log return expected over
    `horizon_s`, `probability_up` the exact probability that it is positive.
    """

    symbol: Symbol
    horizon_s: Positive
    flow: float
    volatility: float
    expected_return: float
    probability_up: Probability


class IngestionProgressed(Event, frozen=True, kw_only=True):
    """Everything of this source up to `event_time` has been acknowledged by Kafka; a restart resumes there."""

    seed: Whole
    started_at: Micros
    settings_id: Id
