from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_BUY: _ClassVar[Action]
    ACTION_SELL: _ClassVar[Action]
    ACTION_HOLD: _ClassVar[Action]
ACTION_UNSPECIFIED: Action
ACTION_BUY: Action
ACTION_SELL: Action
ACTION_HOLD: Action

class Signal(_message.Message):
    __slots__ = ("id", "event_time_us", "source", "simulated", "symbol", "action", "confidence", "horizon_s", "reference_price", "reason", "lineage", "stages")
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    HORIZON_S_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PRICE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    id: str
    event_time_us: int
    source: str
    simulated: bool
    symbol: str
    action: Action
    confidence: float
    horizon_s: int
    reference_price: float
    reason: str
    lineage: Lineage
    stages: _containers.RepeatedCompositeFieldContainer[Stage]
    def __init__(self, id: _Optional[str] = ..., event_time_us: _Optional[int] = ..., source: _Optional[str] = ..., simulated: _Optional[bool] = ..., symbol: _Optional[str] = ..., action: _Optional[_Union[Action, str]] = ..., confidence: _Optional[float] = ..., horizon_s: _Optional[int] = ..., reference_price: _Optional[float] = ..., reason: _Optional[str] = ..., lineage: _Optional[_Union[Lineage, _Mapping]] = ..., stages: _Optional[_Iterable[_Union[Stage, _Mapping]]] = ...) -> None: ...

class Lineage(_message.Message):
    __slots__ = ("tick_ids", "feature_ids", "prediction_ids", "model", "model_version", "settings_id")
    TICK_IDS_FIELD_NUMBER: _ClassVar[int]
    FEATURE_IDS_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_IDS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_ID_FIELD_NUMBER: _ClassVar[int]
    tick_ids: _containers.RepeatedScalarFieldContainer[str]
    feature_ids: _containers.RepeatedScalarFieldContainer[str]
    prediction_ids: _containers.RepeatedScalarFieldContainer[str]
    model: str
    model_version: str
    settings_id: str
    def __init__(self, tick_ids: _Optional[_Iterable[str]] = ..., feature_ids: _Optional[_Iterable[str]] = ..., prediction_ids: _Optional[_Iterable[str]] = ..., model: _Optional[str] = ..., model_version: _Optional[str] = ..., settings_id: _Optional[str] = ...) -> None: ...

class Stage(_message.Message):
    __slots__ = ("name", "time_us")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TIME_US_FIELD_NUMBER: _ClassVar[int]
    name: str
    time_us: int
    def __init__(self, name: _Optional[str] = ..., time_us: _Optional[int] = ...) -> None: ...

class GetSignalsRequest(_message.Message):
    __slots__ = ("symbols", "actions", "since_event_time_us", "limit")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    SINCE_EVENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    actions: _containers.RepeatedScalarFieldContainer[Action]
    since_event_time_us: int
    limit: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., actions: _Optional[_Iterable[_Union[Action, str]]] = ..., since_event_time_us: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class GetSignalsResponse(_message.Message):
    __slots__ = ("signals", "simulated")
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    SIMULATED_FIELD_NUMBER: _ClassVar[int]
    signals: _containers.RepeatedCompositeFieldContainer[Signal]
    simulated: bool
    def __init__(self, signals: _Optional[_Iterable[_Union[Signal, _Mapping]]] = ..., simulated: _Optional[bool] = ...) -> None: ...

class StreamSignalsRequest(_message.Message):
    __slots__ = ("symbols", "actions", "since_event_time_us", "held_ids")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    SINCE_EVENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    HELD_IDS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    actions: _containers.RepeatedScalarFieldContainer[Action]
    since_event_time_us: int
    held_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., actions: _Optional[_Iterable[_Union[Action, str]]] = ..., since_event_time_us: _Optional[int] = ..., held_ids: _Optional[_Iterable[str]] = ...) -> None: ...
