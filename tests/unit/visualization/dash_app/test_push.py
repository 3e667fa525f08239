"""Sessions by themselves, and the WebSocket of a real server."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from runtime.web import listen, serve_web
from tests.unit.visualization.events import BEGAN, EXPIRY, greeks, quote, signal, trade
from tests.unit.visualization.fakes import FixedStatus, MemoryReader
from visualization.dash_app import push
from visualization.dash_app.app import create_app
from visualization.dash_app.hub import Hub
from visualization.dash_app.push import Session, Watch

LIMIT_S = 10.0


@pytest.fixture
def hub() -> Hub:
    hub = Hub(MemoryReader(), FixedStatus(), lambda: BEGAN)
    for event in (quote(1), quote(1, "MSFT"), greeks(1), signal(1)):
        hub.view.apply(event, {})
    return hub


def test_the_first_news_is_everything_and_the_next_only_what_changed(hub: Hub) -> None:
    session = Session(hub)
    session.watch = Watch("AAPL", EXPIRY)
    first = session.news()
    assert first["grids"]["prices"]["order"] == ["AAPL", "MSFT"]
    assert set(first["grids"]) == {"prices", "chain", "signals", "streams"}
    assert first["labels"]["simulated"] is True
    assert session.news() == {}
    hub.view.apply(trade(2, "MSFT", price=421.0), {})
    (change,) = session.news()["grids"].values()
    assert list(change["rows"]) == ["MSFT"]
    assert "order" not in change


def test_what_is_watched_decides_the_chain_and_the_signals(hub: Hub) -> None:
    session = Session(hub)
    assert "chain" not in session.news()["grids"]
    hub.view.apply(signal(2), {})
    assert "signals" not in session.news().get("grids", {})
    session.watch = Watch("AAPL", EXPIRY, changes_only=False)
    news = session.news()
    assert news["grids"]["chain"]["order"] == ["190"]
    assert news["grids"]["signals"]["order"] == [signal(2).event_id, signal(1).event_id]
    assert "AAPL" in news["labels"]["chain-caption"]
    session.watch = Watch("AAPL", EXPIRY + 1)
    assert session.news()["grids"]["chain"] == {"order": [], "rows": {}}


@asynccontextmanager
async def serving(hub: Hub) -> AsyncIterator[str]:
    stop, at = threading.Event(), listen("127.0.0.1", 0, "serving.dash_port")
    server = asyncio.create_task(serve_web(create_app(hub), at, stop))
    try:
        yield f"ws://127.0.0.1:{at.getsockname()[1]}/live"
    finally:
        stop.set()
        await server


def run(hub: Hub, check: Callable[[str], Awaitable[None]]) -> None:
    async def main() -> None:
        async with serving(hub) as url, asyncio.timeout(LIMIT_S):
            await check(url)

    asyncio.run(main())


async def news_of(socket: ClientConnection, condition: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
    while True:
        news = json.loads(await socket.recv())
        if condition(news):
            return news


def test_a_browser_gets_changes_as_they_happen(hub: Hub) -> None:
    async def check(url: str) -> None:
        async with connect(url) as socket:
            await news_of(socket, lambda news: "prices" in news["grids"])
            await socket.send(json.dumps({"symbol": "AAPL", "expires_at": EXPIRY, "changes_only": True}))
            await news_of(socket, lambda news: "chain" in news.get("grids", {}))
            hub.view.apply(trade(3, price=195.5), {})
            news = await news_of(socket, lambda news: "prices" in news.get("grids", {}))
            assert news["grids"]["prices"]["rows"]["AAPL"][1] == ["195.50", "tick"]

    run(hub, check)


@pytest.mark.parametrize("message", ["{", '{"symbol": 7}', '{"unknown": 1}', '{"symbol": "%s"}' % ("A" * 33)])
def test_a_message_that_is_none_ends_the_session(hub: Hub, message: str) -> None:
    async def check(url: str) -> None:
        async with connect(url) as socket:
            await socket.send(message)
            with pytest.raises(ConnectionClosed):
                await news_of(socket, lambda _: False)

    run(hub, check)


def test_another_sites_page_may_not_read(hub: Hub) -> None:
    async def check(url: str) -> None:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(url, origin=Origin("http://elsewhere.example"))
        assert refusal.value.response.status_code == 403
        own = url.replace("ws://", "http://").removesuffix("/live")
        async with connect(url, origin=Origin(own)) as socket:
            assert await socket.recv()

    run(hub, check)


def test_places_are_limited_and_free_again_when_a_browser_leaves(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "MAX_SESSIONS", 1)

    async def is_refused(url: str) -> bool:
        try:
            async with connect(url) as socket:
                await socket.recv()
        except InvalidStatus:
            return True
        return False

    async def check(url: str) -> None:
        async with connect(url) as first:
            await first.recv()
            assert await is_refused(url)
        while await is_refused(url):  # noqa: ASYNC110 - nothing announces that a browser has left
            await asyncio.sleep(0)

    run(hub, check)
