"""Live scoring: each order book's features, with the bars as of then, become a prediction. Pure.

Bars are taken as of a minute before the book (`models.short_term.bars`), so that a prediction depends on the events and
not on which of two topics was read first. Only bars of the book's own source count: two simulated runs are two markets,
and the jump between them is not volatility. A book without enough bars before it gets no prediction, only a count: a
guess at the volatility would look like knowledge.
"""

from collections import defaultdict

from contracts.events import BarClosed, Event, MicrostructureComputed, PredictionMade
from contracts.ids import make_id
from models.short_term.artefact import Artefact
from models.short_term.bars import BarHistory
from models.short_term.order_flow import feature_row, predict


class Scorer:
    """Feed it `MicrostructureComputed` and `BarClosed`; it answers with `PredictionMade`."""

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact
        self._bars: defaultdict[tuple[str, str], BarHistory] = defaultdict(BarHistory)
        self.unscored = 0
        """Books that had too few bars before them."""

    def handle(self, event: Event, appended_at: int) -> list[Event]:  # noqa: ARG002 - scoring needs no arrival time
        """The prediction that a book's features give, if there are bars enough; bars are only remembered."""
        if isinstance(event, BarClosed):
            self._bars[event.source, event.symbol].add(event)
            return []
        if not isinstance(event, MicrostructureComputed):
            return []
        bars = self._bars[event.source, event.symbol].as_of(event.event_time)
        if bars is None:
            self.unscored += 1
            return []
        model, version = self._artefact.model, self._artefact.version
        return [
            PredictionMade(
                event_id=make_id("PredictionMade", model, version, event.event_id, *bars.bar_ids),
                event_time=event.event_time,
                source=event.source,
                simulated=event.simulated or bars.simulated,
                symbol=event.symbol,
                horizon_s=self._artefact.horizon_s,
                model=model,
                model_version=version,
                probability_up=predict(self._artefact, feature_row(event, bars)),
                mid=event.mid,
                microstructure_id=event.event_id,
                book_id=event.book_id,
                bar_ids=bars.bar_ids,
            )
        ]
