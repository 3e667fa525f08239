import asyncio
from typing import Any

import httpx
import pytest

from api.data_api.health import Monitor
from api.data_api.rest import create_app
from api.ports import StoredSignal
from contracts import stages
from contracts.errors import PartError, RejectedRecord
from contracts.ids import make_id
from tests.memory_topics import MemoryTopics
from tests.unit.api.memory_reader import MemoryReader
from tests.unit.api.signals import BEGAN, SECOND, signal


class Client:
    """Calls the application in this process."""

    def __init__(self) -> None:
        self.topics = MemoryTopics()
        self.reader = MemoryReader(self.topics)
        self.last: StoredSignal | None = None
        self.now = BEGAN
        self.kafka_up = True
        probes = {"kafka": self._kafka, "database": lambda: str(self.reader.stored_up_to(""))}
        self.app = create_app(self.reader, Monitor(probes, lambda: self.last, lambda: self.now))

    def get(self, path: str, *parameters: tuple[str, Any]) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                return await client.get(path, params=parameters)

        return asyncio.run(call())

    def store(self, count: int) -> None:
        for number in range(count):
            action, symbol = ("Buy", "AAPL") if number % 2 else ("Sell", "MSFT")
            stamps = {stages.DUE: BEGAN + number * SECOND, stages.DECIDED: BEGAN + number * SECOND + 41_500}
            self.topics.append(signal(number, symbol, action), stamps, appended_at=BEGAN + number * SECOND + 45_000)
        self.reader.store()

    def _kafka(self) -> str:
        if not self.kafka_up:
            raise PartError("no broker accepts connections")
        return "accepts connections"


@pytest.fixture
def client() -> Client:
    return Client()


def test_signals_come_newest_first_and_say_that_they_are_simulated(client: Client) -> None:
    client.store(6)
    answer = client.get("/signals", ("limit", 2)).json()
    assert answer["simulated"] is True
    assert [row["event_time_us"] for row in answer["signals"]] == [BEGAN + 5 * SECOND, BEGAN + 4 * SECOND]
    assert answer["signals"][0] == {
        "id": make_id("signal", 5),
        "event_time": "2026-01-01T00:00:05Z",
        "event_time_us": BEGAN + 5 * SECOND,
        "symbol": "AAPL",
        "action": "Buy",
        "confidence": 0.58,
        "horizon_s": 10,
        "reference_price": 190.25,
        "reason": "bids outweigh asks",
        "simulated": True,
    }


def test_signals_can_be_narrowed(client: Client) -> None:
    client.store(6)
    for parameters, expected in (
        ([("symbol", "MSFT")], [4, 2, 0]),
        ([("symbol", "MSFT"), ("symbol", "AAPL")], [5, 4, 3, 2, 1, 0]),
        ([("action", "Buy"), ("since", BEGAN + 3 * SECOND)], [5, 3]),
        ([("symbol", "SPY")], []),
    ):
        rows = client.get("/signals", *parameters).json()["signals"]
        assert [row["event_time_us"] for row in rows] == [BEGAN + number * SECOND for number in expected]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0), ("limit", 1_001), ("limit", "many"), ("since", -1), ("since", 10**20), ("action", "buy"),
        ("symbol", ""), ("symbol", "A" * 33),
    ],
)  # fmt: skip
def test_a_parameter_outside_its_limits_is_named(client: Client, name: str, value: object) -> None:
    answer = client.get("/signals", (name, value))
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid_parameter"
    assert name in answer.json()["message"]


def test_too_many_symbols_are_refused(client: Client) -> None:
    assert client.get("/signals", *[("symbol", "A")] * 101).status_code == 422


def test_a_signal_has_its_lineage_and_its_waterfall(client: Client) -> None:
    client.store(1)
    answer = client.get(f"/signals/{make_id('signal', 0)}").json()
    assert answer["lineage"]["tick_ids"] == [make_id("tick", 0)]
    assert answer["lineage"]["feature_ids"] == [make_id("feature", 0), make_id("bar", 0)]
    assert answer["lineage"]["model_version"] == "1a2b3c4d"
    assert [(step["stage"], step["since_due_ms"]) for step in answer["waterfall"]] == [
        ("due", 0.0), ("decided", 41.5), ("signalled", 45.0),
    ]  # fmt: skip


def test_an_unknown_signal_is_not_found_and_a_malformed_id_is_refused(client: Client) -> None:
    missing = client.get(f"/signals/{make_id('nothing')}")
    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")
    assert make_id("nothing") in missing.json()["message"]
    assert client.get("/signals/1;drop").status_code == 422
    assert client.get("/nowhere").json() == {"error": "not_found", "message": "Not Found"}


def test_a_database_that_is_away_gives_503_with_the_remedy(client: Client) -> None:
    client.reader.down = True
    answer = client.get("/signals")
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert "optionsai status" in answer.json()["message"]


def test_a_value_that_no_column_holds_is_the_callers_fault(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> list[StoredSignal]:
        raise RejectedRecord("unstorable", "text with a zero byte")

    monkeypatch.setattr(client.reader, "newest_signals", refuse)
    answer = client.get("/signals")
    assert (answer.status_code, answer.json()["message"]) == (422, "text with a zero byte")


def test_health_names_each_dependency_and_the_age_of_the_newest_signal(client: Client) -> None:
    fresh = client.get("/health")
    assert fresh.status_code == 200
    assert fresh.json()["last_signal_age_s"] is None
    client.last = StoredSignal(signal(0), {stages.SIGNALLED: BEGAN + SECOND})
    client.now = BEGAN + 3 * SECOND
    answer = client.get("/health").json()
    assert (answer["status"], answer["simulated"], answer["last_signal_age_s"]) == ("ok", True, 2.0)
    assert answer["checks"]["kafka"] == {"ok": True, "detail": "accepts connections"}


@pytest.mark.parametrize("broken", ["kafka", "database"])
def test_health_fails_when_a_dependency_does(client: Client, broken: str) -> None:
    client.kafka_up, client.reader.down = broken != "kafka", broken == "database"
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")
    assert {name for name, check in answer.json()["checks"].items() if not check["ok"]} == {broken}


def test_the_description_explains_every_path_and_loads_nothing_from_elsewhere(client: Client) -> None:
    description = client.get("/openapi.json").json()
    assert set(description["paths"]) == {"/health", "/signals", "/signals/{signal_id}"}
    assert "investment advice" in description["info"]["description"]
    assert all(path["get"]["description"] for path in description["paths"].values())
    assert "confidence" in description["components"]["schemas"]["SignalView"]["properties"]
    assert client.get("/docs").status_code == 404
