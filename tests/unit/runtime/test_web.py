import asyncio
import threading

import httpx
import pytest
from fastapi import FastAPI

from contracts.errors import PartError
from runtime.web import listen, serve_web


def test_an_application_is_served_until_asked_to_stop() -> None:
    app = FastAPI()

    @app.get("/")
    def answer() -> str:
        return "here"

    async def check() -> None:
        stop, at = threading.Event(), listen("127.0.0.1", 0, "serving.rest_port")
        serving = asyncio.create_task(serve_web(app, at, stop))
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{at.getsockname()[1]}/")).json() == "here"
        stop.set()
        await asyncio.wait_for(serving, 10)

    asyncio.run(check())


def test_a_taken_port_names_the_setting_to_change() -> None:
    with (
        listen("127.0.0.1", 0, "serving.rest_port") as taken,
        pytest.raises(PartError, match=r"Set serving\.rest_port to a free port"),
    ):
        listen("127.0.0.1", taken.getsockname()[1], "serving.rest_port")
