import asyncio
import threading

import pytest

from api.inference_api import feed as module
from api.inference_api.feed import MAX_PENDING, Live, SignalFeed, SlowClient, TooManyClients, follow
from api.ports import StoredSignal, Wanted
from contracts import stages
from contracts.events import SignalWithheld
from contracts.ids import make_id
from contracts.topics import SIGNALS
from tests.memory_topics import MemoryTopics
from tests.unit.api.observers import Notes
from tests.unit.api.signals import BEGAN, SECOND, signal


def live(number: int, symbol: str = "AAPL", action: str = "Buy", *, offset: int | None = None) -> Live:
    return Live(0, number if offset is None else offset, StoredSignal(signal(number, symbol, action), {}))


def publish(feed: SignalFeed, *batch: Live) -> None:
    feed.publish(batch, {0: batch[-1].offset + 1})


def test_each_subscription_gets_what_it_wants_in_order() -> None:
    async def check() -> None:
        feed = SignalFeed()
        with feed.subscribe(Wanted(symbols=("MSFT",), actions=("Sell",))) as picky, feed.subscribe(Wanted()) as open_:
            publish(feed, live(0), live(1, "MSFT", "Sell"), live(2, "MSFT", "Hold"))
            assert (await picky.next()).offset == 1
            assert [(await open_.next()).offset for _ in range(3)] == [0, 1, 2]

    asyncio.run(check())


def test_a_signal_issued_again_is_passed_on_once() -> None:
    async def check() -> None:
        feed = SignalFeed()
        with feed.subscribe(Wanted()) as subscription:
            publish(feed, live(0), live(0, offset=1), live(1, offset=2))
            assert [(await subscription.next()).offset for _ in range(2)] == [0, 2]

    asyncio.run(check())


def test_held_signals_and_those_before_since_are_not_sent() -> None:
    async def check() -> None:
        feed = SignalFeed()
        wanted = Wanted(since=BEGAN + 2 * SECOND)
        with feed.subscribe(wanted, frozenset({make_id("signal", 2)})) as subscription:
            publish(feed, *(live(number) for number in range(5)))
            assert [(await subscription.next()).offset for _ in range(2)] == [3, 4]

    asyncio.run(check())


def test_a_slow_client_loses_its_queue_and_nobody_else_anything() -> None:
    async def check() -> None:
        feed = SignalFeed()
        with feed.subscribe(Wanted()) as slow, feed.subscribe(Wanted()) as quick:
            for number in range(MAX_PENDING + 1):
                publish(feed, live(number))
                assert (await quick.next()).offset == number
            with pytest.raises(SlowClient, match="resume with since_event_time_us"):
                await slow.next()
            publish(feed, live(MAX_PENDING + 1))
            with pytest.raises(SlowClient):
                await slow.next()

    asyncio.run(check())


def test_a_place_is_free_again_when_a_client_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLIENTS", 1)

    async def check() -> None:
        feed = SignalFeed()
        with feed.subscribe(Wanted()), pytest.raises(TooManyClients), feed.subscribe(Wanted()):
            pass
        with feed.subscribe(Wanted()) as subscription:
            publish(feed, live(0))
            assert (await subscription.next()).offset == 0

    asyncio.run(check())


def test_the_feed_covers_what_it_kept_and_says_so_when_it_no_longer_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECENT", 3)

    async def check() -> None:
        feed = SignalFeed()
        assert not feed.covers({0: 10})
        feed.begin({0: 10})
        assert feed.covers({0: 10})
        assert not feed.covers({0: 9})
        assert not feed.covers({})
        publish(feed, *(live(number) for number in range(10, 15)))
        assert not feed.covers({0: 11})
        assert feed.covers({0: 12})
        assert [kept.offset for kept in feed.since({0: 13})] == [13, 14]

    asyncio.run(check())


def test_reached_waits_for_the_reader() -> None:
    async def check() -> None:
        feed = SignalFeed()
        feed.begin({0: 5})
        await feed.reached({0: 5})
        waiting = asyncio.create_task(feed.reached({0: 7}))
        publish(feed, live(5))
        await asyncio.sleep(0)
        assert not waiting.done()
        feed.publish([], {0: 7})
        await asyncio.wait_for(waiting, 1)

    asyncio.run(check())


def test_follow_reads_signals_from_a_position_on_and_reports_what_it_cannot_read() -> None:
    async def check() -> None:
        topics, stop, feed = MemoryTopics(), threading.Event(), SignalFeed()
        notes = Notes()
        topics.append(signal(0))
        reading = asyncio.create_task(follow(topics.source([SIGNALS]), feed, {0: 1}, stop, notes))
        with feed.subscribe(Wanted()) as subscription:
            topics.append(signal(1), {stages.DUE: 5}, appended_at=7)
            topics.append_bytes(SIGNALS.name, b"{")
            topics.append(
                SignalWithheld(
                    event_id=make_id("withheld"),
                    event_time=BEGAN,
                    source="engine",
                    simulated=True,
                    symbol="AAPL",
                    reason="stale_input",
                    explanation="old",
                    prediction_id=make_id("prediction"),
                )
            )
            topics.append(signal(2))
            first, second = await subscription.next(), await subscription.next()
        assert first.stored == StoredSignal(signal(1), {stages.DUE: 5, stages.SIGNALLED: 7})
        assert second.offset == 4
        assert notes.rejections == [(2, "malformed")]
        assert feed.newest == second.stored
        stop.set()
        await asyncio.wait_for(reading, 5)
        assert notes.records == 4

    asyncio.run(check())
