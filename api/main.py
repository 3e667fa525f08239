"""The API service: `python -m api.main`."""

import asyncio
import socket
from typing import Final

from api.serving import Api, Parts
from contracts.errors import PartError, RejectedRecord
from contracts.ports import Message
from contracts.topics import SIGNALS
from runtime import endpoints, telemetry
from runtime.bootstrap import Context, run_service
from runtime.web import listen, serve_web
from storage.timescaledb_client.reader import Reader

PROBE_TIMEOUT_S: Final = 1.0


def body(context: Context) -> None:
    """Serve gRPC and REST until asked to stop."""
    host = context.settings.serving.host
    _, rest_port, grpc_port = endpoints.serving_ports(context.settings)
    source = context.open_source("api", [SIGNALS], start="earliest")

    def on_rejected(message: Message, rejection: RejectedRecord) -> None:
        telemetry.SKIPPED.labels(message.topic).inc()
        context.log.warning("record_skipped", topic=message.topic, offset=message.offset, reason=rejection.reason)

    def on_ready(port: int) -> None:
        context.log.info("serving", grpc=f"{host}:{port}", rest=f"http://{host}:{rest_port}")
        context.ready()

    def kafka() -> str:
        return _reachable(context.kafka_bootstrap())

    async def run(api: Api) -> None:
        await asyncio.gather(serve_web(api.rest, web, context.stop), api.run(host, grpc_port, on_ready))

    with Reader(context.database_dsn) as reader, listen(host, rest_port, "serving.rest_port") as web:
        parts = Parts(reader, source, {"kafka": kafka}, context.now, context.stop, on_rejected)
        asyncio.run(run(Api(parts)))
    source.close()


def _reachable(bootstrap: str) -> str:
    """The first broker that accepts a connection."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host, int(port)), PROBE_TIMEOUT_S).close()
        except OSError:
            continue
        return f"{address} accepts connections"
    raise PartError(f"no broker of {bootstrap} accepts connections. Check it with `optionsai status`")


if __name__ == "__main__":
    run_service("api", body)
