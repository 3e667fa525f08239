"""Reading back from a real broker: the tail and the whole, and what a killed service finds again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from contracts.topics import BARS, SIGNALS
from data_ingestion.kafka_producers.idempotent import KafkaSink
from runtime.catch_up import read_all, read_tail
from runtime.context import Context
from runtime.kafka_source import KafkaSource
from runtime.settings import load_settings
from tests.streaming_job import running_broker
from tests.unit.models.market import SECOND, START, bar

COUNT = 3_000


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("catch-up")) as address:
        yield address


@pytest.fixture
def context(tmp_path: Path) -> Context:
    settings = load_settings({"OPTIONSAI_CONFIG_DIR": str(tmp_path), "OPTIONSAI_STATE_DIR": str(tmp_path)})
    return Context("engine", settings, structlog.get_logger())


def test_all_and_tail_end_where_the_topic_ended(bootstrap: str, context: Context) -> None:
    client = {"bootstrap.servers": bootstrap, "log_level": 3}
    empty = KafkaSource(client, "memory", [SIGNALS], "latest")
    assert list(read_tail(context, empty, 60.0)) == []
    assert list(read_all(context, empty)) == []
    empty.close()
    bars = [bar(START + i * SECOND) for i in range(COUNT)]
    sink = KafkaSink(client)
    for one in bars:
        sink.send(one, {})
    sink.flush(30.0)
    whole = KafkaSource(client, "history", [BARS], "earliest")
    assert list(read_all(context, whole)) == bars
    whole.close()
    memory = KafkaSource(client, "memory", [BARS], "latest")
    assert list(read_tail(context, memory, 3_600.0)) == bars
    last_moment = list(read_tail(context, memory, 0.0))
    assert last_moment == bars[-len(last_moment) :]
    assert 1 <= len(last_moment) <= COUNT
    memory.close()
