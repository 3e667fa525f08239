"""The HTTP side against a small real server: what each of its answers means, and its absence."""

import socket
from collections.abc import Iterator

import pytest

from contracts.errors import RejectedRecord
from storage.influxdb_client.server import LONGEST_WAIT_S, BusyError, InfluxServer, Partial
from tests.servers.influx import BUCKET, ORG, TOKEN, Fault, InfluxServerDouble

TIMEOUT_S = 0.5
LINES = ["bars,symbol=A close=1.5 1000", "bars,symbol=B\\ C close=2.0,volume=3i 1000"]


@pytest.fixture
def double() -> Iterator[InfluxServerDouble]:
    with InfluxServerDouble() as server:
        yield server


@pytest.fixture
def server(double: InfluxServerDouble) -> Iterator[InfluxServer]:
    with InfluxServer(double.url, TOKEN, ORG, BUCKET, TIMEOUT_S) as opened:
        yield opened


def test_points_arrive_as_they_were_meant(double: InfluxServerDouble, server: InfluxServer) -> None:
    server.write(LINES)
    server.write(LINES[:1])
    assert double.points == {
        ("bars", (("symbol", "A"),), 1000): {"close": 1.5},
        ("bars", (("symbol", "B C"),), 1000): {"close": 2.0, "volume": 3},
    }
    assert double.requests == [2, 1]


@pytest.mark.parametrize(("code", "wait"), [(429, "7"), (503, "30"), (503, "9999"), (500, ""), (502, "soon")])
def test_an_overloaded_server_is_busy_for_as_long_as_it_says(
    double: InfluxServerDouble, server: InfluxServer, code: int, wait: str
) -> None:
    double.faults.append(Fault(code, [("Retry-After", wait)] if wait else []))
    with pytest.raises(BusyError, match=f"InfluxDB answered {code}: .*made up") as busy:
        server.write(LINES)
    assert busy.value.wait_s == (min(float(wait), LONGEST_WAIT_S) if wait.isdigit() else 0.0)
    assert double.points == {}
    server.write(LINES)
    assert len(double.points) == 2


def test_a_batch_with_a_bad_line_is_refused_as_a_whole(double: InfluxServerDouble, server: InfluxServer) -> None:
    with pytest.raises(RejectedRecord, match="unable to parse 'bars, close=1 5'") as refusal:
        server.write([*LINES, "bars, close=1 5"])
    assert not isinstance(refusal.value, Partial)
    assert double.points == {}


@pytest.mark.parametrize("code", [400, 422])
def test_a_batch_taken_in_part_is_told_from_one_refused(
    double: InfluxServerDouble, server: InfluxServer, code: int
) -> None:
    double.faults.append(Fault(code, message="partial write: points beyond retention policy dropped=1"))
    with pytest.raises(Partial, match="beyond retention policy"):
        server.write(LINES)


def test_a_batch_that_is_too_large_is_refused(double: InfluxServerDouble, server: InfluxServer) -> None:
    double.faults.append(Fault(413))
    with pytest.raises(RejectedRecord):
        server.write(LINES)


@pytest.mark.parametrize(
    ("token", "bucket", "remedy"),
    [("wrong", BUCKET, "Check the token in INFLUXDB_TOKEN"), (TOKEN, "wrong", "Check organisation and bucket")],
)
def test_a_server_that_does_not_let_us_in_says_what_to_do(
    double: InfluxServerDouble, token: str, bucket: str, remedy: str
) -> None:
    with InfluxServer(double.url, token, ORG, bucket, TIMEOUT_S) as server, pytest.raises(BusyError, match=remedy):
        server.write(LINES)


def test_a_server_that_takes_too_long_is_busy(double: InfluxServerDouble, server: InfluxServer) -> None:
    double.faults.append(Fault(204, delay_s=20 * TIMEOUT_S))
    with pytest.raises(BusyError, match="does not answer"):
        server.write(LINES)


def test_a_server_that_is_not_there_is_busy_and_found_again(double: InfluxServerDouble, server: InfluxServer) -> None:
    double.stop()
    with pytest.raises(BusyError, match="does not answer"):
        server.write(LINES)
    double.start()
    server.write(LINES)
    assert len(double.points) == 2


def test_an_address_where_nobody_listens_is_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with InfluxServer(f"http://127.0.0.1:{port}", TOKEN, ORG, BUCKET, TIMEOUT_S) as server, pytest.raises(BusyError):
        server.write(LINES)
