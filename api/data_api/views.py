"""The JSON of the REST answers, as models from which the OpenAPI description is made."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.ports import Action, StoredSignal
from contracts import stages

Probability = Annotated[float, Field(ge=0, le=1)]
Simulated = Annotated[bool, Field(description="True when it descends from the simulated market")]


class LineageView(BaseModel):
    """What made a signal, back to the ticks."""

    tick_ids: list[str]
    feature_ids: list[str]
    prediction_ids: list[str]
    model: str
    model_version: str
    settings_id: str = Field(description="Id of the settings that were in force")


class StageView(BaseModel):
    """A moment in the life of a signal."""

    stage: str = Field(description="due, sent, market, features, scored, predicted, decided or signalled")
    time: datetime
    since_due_ms: float = Field(description="Milliseconds since its market data were due (or since the first moment)")


class SignalView(BaseModel):
    """One recommendation. For research and education; not investment advice."""

    id: str = Field(description="32 hexadecimal characters; the same fact always has the same id")
    event_time: datetime = Field(description="Exchange time of the order book that led to it")
    event_time_us: int = Field(description="The same, microseconds since 1970-01-01 UTC: use it as `since`")
    symbol: str
    action: Action
    confidence: Probability = Field(description="Calibrated probability that the stated direction is right")
    horizon_s: int = Field(description="Seconds after event_time for which it is made")
    reference_price: float = Field(description="Mid price of the underlying when it was issued, USD")
    reason: str
    simulated: Simulated


class SignalDetail(SignalView):
    """A signal with what made it and the moments it passed."""

    lineage: LineageView
    waterfall: list[StageView] = Field(description="In order of time; empty where the moments are not known")


class SignalsView(BaseModel):
    """Signals, newest first."""

    simulated: Simulated
    signals: list[SignalView]


class Check(BaseModel):
    """One thing that the API depends on."""

    ok: bool
    detail: str


class Health(BaseModel):
    """Whether the API can do its work."""

    status: Literal["ok", "failing"]
    simulated: bool | None = Field(description="Whether the newest signal is simulated; null before the first")
    checks: dict[str, Check]
    last_signal_age_s: float | None = Field(description="Seconds since Kafka got the newest signal; null if none yet")


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    error: str = Field(description="A stable code")
    message: str


def summary(stored: StoredSignal) -> SignalView:
    """A signal as a row of a list."""
    return SignalView.model_validate(_facts(stored))


def detail(stored: StoredSignal) -> SignalDetail:
    """A signal with its lineage and waterfall."""
    lineage = stored.signal.lineage
    return SignalDetail.model_validate(
        {
            **_facts(stored),
            "lineage": {name: _plain(getattr(lineage, name)) for name in LineageView.model_fields},
            "waterfall": waterfall(stored),
        }
    )


def waterfall(stored: StoredSignal) -> list[StageView]:
    """The moments a signal passed, as far as they are known."""
    passed = [(name, stored.stages[name]) for name in stages.ORDER if name in stored.stages]
    return [
        StageView(stage=name.removeprefix("t."), time=_moment(at), since_due_ms=(at - passed[0][1]) / 1000)
        for name, at in passed
    ]


def _facts(stored: StoredSignal) -> dict[str, object]:
    signal = stored.signal
    facts = {name: getattr(signal, name) for name in SignalView.model_fields if hasattr(signal, name)}
    return {
        **facts,
        "id": signal.event_id,
        "event_time": _moment(signal.event_time),
        "event_time_us": signal.event_time,
    }


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
