"""The web application as a service: `python -m visualization.dash_app.main`."""

import asyncio
from typing import Final

from runtime import endpoints, telemetry
from runtime.bootstrap import Context, run_service
from runtime.services import SERVICES
from runtime.web import listen, serve_web
from storage.timescaledb_client.reader import Reader
from visualization.dash_app.app import create_app
from visualization.dash_app.hub import HISTORY_TOPICS, LIVE_TOPICS, Hub
from visualization.dash_app.services import Address, HttpStatus

GATHER_MS: Final = 50
"""Browsers are told of changes ten times a second."""


def body(context: Context) -> None:
    """Serve until asked to stop."""
    host = context.settings.serving.host
    port, _, _ = endpoints.serving_ports(context.settings)
    live = context.open_source("dash", LIVE_TOPICS, start="latest", gather_ms=GATHER_MS)
    history = context.open_source("dash", HISTORY_TOPICS, start="earliest")
    addresses = {
        service.name: Address(host, endpoints.metrics_port(context.settings, service.name)) for service in SERVICES
    }

    def count(topic: str, records: int) -> None:
        telemetry.EVENTS_IN.labels(topic).inc(records)

    async def run(hub: Hub) -> None:
        app = create_app(hub)
        await asyncio.gather(serve_web(app, web, context.stop), hub.run(live, history, context.stop, context.ready))

    with Reader(context.database_dsn) as reader, listen(host, port, "serving.dash_port") as web:
        context.log.info("serving", url=f"http://{host}:{web.getsockname()[1]}/")
        asyncio.run(run(Hub(reader, HttpStatus(addresses), context.now, count)))
    live.close()
    history.close()


if __name__ == "__main__":
    run_service("dash", body)
