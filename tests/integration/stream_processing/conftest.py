"""A Spark session in this process for tests of what a batch can show; streaming has a process of its own."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from stream_processing.spark_jobs import session


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session with the streaming job's own options, without the Kafka jars."""
    folder = tmp_path_factory.mktemp("spark")
    options = session.prepare(folder / "conf", folder / "jvm.log", "local[2]", "1g", [])
    opened = session.open_session(options, folder / "conf")
    yield opened
    session.close(opened)
