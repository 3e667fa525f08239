import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.inference_api.messages import (
    MAX_HELD,
    BadRequest,
    answer,
    held_of,
    limit_of,
    signal_message,
    wanted_of,
)
from api.ports import Action, StoredSignal, Wanted
from api.proto import signals_pb2 as pb
from contracts import stages
from tests.unit.api.signals import signal

ACTIONS: tuple[Action, ...] = ("Buy", "Sell", "Hold")


@given(
    number=st.integers(0, 10**6),
    action=st.sampled_from(ACTIONS),
    simulated=st.booleans(),
    moments=st.dictionaries(st.sampled_from([*stages.ORDER, "t.unknown"]), st.integers(0, 2**50)),
)
def test_a_message_survives_the_wire_and_says_what_the_event_says(
    number: int,
    action: Action,
    simulated: bool,  # noqa: FBT001
    moments: dict[str, int],
) -> None:
    event = signal(number, action=action, simulated=simulated)
    message = pb.Signal.FromString(signal_message(StoredSignal(event, moments)).SerializeToString())
    assert message.id == event.event_id
    assert message.event_time_us == event.event_time
    assert (message.source, message.symbol, message.reason) == (event.source, event.symbol, event.reason)
    assert pb.Action.Name(message.action) == f"ACTION_{action.upper()}"
    assert message.simulated is simulated
    assert (message.confidence, message.horizon_s, message.reference_price) == (0.58, 10, 190.25)
    for name in ("tick_ids", "feature_ids", "prediction_ids"):
        assert tuple(getattr(message.lineage, name)) == getattr(event.lineage, name)
    assert message.lineage.settings_id == event.lineage.settings_id
    assert [stage.name for stage in message.stages] == [n[2:] for n in stages.ORDER if n in moments]
    assert all(stage.time_us == moments[f"t.{stage.name}"] for stage in message.stages)


def test_an_answer_is_simulated_when_any_of_its_signals_is() -> None:
    real, simulated = (StoredSignal(signal(n, simulated=bool(n)), {}) for n in range(2))
    assert not answer([]).simulated
    assert not answer([real]).simulated
    assert answer([real, simulated]).simulated


def test_requests_become_what_is_wanted() -> None:
    request = pb.StreamSignalsRequest(
        symbols=["AAPL"], actions=[pb.ACTION_SELL, pb.ACTION_BUY], since_event_time_us=7, held_ids=["a", "a"]
    )
    assert wanted_of(request) == Wanted(("AAPL",), ("Buy", "Sell"), 7)
    assert held_of(request) == {"a"}
    assert limit_of(pb.GetSignalsRequest()) == 100
    assert limit_of(pb.GetSignalsRequest(limit=1_000)) == 1_000


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.GetSignalsRequest(symbols=["A"] * 101), "symbols"),
        (pb.GetSignalsRequest(symbols=[""]), "symbols"),
        (pb.GetSignalsRequest(symbols=["A" * 33]), "symbols"),
        (pb.GetSignalsRequest(actions=[pb.ACTION_UNSPECIFIED]), "actions"),
        (pb.GetSignalsRequest(since_event_time_us=-1), "since_event_time_us"),
        (pb.GetSignalsRequest(since_event_time_us=2**62), "since_event_time_us"),
    ],
)
def test_what_is_outside_its_limits_is_named(request_: pb.GetSignalsRequest, field: str) -> None:
    with pytest.raises(BadRequest, match=f"^{field}"):
        wanted_of(request_)


@pytest.mark.parametrize("limit", [-1, 1_001])
def test_a_limit_has_limits(limit: int) -> None:
    with pytest.raises(BadRequest, match=r"^limit"):
        limit_of(pb.GetSignalsRequest(limit=limit))


def test_held_ids_have_a_limit() -> None:
    with pytest.raises(BadRequest, match=r"^held_ids"):
        held_of(pb.StreamSignalsRequest(held_ids=["a"] * (MAX_HELD + 1)))
