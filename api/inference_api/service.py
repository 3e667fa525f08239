"""The gRPC service: a thin shell around the feed and the reader."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import grpc
from grpc import StatusCode

from api.inference_api.feed import MAX_CLIENTS, SignalFeed, SlowClient, TooManyClients
from api.inference_api.messages import BadRequest, answer, held_of, limit_of, signal_message, wanted_of
from api.ports import SignalReader, StoredSignal, Wanted
from api.proto import signals_pb2 as pb
from api.proto import signals_pb2_grpc
from contracts.errors import OptionsAIError, PartError, RejectedRecord
from contracts.topics import SIGNALS

GET_LIMIT_S: Final = 10.0
HANDOVER_LIMIT_S: Final = 10.0
"""How long a stream waits for the live feed to reach what the database holds; normally milliseconds."""
WRITE_LIMIT_S: Final = 10.0
"""How long one signal may wait for a client whose buffers are full."""
ABORT_LIMIT_S: Final = 5.0
"""How long a client that stopped reading is given to take the news that it was dropped."""
PAGE: Final = 1_000
MAX_REPLAY: Final = 100_000
"""Stored signals on one stream: three hours of ten symbols."""
MAX_REPLAYS: Final = 2
"""Streams that read the database at a time; others wait."""
MAX_REQUEST_BYTES: Final = 1 << 20

ServicerContext = grpc.aio.ServicerContext[Any, Any]

_BEHIND: Final = (
    "the database is too far behind the live signals to hand over without a gap. "
    "Check the writer with `optionsai status`, then try again"
)


class ReplayTooLong(OptionsAIError):  # noqa: N818 - named by whose fault it is
    """More stored signals than one stream replays."""


STATUS: Final[dict[type[OptionsAIError], StatusCode]] = {
    BadRequest: StatusCode.INVALID_ARGUMENT,
    RejectedRecord: StatusCode.INVALID_ARGUMENT,
    SlowClient: StatusCode.RESOURCE_EXHAUSTED,
    TooManyClients: StatusCode.RESOURCE_EXHAUSTED,
    ReplayTooLong: StatusCode.OUT_OF_RANGE,
    PartError: StatusCode.UNAVAILABLE,
}


class SignalsService(signals_pb2_grpc.SignalsServicer):
    """`optionsai.v1.Signals`."""

    def __init__(self, reader: SignalReader, feed: SignalFeed) -> None:
        self._reader, self._feed = reader, feed
        self._replays = asyncio.Semaphore(MAX_REPLAYS)

    async def GetSignals(self, request: pb.GetSignalsRequest, context: ServicerContext) -> pb.GetSignalsResponse:  # noqa: N802
        """Stored signals, newest first."""
        try:
            wanted, limit = wanted_of(request), limit_of(request)
            async with asyncio.timeout(GET_LIMIT_S):
                found = await asyncio.to_thread(self._reader.newest_signals, limit=limit, **wanted._asdict())
                return answer(found)
        except TimeoutError:
            await context.abort(StatusCode.DEADLINE_EXCEEDED, f"the database took longer than {GET_LIMIT_S:.0f} s")
        except OptionsAIError as error:
            await context.abort(_status(error), str(error))

    async def StreamSignals(self, request: pb.StreamSignalsRequest, context: ServicerContext) -> None:  # noqa: N802
        """Stored signals from a time on, if asked for, then live ones."""
        try:
            await self._stream(wanted_of(request), held_of(request), context)
        except OptionsAIError as error:
            await _abort(context, error)

    async def _stream(self, wanted: Wanted, held: frozenset[str], context: ServicerContext) -> None:
        """Send until the client leaves; the feed's theory of operation says why nothing is missed or repeated."""
        sent: set[str] = set()
        start: Mapping[int, int] = {}
        if wanted.since:
            async with self._replays:
                start = await self._replay(wanted, held, context, sent)
        with self._feed.subscribe(wanted, held) as subscription:
            # No await stands between the subscription and this list, so each signal is in exactly one of them.
            backlog = self._feed.since(start) if wanted.since else []
            if not wanted.since:
                await context.send_initial_metadata(())
            elif not self._feed.covers(start):
                raise PartError(_BEHIND)
            for live in backlog:
                if subscription.wants(live) and live.stored.signal.event_id not in sent:
                    await _write(context, live.stored)
            sent.clear()
            while True:
                await _write(context, (await subscription.next()).stored)

    async def _replay(
        self, wanted: Wanted, held: frozenset[str], context: ServicerContext, sent: set[str]
    ) -> Mapping[int, int]:
        """Send what is stored, noting its ids in `sent`; where in the topic the live part has to begin."""
        start = await asyncio.to_thread(self._reader.stored_up_to, SIGNALS.name)
        if not self._feed.covers(start):
            raise PartError(_BEHIND)
        await context.send_initial_metadata(())
        after = (wanted.since, "")
        read = partial(self._reader.oldest_signals, symbols=wanted.symbols, actions=wanted.actions, limit=PAGE)
        while page := await asyncio.to_thread(read, after):
            for stored in page:
                sent.add(stored.signal.event_id)
                if stored.signal.event_id not in held:
                    await _write(context, stored)
            after = (page[-1].signal.event_time, page[-1].signal.event_id)
            if len(sent) > MAX_REPLAY:
                raise ReplayTooLong(
                    f"one stream replays at most {MAX_REPLAY} stored signals. "
                    f"Go on in a new one with since_event_time_us {after[0]}"
                )
            if len(page) < PAGE:
                break
        end = await asyncio.to_thread(self._reader.stored_up_to, SIGNALS.name)
        try:
            async with asyncio.timeout(HANDOVER_LIMIT_S):
                await self._feed.reached(end)
        except TimeoutError as error:
            raise PartError(f"live signals were not at hand within {HANDOVER_LIMIT_S:.0f} s. Try again") from error
        return start


async def start_server(service: SignalsService, host: str, port: int) -> tuple[grpc.aio.Server, int]:
    """Serve on a port (0: a free one); the server and the port. Reflection is off."""
    server = grpc.aio.server(
        maximum_concurrent_rpcs=2 * MAX_CLIENTS,
        options=[
            ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
            ("grpc.max_concurrent_streams", MAX_CLIENTS),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.so_reuseport", 0),
        ],
    )
    signals_pb2_grpc.add_SignalsServicer_to_server(service, server)  # type: ignore[no-untyped-call]  # generated
    try:
        bound = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise PartError(f"cannot listen on {host}:{port} ({error}). Set serving.grpc_port to a free port") from error
    await server.start()
    return server, bound


async def _write(context: ServicerContext, stored: StoredSignal) -> None:
    try:
        async with asyncio.timeout(WRITE_LIMIT_S):
            await context.write(signal_message(stored))
    except TimeoutError as error:
        raise SlowClient(
            f"a signal was not taken within {WRITE_LIMIT_S:.0f} s. "
            "Read faster or ask for fewer symbols, and resume with since_event_time_us"
        ) from error


async def _abort(context: ServicerContext, error: OptionsAIError) -> None:
    """End the call with a status; a client that does not even read that is left to the transport."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ABORT_LIMIT_S):
            await context.abort(_status(error), str(error))


def _status(error: OptionsAIError) -> StatusCode:
    return STATUS.get(type(error), StatusCode.INTERNAL)
