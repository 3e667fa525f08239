"""One server for the folder, an empty database for each test."""

from collections.abc import Iterator

import pytest

from tests.integration.storage.database import Database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(tmp_path_factory.mktemp("postgres"))
    database.start()
    try:
        yield database
    finally:
        database.stop()


@pytest.fixture
def database(server: Database) -> Database:
    server.clear()
    return server
