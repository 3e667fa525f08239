"""The API service: `python -m api.main`."""

import asyncio
import socket
from typing import Final

from prometheus_client import Gauge

from api.serving import Api, Parts
from contracts.errors import PartError, RejectedRecord
from contracts.ports import Message
from contracts.topics import SIGNALS
from runtime import endpoints, telemetry
from runtime.bootstrap import Context, run_service
from runtime.web import listen, serve_web
from storage.timescaledb_client.reader import Reader

STREAMS = Gauge("optionsai_api_streams", "Clients that follow StreamSignals now")
PROBE_TIMEOUT_S: Final = 1.0


class Telemetry:
    """What is read, as metrics and log lines."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, records: int) -> None:
        """Count."""
        telemetry.EVENTS_IN.labels(SIGNALS.name).inc(records)

    def rejected(self, message: Message, rejection: RejectedRecord) -> None:
        """Count, and say which."""
        telemetry.SKIPPED.labels(message.topic).inc()
        self._context.log.warning("record_skipped", topic=message.topic, offset=message.offset, reason=rejection.reason)


def body(context: Context) -> None:
    """Serve gRPC and REST until asked to stop."""
    host = context.settings.serving.host
    _, rest_port, grpc_port = endpoints.serving_ports(context.settings)
    source = context.open_source("api", [SIGNALS], start="earliest")

    def on_ready(port: int) -> None:
        context.log.info("serving", grpc=f"{host}:{port}", rest=f"http://{host}:{rest_port}")
        context.ready()

    def kafka() -> str:
        return reachable(context.kafka_bootstrap())

    async def run(api: Api) -> None:
        await asyncio.gather(serve_web(api.rest, web, context.stop), api.run(host, grpc_port, on_ready))

    with Reader(context.database_dsn) as reader, listen(host, rest_port, "serving.rest_port") as web:
        api = Api(Parts(reader, source, {"kafka": kafka}, context.now, context.stop, Telemetry(context)))
        STREAMS.set_function(lambda: api.clients)
        asyncio.run(run(api))
    source.close()


def reachable(bootstrap: str) -> str:
    """The first broker that accepts a connection."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host, int(port)), PROBE_TIMEOUT_S).close()
        except OSError:
            continue
        return f"{host}:{port} accepts connections"
    raise PartError(f"no broker of {bootstrap} accepts connections. Check it with `optionsai status`")


if __name__ == "__main__":
    run_service("api", body)
