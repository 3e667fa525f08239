"""Asking each service how it stands: `/ready` and a few numbers of `/metrics`, over HTTP."""

import http.client
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from visualization.dash_app.ports import ServiceState

TIMEOUT_S: Final = 1.5
MAX_ANSWER_BYTES: Final = 1 << 20
EVENTS_IN: Final = ("optionsai_events_in_total",)
EVENTS_OUT: Final = ("optionsai_events_out_total", "optionsai_writer_rows_total")
MEMORY: Final = ("process_resident_memory_bytes",)
MIB: Final = 1 << 20
_SAMPLE: Final = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})? (\S+)$", re.MULTILINE)


class Address(NamedTuple):
    """Where a service serves its metrics."""

    host: str
    port: int


class HttpStatus:
    """Asks all services at once, each with a time limit."""

    def __init__(self, addresses: Mapping[str, Address]) -> None:
        self._addresses = dict(addresses)

    def ask(self) -> Mapping[str, ServiceState]:
        """How each service stands now."""
        with ThreadPoolExecutor(len(self._addresses) or 1, "status") as threads:
            return dict(zip(self._addresses, threads.map(_state, self._addresses.values()), strict=True))


def _state(address: Address) -> ServiceState:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        status, answer = _get(connection, "/ready")
        _, metrics = _get(connection, "/metrics")
    except (OSError, http.client.HTTPException) as error:
        return ServiceState(ready=False, detail=f"{address.host}:{address.port} does not answer ({error})")
    finally:
        connection.close()
    memory = total(metrics, MEMORY)
    return ServiceState(
        ready=status == http.HTTPStatus.OK,
        detail=answer.strip(),
        events_in=total(metrics, EVENTS_IN),
        events_out=total(metrics, EVENTS_OUT),
        memory_mib=None if memory is None else memory / MIB,
    )


def total(metrics: str, names: tuple[str, ...]) -> float | None:
    """Sum of all samples of these metrics in Prometheus' text format; None if there are none."""
    found = [float(value) for name, value in _SAMPLE.findall(metrics) if name in names]
    return sum(found) if found else None


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[int, str]:
    connection.request("GET", path, headers={"Connection": "close"})
    answer = connection.getresponse()
    return answer.status, answer.read(MAX_ANSWER_BYTES).decode(errors="replace")
