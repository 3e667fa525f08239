"""From predictions to signals: the decision, its wording and its lineage. Pure and deterministic in event time.

Theory of operation
-------------------
For each symbol the engine holds one decision: the last thing it said and when. Every prediction has an outcome, one of
Buy, Sell, Hold, or a reason to withhold. It is said aloud if it differs from the decision, or if the decision is older
than the refresh interval of event time; otherwise it leaves no trace. Reasons to withhold are said at the pace of the
refresh only, so that a prediction which is delivered twice, the second time late, does not shout "stale".

Because what is not said leaves no trace, the state is a function of what was said, and the engine's own output topic
is its memory: `restore` folds it, and predictions at or before the last decision of their symbol are passed over. A
decision older than STANDS_FOR_S no longer stands, so the topic's tail is enough. Killed anywhere and restored, with
predictions delivered again since the last commit, the engine says what it would have said, once.

Freshness is judged between two times that are both on the record: the market's (event time) and the broker's, when the
prediction was appended. No clock is read, so a replay of the records decides the same.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from contracts.errors import ConfigError
from contracts.events import Event, Lineage, PredictionMade, SignalIssued, SignalWithheld
from contracts.ids import make_id

MICROS: Final = 1_000_000
STANDS_FOR_S: Final = 60
"""Event time after which a decision is forgotten: hysteresis must not lean on what was said in another market."""

Action = Literal["Buy", "Sell", "Hold"]
Withholding = Literal["stale_input", "incomplete_lineage"]
Outcome = Action | Withholding


class Rules(NamedTuple):
    """Values of the engine's settings, and the id under which they appear in each signal's lineage.

    0.5 < `release_below` ≤ `act_above` ≤ 1 (`checked`); times in seconds of event time.
    """

    act_above: float
    release_below: float
    refresh_s: float
    max_age_s: float
    settings_id: str


def checked(rules: Rules, where: str) -> Rules:
    """The rules, if they make sense: at or below one half, both directions could be likely enough at once."""
    if not 0.5 < rules.release_below <= rules.act_above:  # noqa: PLR2004 - one half is where the direction turns
        raise ConfigError(
            where,
            "engine.release_below, engine.act_above",
            f"{rules.release_below:g} and {rules.act_above:g} must satisfy 0.5 < release_below ≤ act_above",
            "Raise the one that is too low",
        )
    return rules


class Decision(NamedTuple):
    """What was last said about a symbol."""

    event_time: int
    outcome: Outcome


class Engine:
    """Feed it `PredictionMade`; it answers with `SignalIssued` or `SignalWithheld` when there is something to say."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._decisions: dict[str, Decision] = {}
        self._latest: dict[str, int] = {}

    def restore(self, said: Iterable[Event]) -> None:
        """Take up the state that these events, from the engine's own output in its order, left behind."""
        for event in said:
            if isinstance(event, SignalIssued):
                self._remember(event.symbol, Decision(event.event_time, event.action))
            elif isinstance(event, SignalWithheld):
                self._remember(event.symbol, Decision(event.event_time, event.reason))

    def handle(self, event: Event, appended_at: int) -> list[Event]:
        """What to say about a prediction that its topic received at `appended_at` (µs); often nothing.

        There is one decision for each symbol and event time: repetitions and latecomers are passed over.
        """
        if not isinstance(event, PredictionMade) or event.event_time <= self._latest.get(event.symbol, -1):
            return []
        self._latest[event.symbol] = event.event_time
        decision = self._standing(event)
        outcome = self._outcome(event, appended_at, decision)
        is_due = decision is None or event.event_time - decision.event_time >= self._rules.refresh_s * MICROS
        says_withheld = outcome in {"stale_input", "incomplete_lineage"}
        if not is_due and (says_withheld or (decision is not None and outcome == decision.outcome)):
            return []
        self._remember(event.symbol, Decision(event.event_time, outcome))
        if outcome == "stale_input" or outcome == "incomplete_lineage":  # noqa: PLR1714 - narrows the type
            return [self._withheld(event, outcome, appended_at)]
        return [self._issued(event, outcome)]

    def _standing(self, prediction: PredictionMade) -> Decision | None:
        decision = self._decisions.get(prediction.symbol)
        if decision is None or prediction.event_time - decision.event_time > STANDS_FOR_S * MICROS:
            return None
        return decision

    def _outcome(self, prediction: PredictionMade, appended_at: int, decision: Decision | None) -> Outcome:
        if not prediction.bar_ids:
            return "incomplete_lineage"
        if appended_at - prediction.event_time > self._rules.max_age_s * MICROS:
            return "stale_input"
        up = prediction.probability_up
        chances: tuple[tuple[Action, float], ...] = (("Buy", up), ("Sell", 1 - up))
        for action, chance in chances:
            stands = decision is not None and decision.outcome == action
            if chance >= (self._rules.release_below if stands else self._rules.act_above):
                return action
        return "Hold"

    def _remember(self, symbol: str, decision: Decision) -> None:
        self._decisions[symbol] = decision
        self._latest[symbol] = max(decision.event_time, self._latest.get(symbol, -1))

    def _issued(self, prediction: PredictionMade, action: Action) -> SignalIssued:
        """The signal. Its confidence is the calibrated probability of the direction it states.

        A Hold states no direction. Its confidence is that of the likelier one, max(p, 1 − p): the probability that was
        not enough to act on, and not a probability that holding is right, which nobody here has estimated.
        """
        up = prediction.probability_up
        return SignalIssued(
            event_id=make_id("SignalIssued", prediction.event_id, self._rules.settings_id),
            event_time=prediction.event_time,
            source=prediction.source,
            simulated=prediction.simulated,
            symbol=prediction.symbol,
            action=action,
            confidence={"Buy": up, "Sell": 1 - up, "Hold": max(up, 1 - up)}[action],
            horizon_s=prediction.horizon_s,
            reference_price=prediction.mid,
            reason=self._wording(prediction, action),
            lineage=Lineage(
                tick_ids=(prediction.book_id,),
                feature_ids=(prediction.microstructure_id, *prediction.bar_ids),
                prediction_ids=(prediction.event_id,),
                model=prediction.model,
                model_version=prediction.model_version,
                settings_id=self._rules.settings_id,
            ),
        )

    def _withheld(self, prediction: PredictionMade, reason: Withholding, appended_at: int) -> SignalWithheld:
        age_s = (appended_at - prediction.event_time) / MICROS
        explanations = {
            "stale_input": f"the order book was {age_s:.1f} s old when its prediction arrived, "
            f"more than the {self._rules.max_age_s:g} s allowed",
            "incomplete_lineage": "the prediction does not name the bars it was made from",
        }
        return SignalWithheld(
            event_id=make_id("SignalWithheld", reason, prediction.event_id, self._rules.settings_id),
            event_time=prediction.event_time,
            source=prediction.source,
            simulated=prediction.simulated,
            symbol=prediction.symbol,
            reason=reason,
            explanation=explanations[reason],
            prediction_id=prediction.event_id,
        )

    def _wording(self, prediction: PredictionMade, action: Action) -> str:
        up, ahead = prediction.probability_up, f"in {prediction.horizon_s} s"
        texts = {
            "Buy": f"Buying pressure in the order book: {up:.1%} chance that the price is higher, not lower, {ahead}.",
            "Sell": f"Selling pressure in the order book: {1 - up:.1%} chance that the price is lower, not higher, "
            f"{ahead}.",
            "Hold": f"No clear edge: {up:.1%} up against {1 - up:.1%} down {ahead}; acting needs "
            f"{self._rules.act_above:.1%}.",
        }
        return texts[action]
