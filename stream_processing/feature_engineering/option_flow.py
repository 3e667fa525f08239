"""Option trades of one underlying to what is unusual about each, beside open interest and the sessions before.

Theory of operation
-------------------
Trades and reports wait until the clock has told that their second is over, and are then read in order of their own
time. Each contract that traded today has the state of the scan of its own trades, each that was reported its last open
interest and the volumes of its last sessions; a report counts for trades dated after it. A session is a day in New
York. Contracts may lie in several partitions, so their order in Kafka means nothing: only the clock tells what is late.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import isfinite, nan
from sys import byteorder
from typing import Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct, field

from contracts.events import Event, OpenInterestReported, OptionFlowComputed, OptionTraded
from contracts.ids import make_id
from stream_processing.feature_engineering.features import Feature, present
from stream_processing.feature_engineering.flow_sessions import SESSIONS, days_of
from stream_processing.feature_engineering.machine import Factory, Stream
from stream_processing.feature_engineering.order_flow import OPTION_FLOW, named
from stream_processing.feature_engineering.order_flow_impact_kernels import option_flows
from stream_processing.feature_engineering.pending import SECOND_US, Waiting, seconds_over
from stream_processing.feature_engineering.scan import Floats

MOST_CONTRACTS: Final = 32_768
"""That are remembered of an underlying; the largest chains have 20,000. What further ones do is passed over."""
FORGOTTEN_US: Final = 10 * 86_400 * SECOND_US
"""A contract that nothing was heard of for so long has expired."""
VOLUME_BYTES: Final = 4
MOST_VOLUME: Final = 2 ** (8 * VOLUME_BYTES) - 1
"""As which volumes of a session count at most."""

NO_SCAN: Final = OPTION_FLOW.start().tobytes()

_SOURCE: Final = "OptionTraded"
OF_UNDERLYING: Final = (
    Feature(
        "flow_net_premium", "Premium bought less premium sold in the session so far, all contracts of the underlying",
        "dollars", "1 session", 0, _SOURCE, ("short", "medium"),
    ),
    Feature(
        "flow_bullish_premium",
        "Premium of calls bought and puts sold less that of calls sold and puts bought in the session so far",
        "dollars", "1 session", 0, _SOURCE, ("short", "medium"),
    ),
    Feature(
        "flow_call_share", "Premium of calls / premium of all contracts of the underlying in the session so far",
        "0 to 1", "1 session", 0, _SOURCE, ("short", "medium"),
    ),
)  # fmt: skip
OF_OPTIONS: Final = (*OPTION_FLOW.features, *OF_UNDERLYING)
NAMES: Final = named(OF_OPTIONS)
PREMIUM, SIDE = NAMES.index("option_premium"), NAMES.index("option_side")
FIGURES: Final = ("late_events", "repeated_events", "lost_events")
"""Lost are those for which there was no room: no clock came for too long, or there are too many contracts."""


class OptionFlowRules(NamedTuple):
    """Settings that are part of the meaning of the state."""

    lateness_us: int


class Trade(NamedTuple):
    """A trade that waits."""

    at: int
    sequence: int
    event_id: str
    contract: str
    is_call: bool
    price: float
    size: int
    bid: float
    ask: float
    multiplier: int


class Report(NamedTuple):
    """A report that waits."""

    at: int
    sequence: int
    event_id: str
    contract: str
    interest: int
    volume: int


class Contract(Struct, array_like=True, gc=False):
    """What is remembered of one contract."""

    at: int
    """When something was last heard of it."""
    interest: float = nan
    """Contracts open, as last reported."""
    volumes: bytes = b""
    """Of the sessions that were reported, the last up to `SESSIONS`, as whole numbers of `VOLUME_BYTES`."""
    scan: bytes = b""
    """State of the scan of its trades, once there was one."""

    def note(self, interest: int, volume: int) -> None:
        """Remember a report."""
        self.interest = float(interest)
        self.volumes = (self.volumes + volume.to_bytes(VOLUME_BYTES, byteorder))[-SESSIONS * VOLUME_BYTES :]

    def mean_volume(self) -> float:
        """Contracts a session; NaN before the first report."""
        volumes = memoryview(self.volumes).cast("I")
        return sum(volumes) / len(volumes) if volumes else nan


class Underlying(Struct):
    """All that is remembered of one underlying; it survives restarts as MessagePack."""

    done: int = 0
    """Where the seconds end that were said."""
    trades: list[Trade] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    contracts: dict[str, Contract] = field(default_factory=dict)
    day: int = 0
    """Ordinal of the day of the premiums in dollars that follow."""
    premium: float = 0.0
    net: float = 0.0
    bullish: float = 0.0
    calls: float = 0.0


def factory(rules: OptionFlowRules) -> Factory:
    """Machines that say the option flow of underlyings by these rules."""
    return lambda stream, kept: OptionFlow(stream, rules, kept)


class OptionFlow:
    """The option trades of one underlying."""

    def __init__(self, stream: Stream, rules: OptionFlowRules, kept: bytes | None = None) -> None:
        state = Underlying() if kept is None else msgspec.msgpack.decode(kept, type=Underlying)
        self._stream, self._rules, self._state = stream, rules, state
        self._trades = Waiting[Trade](state.trades, done=state.done)
        self._reports = Waiting[Report](state.reports, done=state.done)
        self._lost = 0

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """What these events, and the time that has passed, bring about."""
        for until in seconds_over(events, self._wait, self._state.done, self._rules.lateness_us):
            self._state.done = until
            yield from self._said(self._trades.take(until), self._reports.take(until))

    def kept(self) -> bytes:
        """The state."""
        self._state.trades, self._state.reports = self._trades.rows(), self._reports.rows()
        return msgspec.msgpack.encode(self._state)

    def figures(self) -> Mapping[str, float]:
        """By name in `FIGURES`; what comes again after its second counts as late."""
        kinds = self._trades, self._reports
        amounts = (
            sum(kind.late for kind in kinds),
            sum(kind.repeated for kind in kinds),
            sum(kind.lost for kind in kinds) + self._lost,
        )
        return dict(zip(FIGURES, amounts, strict=True))

    def _wait(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, OptionTraded):
                if event.size:
                    self._trades.add(_trade(event))
            elif isinstance(event, OpenInterestReported):
                identity, volume = event.event_id, min(event.volume, MOST_VOLUME)
                self._reports.add(Report(event.event_time, 0, identity, event.contract, event.open_interest, volume))

    def _said(self, trades: Sequence[Trade], reports: Sequence[Report]) -> Iterator[Event]:
        """What trades say, each beside the reports before it; both in order of time."""
        told = deque(reports)
        days = days_of(np.array([trade.at for trade in trades], dtype=np.int64))
        for day in np.unique(days).tolist():
            first, end = np.searchsorted(days, [day, day + 1]).tolist()
            yield from self._of_day(int(day), trades[first:end], told)
        self._note(told, self._state.done)

    def _of_day(self, day: int, trades: Sequence[Trade], told: deque[Report]) -> Iterator[Event]:
        self._note(told, trades[0].at)
        if day != self._state.day:
            self._begin(day, trades[0].at)
        rows, mine = list[tuple[float, ...]](), defaultdict[str, list[int]](list)
        heard = list[Trade]()
        for trade in trades:
            self._note(told, trade.at)
            if contract := self._contract(trade.contract, trade.at):
                mine[trade.contract].append(len(heard))
                heard.append(trade)
                rows.append((day, *trade[5:], contract.interest, contract.mean_volume()))
        for trade, values in zip(heard, self._scanned(mine, rows).tolist(), strict=True):
            if isfinite(values[PREMIUM]):
                yield self._computed(trade, [*values, *self._counted(trade, values[PREMIUM], values[SIDE])])

    def _scanned(self, mine: Mapping[str, Sequence[int]], rows: Sequence[tuple[float, ...]]) -> Floats:
        """What the scan says of each row; `mine` are those of a contract, in order of time."""
        contracts = [self._state.contracts[name] for name in mine]
        states = (
            np.frombuffer(b"".join(contract.scan or NO_SCAN for contract in contracts))
            .reshape(-1, OPTION_FLOW.size)
            .copy()
        )
        order = np.fromiter(chain.from_iterable(mine.values()), np.int64, len(rows))
        ends = np.cumsum([len(places) for places in mine.values()], dtype=np.int64)
        told, out = np.empty((2, len(rows), len(OPTION_FLOW.features)))
        option_flows(states, np.array(rows, dtype=np.float64).reshape(-1, len(OPTION_FLOW.inputs))[order], ends, told)
        for contract, state in zip(contracts, states, strict=True):
            contract.scan = state.tobytes()
        out[order] = told
        return out

    def _begin(self, day: int, at: int) -> None:
        """Begin a session: sums start anew, and contracts that have expired are forgotten."""
        state = self._state
        state.day, state.premium, state.net, state.bullish, state.calls = day, 0.0, 0.0, 0.0, 0.0
        state.contracts = {name: one for name, one in state.contracts.items() if one.at > at - FORGOTTEN_US}

    def _note(self, told: deque[Report], before: int) -> None:
        """Remember the reports dated before a moment."""
        while told and told[0].at < before:
            report = told.popleft()
            if contract := self._contract(report.contract, report.at):
                contract.note(report.interest, report.volume)

    def _contract(self, name: str, at: int) -> Contract | None:
        """The contract, of which something is heard at this moment, if there is room for it."""
        contracts = self._state.contracts
        contract = contracts.get(name)
        if contract is None:
            if len(contracts) >= MOST_CONTRACTS:
                self._lost += 1
                return None
            contract = contracts[name] = Contract(at)
        contract.at = at
        return contract

    def _counted(self, trade: Trade, premium: float, side: float) -> tuple[float, float, float]:
        """The features of `OF_UNDERLYING` with one more trade."""
        state = self._state
        state.premium += premium
        state.net += side * premium
        state.bullish += side * premium if trade.is_call else -side * premium
        state.calls += premium if trade.is_call else 0.0
        return state.net, state.bullish, state.calls / state.premium

    def _computed(self, trade: Trade, values: Sequence[float]) -> OptionFlowComputed:
        source, underlying, simulated = self._stream
        return OptionFlowComputed(
            event_id=make_id(OptionFlowComputed.__name__, trade.event_id),
            event_time=trade.at,
            source=source,
            simulated=simulated,
            trade_id=trade.event_id,
            contract=trade.contract,
            underlying=underlying,
            values=present(NAMES, values),
        )


def _trade(event: OptionTraded) -> Trade:
    return Trade(
        event.event_time, event.sequence, event.event_id, event.contract, event.right == "C",
        event.price, event.size, event.bid, event.ask, event.multiplier,
    )  # fmt: skip
