"""The application on a real port with a real browser before it."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from runtime.web import listen, serve_web
from tests.browser.market import Player
from tests.memory_topics import MemoryTopics
from tests.unit.visualization.fakes import FixedStatus, MemoryReader
from tests.waiting import wait_until
from visualization.dash_app.app import create_app
from visualization.dash_app.hub import HISTORY_TOPICS, LIVE_TOPICS, Hub
from visualization.dash_app.ports import ServiceState

LIMIT_S = 20.0
STATES = {
    name: ServiceState(ready=True, detail="ready", events_in=0.0, events_out=0.0, memory_mib=80.0)
    for name in ("ingestion", "spark", "writer", "scoring", "engine", "api")
} | {"dash": ServiceState(ready=False, detail="starting")}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, where there is one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on the PATH: install one to see the application tested in a browser")
    expect.set_options(timeout=LIMIT_S * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    """The application, fed by a market in memory."""
    topics, stop, ready = MemoryTopics(), threading.Event(), threading.Event()
    player = Player(topics)
    player.start()
    hub = Hub(MemoryReader(), FixedStatus(STATES), lambda: time.time_ns() // 1000)
    at = listen("127.0.0.1", 0, "serving.dash_port")

    async def run() -> None:
        live, history = topics.source(LIVE_TOPICS, latest=True), topics.source(HISTORY_TOPICS)
        await asyncio.gather(serve_web(create_app(hub), at, stop), hub.run(live, history, stop, ready.set))

    serving = threading.Thread(target=lambda: asyncio.run(run()), name="dash", daemon=True)
    serving.start()
    wait_until(ready.is_set, LIMIT_S, "the application is ready")
    yield f"http://127.0.0.1:{at.getsockname()[1]}"
    stop.set()
    serving.join(LIMIT_S)
    player.close()
    assert not serving.is_alive()


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    """The first page, opened."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(LIMIT_S * 1000)
    page.goto(app_url)
    yield page
    context.close()
