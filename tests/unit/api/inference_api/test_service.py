"""The service over a real local port, on topics and a reader in memory."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from api.inference_api import service as module
from api.inference_api.feed import MAX_PENDING, SignalFeed, follow
from api.inference_api.service import SignalsService, start_server
from api.proto import signals_pb2 as pb
from api.proto import signals_pb2_grpc
from contracts.errors import PartError
from contracts.ids import make_id
from contracts.topics import SIGNALS
from tests.memory_topics import MemoryTopics
from tests.unit.api.memory_reader import MemoryReader
from tests.unit.api.observers import Notes
from tests.unit.api.signals import BEGAN, SECOND, signal

LIMIT_S = 10.0


class Running:
    """A server, what feeds it, and a client."""

    def __init__(self) -> None:
        self.topics = MemoryTopics()
        self.reader = MemoryReader(self.topics)
        self.feed = SignalFeed()
        self.stub: Any

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Running"]:
        stop = threading.Event()
        begin_at = self.reader.stored_up_to(SIGNALS.name)
        source = self.topics.source([SIGNALS])
        reading = asyncio.create_task(follow(source, self.feed, begin_at, stop, Notes()))
        server, port = await start_server(SignalsService(self.reader, self.feed), "127.0.0.1", 0)
        small_buffers = [("grpc.http2.bdp_probe", 0)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", small_buffers) as channel:
            self.stub = signals_pb2_grpc.SignalsStub(channel)  # type: ignore[no-untyped-call]  # generated
            try:
                yield self
            finally:
                await server.stop(None)
                stop.set()
                await reading

    async def stream(self, **request: Any) -> Any:  # noqa: ANN401 - a call of the generated stub
        """A stream that the server has subscribed."""
        call = self.stub.StreamSignals(pb.StreamSignalsRequest(**request), timeout=LIMIT_S)
        await call.wait_for_connection()
        return call


def numbers(messages: list[pb.Signal]) -> list[int]:
    return [(message.event_time_us - BEGAN) // SECOND for message in messages]


async def take(call: Any, count: int) -> list[pb.Signal]:  # noqa: ANN401
    return [await call.read() for _ in range(count)]


def run(check: Callable[[Running], Awaitable[None]], prepare: Callable[[Running], None] = lambda _: None) -> None:
    async def main() -> None:
        running = Running()
        prepare(running)
        async with running.serve():
            await asyncio.wait_for(check(running), 3 * LIMIT_S)

    asyncio.run(main())


def stored(count: int, of: int) -> Callable[[Running], None]:
    """A topic of some signals, of which the writer has stored the first."""

    def prepare(running: Running) -> None:
        for number in range(of):
            running.topics.append(signal(number, "AAPL" if number % 2 else "MSFT"))
        running.reader.store(count)

    return prepare


def test_get_signals_answers_with_the_newest_first() -> None:
    async def check(running: Running) -> None:
        answer = await running.stub.GetSignals(pb.GetSignalsRequest(limit=3), timeout=LIMIT_S)
        assert numbers(answer.signals) == [9, 8, 7]
        assert answer.simulated
        request = pb.GetSignalsRequest(symbols=["MSFT"], since_event_time_us=BEGAN + 5 * SECOND)
        assert numbers((await running.stub.GetSignals(request, timeout=LIMIT_S)).signals) == [8, 6]

    run(check, stored(10, of=10))


@pytest.mark.parametrize(
    ("request_", "down", "code"),
    [
        (pb.GetSignalsRequest(limit=5_000), False, grpc.StatusCode.INVALID_ARGUMENT),
        (pb.GetSignalsRequest(), True, grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_get_signals_says_why_it_cannot_answer(
    request_: pb.GetSignalsRequest,
    down: bool,  # noqa: FBT001
    code: grpc.StatusCode,
) -> None:
    async def check(running: Running) -> None:
        running.reader.down = down
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await running.stub.GetSignals(request_, timeout=LIMIT_S)
        assert failure.value.code() == code
        assert failure.value.details()

    run(check)


def test_a_stream_begins_with_the_next_signal() -> None:
    async def check(running: Running) -> None:
        call = await running.stream(symbols=["AAPL"], actions=[pb.ACTION_BUY])
        running.topics.append(signal(4, "MSFT"))
        running.topics.append(signal(5, "AAPL", "Hold"))
        running.topics.append(signal(6, "AAPL"))
        assert numbers(await take(call, 1)) == [6]

    run(check, stored(2, of=4))


@pytest.mark.parametrize("stored_at_start", [0, 3, 10])
def test_a_resumed_stream_has_no_gap_and_no_duplicate_wherever_the_writer_stands(stored_at_start: int) -> None:
    """Ten signals in the topic, the writer somewhere behind, more arriving while the stream runs."""

    async def check(running: Running) -> None:
        call = await running.stream(since_event_time_us=BEGAN + SECOND)
        for number in range(10, 15):
            running.topics.append(signal(number))
        running.reader.store()
        running.topics.append(signal(14))  # the engine repeats itself after a crash
        running.topics.append(signal(15))
        assert sorted(numbers(await take(call, 15))) == list(range(1, 16))

    run(check, stored(stored_at_start, of=10))


def test_the_writer_may_store_while_the_replay_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows; the writer stores everything between the first page and the second."""
    monkeypatch.setattr(module, "PAGE", 2)

    class Overtaken(MemoryReader):
        def oldest_signals(self, after: tuple[int, str], **which: Any) -> Any:  # noqa: ANN401
            found = super().oldest_signals(after, **which)
            self.store()
            return found

    def prepare(running: Running) -> None:
        running.reader = Overtaken(running.topics)
        stored(4, of=10)(running)

    async def check(running: Running) -> None:
        call = await running.stream(since_event_time_us=BEGAN)
        running.topics.append(signal(10))
        assert numbers(await take(call, 11)) == list(range(11))

    run(check, prepare)


def test_a_client_that_comes_back_gets_only_what_it_does_not_hold() -> None:
    async def check(running: Running) -> None:
        first = await running.stream(since_event_time_us=BEGAN)
        held = await take(first, 6)
        first.cancel()
        second = await running.stream(since_event_time_us=BEGAN + 2 * SECOND, held_ids=[each.id for each in held])
        running.topics.append(signal(10))
        assert numbers(await take(second, 5)) == [6, 7, 8, 9, 10]

    run(check, stored(8, of=10))


def test_a_replay_that_is_too_long_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(module, "MAX_REPLAY", 3)

    async def check(running: Running) -> None:
        call = running.stub.StreamSignals(pb.StreamSignalsRequest(since_event_time_us=BEGAN), timeout=LIMIT_S)
        assert numbers(await take(call, 4)) == [0, 1, 2, 3]
        with pytest.raises(grpc.aio.AioRpcError, match=str(BEGAN + 3 * SECOND)) as failure:
            await call.read()
        assert failure.value.code() == grpc.StatusCode.OUT_OF_RANGE

    run(check, stored(10, of=10))


def test_a_gap_between_database_and_feed_is_refused() -> None:
    """The writer lost its place, so that signals are neither stored nor kept."""

    async def check(running: Running) -> None:
        running.reader.claims = 3
        with pytest.raises(grpc.aio.AioRpcError, match="without a gap") as failure:
            await running.stub.StreamSignals(pb.StreamSignalsRequest(since_event_time_us=BEGAN), timeout=LIMIT_S).read()
        assert failure.value.code() == grpc.StatusCode.UNAVAILABLE

    run(check, stored(8, of=10))


def test_a_stalled_feed_does_not_keep_a_resuming_client_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDOVER_LIMIT_S", 0.2)

    async def check(running: Running) -> None:
        running.reader.claims = 99
        call = await running.stream(since_event_time_us=BEGAN)
        with pytest.raises(grpc.aio.AioRpcError, match="not at hand") as failure:
            await take(call, 9)
        assert failure.value.code() == grpc.StatusCode.UNAVAILABLE

    run(check, stored(8, of=10))


def test_a_client_that_does_not_read_is_dropped_and_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_LIMIT_S", 1.0)

    async def check(running: Running) -> None:
        slow, quick = await running.stream(), await running.stream()
        count = 3 * MAX_PENDING
        for number in range(count):
            running.topics.append(signal(number))
            assert (await quick.read()).id == make_id("signal", number)
        with pytest.raises(grpc.aio.AioRpcError, match="resume with since_event_time_us") as failure:
            await take(slow, count)
        assert failure.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED

    run(check)


def test_a_stream_ends_at_the_clients_deadline_and_frees_its_place() -> None:
    async def check(running: Running) -> None:
        call = running.stub.StreamSignals(pb.StreamSignalsRequest(), timeout=0.3)
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await call.read()
        assert failure.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(LIMIT_S):
            while running.feed.clients:  # noqa: ASYNC110 - the feed has no reason to announce this
                await asyncio.sleep(0)

    run(check)


def test_a_taken_port_names_the_setting() -> None:
    async def check(running: Running) -> None:
        service = SignalsService(running.reader, running.feed)
        server, port = await start_server(service, "127.0.0.1", 0)
        with pytest.raises(PartError, match=r"serving\.grpc_port"):
            await start_server(service, "127.0.0.1", port)
        await server.stop(None)

    run(check)
