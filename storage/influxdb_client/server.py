"""The HTTP side of InfluxDB 2: one request a batch, its answer turned into ours. Retries are the writer's business."""

from collections.abc import Sequence
from typing import Any, Final, Self

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from contracts.errors import PartError, RejectedRecord

LONGEST_QUOTE: Final = 300
LONGEST_WAIT_S: Final = 60.0
"""The most that a server's wish to be left alone is honoured; then it is asked again."""
TOO_MANY, REFUSED, TOO_LARGE, UNPROCESSABLE = 429, 400, 413, 422
_REMEDIES: Final = {
    401: "Check the token in INFLUXDB_TOKEN",
    403: "Give the token leave to write to the bucket",
    404: "Check organisation and bucket, and that they exist",
}


class BusyError(PartError):
    """The server cannot take points now. `wait_s`: how long it asks to be left alone, zero if it does not say."""

    def __init__(self, message: str, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(message)


class Partial(RejectedRecord):
    """The server took the rest of a batch and says why it did not take all of it: nothing is left to be done."""


class InfluxServer:
    """One bucket of one server. Not for several threads."""

    def __init__(self, url: str, token: str, org: str, bucket: str, timeout_s: float) -> None:
        self._client: Any = InfluxDBClient(url, token, org=org, timeout=round(timeout_s * 1000), enable_gzip=True)
        self._api: Any = self._client.write_api(write_options=SYNCHRONOUS)
        self._org, self._bucket = org, bucket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, lines: Sequence[str]) -> None:
        """Write points. `Partial` if all but some were taken, `RejectedRecord` if none was because of what they say,
        `BusyError` if the server does not answer, is overloaded or does not let us in.
        """
        try:
            self._api.write(self._bucket, self._org, "\n".join(lines), WritePrecision.NS)
        except ApiException as error:
            raise judged(error.status, _legible(error.body or error.reason), error.headers) from error
        except (HTTPError, OSError) as error:
            raise BusyError(f"InfluxDB does not answer: {_legible(error)}. Check that it runs", 0.0) from error

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def judged(status: int | None, explanation: str, headers: Any) -> PartError | RejectedRecord:  # noqa: ANN401 - the client's
    """What an answer other than "taken" means."""
    if status == UNPROCESSABLE or (status == REFUSED and "partial write" in explanation):
        return Partial("partial_write", explanation)
    if status in {REFUSED, TOO_LARGE}:
        return RejectedRecord("refused", explanation)
    remedy = _REMEDIES.get(status or 0, "It is tried again")
    return BusyError(f"InfluxDB answered {status}: {explanation}. {remedy}", _wait_s(headers))


def _wait_s(headers: Any) -> float:  # noqa: ANN401 - the client's
    """Seconds that `Retry-After` names; its other form, a date, no InfluxDB sends."""
    text = str((headers or {}).get("Retry-After", ""))
    return min(float(text), LONGEST_WAIT_S) if text.isdigit() else 0.0


def _legible(found: object) -> str:
    text = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    return " ".join(text.split())[:LONGEST_QUOTE]
