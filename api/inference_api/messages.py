"""Between the proto's messages and our events. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from api.limits import DEFAULT_LIMIT, MAX_LIMIT, MAX_SYMBOL_LENGTH, MAX_SYMBOLS, MAX_TIME_US
from api.ports import Action, StoredSignal, Wanted
from api.proto import signals_pb2 as pb
from contracts import stages
from contracts.errors import OptionsAIError

MAX_HELD: Final = 10_000
"""Ids a client may name as held: a minute of 160 signals a second."""

ACTIONS: Final[dict[Action, pb.Action]] = {"Buy": pb.ACTION_BUY, "Sell": pb.ACTION_SELL, "Hold": pb.ACTION_HOLD}
_BY_NUMBER: Final[dict[int, Action]] = {number: action for action, number in ACTIONS.items()}


class BadRequest(OptionsAIError):  # noqa: N818 - named by whose fault it is
    """A field of a request is outside its limits."""


def signal_message(stored: StoredSignal) -> pb.Signal:
    """The proto's form of a signal."""
    signal, lineage = stored.signal, stored.signal.lineage
    return pb.Signal(
        id=signal.event_id,
        event_time_us=signal.event_time,
        source=signal.source,
        simulated=signal.simulated,
        symbol=signal.symbol,
        action=ACTIONS[signal.action],
        confidence=signal.confidence,
        horizon_s=signal.horizon_s,
        reference_price=signal.reference_price,
        reason=signal.reason,
        lineage=pb.Lineage(
            tick_ids=lineage.tick_ids,
            feature_ids=lineage.feature_ids,
            prediction_ids=lineage.prediction_ids,
            model=lineage.model,
            model_version=lineage.model_version,
            settings_id=lineage.settings_id,
        ),
        stages=[
            pb.Stage(name=name.removeprefix("t."), time_us=stored.stages[name])
            for name in stages.ORDER
            if name in stored.stages
        ],
    )


def answer(found: Sequence[StoredSignal]) -> pb.GetSignalsResponse:
    """Signals found, as an answer."""
    return pb.GetSignalsResponse(
        signals=[signal_message(stored) for stored in found], simulated=any(stored.signal.simulated for stored in found)
    )


def wanted_of(request: pb.GetSignalsRequest | pb.StreamSignalsRequest) -> Wanted:
    """Which signals a request asks for; `BadRequest` if a field is outside its limits."""
    symbols = tuple(request.symbols)
    if len(symbols) > MAX_SYMBOLS:
        raise BadRequest(f"symbols: {len(symbols)} given, at most {MAX_SYMBOLS}")
    if not all(1 <= len(symbol) <= MAX_SYMBOL_LENGTH for symbol in symbols):
        raise BadRequest(f"symbols: each has 1 to {MAX_SYMBOL_LENGTH} characters")
    if not 0 <= request.since_event_time_us <= MAX_TIME_US:
        raise BadRequest(f"since_event_time_us: between 0 and {MAX_TIME_US} (microseconds since 1970)")
    return Wanted(symbols, _actions(request.actions), request.since_event_time_us)


def limit_of(request: pb.GetSignalsRequest) -> int:
    """How many signals a request asks for."""
    if not 0 <= request.limit <= MAX_LIMIT:
        raise BadRequest(f"limit: {request.limit} given, 1 to {MAX_LIMIT} (0 means {DEFAULT_LIMIT})")
    return request.limit or DEFAULT_LIMIT


def held_of(request: pb.StreamSignalsRequest) -> frozenset[str]:
    """Ids that a client holds already."""
    if len(request.held_ids) > MAX_HELD:
        raise BadRequest(f"held_ids: {len(request.held_ids)} given, at most {MAX_HELD}")
    return frozenset(request.held_ids)


def _actions(numbers: Iterable[int]) -> tuple[Action, ...]:
    chosen = set(numbers)
    if unknown := chosen - _BY_NUMBER.keys():
        raise BadRequest(f"actions: {min(unknown)} is not one of ACTION_BUY, ACTION_SELL, ACTION_HOLD")
    return tuple(_BY_NUMBER[number] for number in sorted(chosen))
