"""A real PostgreSQL server for tests, killed and started again at will."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psycopg

from runtime.embedded import postgres
from runtime.supervisor.ports import LOOPBACK
from runtime.supervisor.processes import launched
from tests.waiting import wait_until

START_TIMEOUT_S = 60.0


class Database:
    """The embedded server on a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server((LOOPBACK, 0)) as free:
            port = free.getsockname()[1]
        self._server = postgres.Server(folder, port, "tests", "tester", folder / "password")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str | int]:
        """The section `database` of a configuration that names this server."""
        return {"host": LOOPBACK, "port": self._server.port, "name": "tests", "user": "tester"}

    @property
    def password(self) -> str:
        return self._server.password_file.read_text().strip()

    @property
    def dsn(self) -> str:
        return f"host={LOOPBACK} port={self._server.port} dbname=tests user=tester password={self.password}"

    def start(self) -> None:
        """Start, and return once it can be logged into."""
        postgres.prepare(self._server)
        command = self._server.command({"PATH": os.defpath, "LC_ALL": "C"})
        with (self._server.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                launched(command), stdout=log, stderr=log, env=dict(command.environment), cwd="/"
            )
        wait_until(lambda: postgres.probe(self._server) is None, START_TIMEOUT_S, "the database can be logged into")

    def kill(self) -> None:
        """SIGKILL, as when the machine runs out of memory."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop in good order."""
        self._end(signal.SIGINT)

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in autocommit mode."""
        return psycopg.connect(self.dsn, autocommit=True)

    def clear(self) -> None:
        """An empty database again."""
        with self.connect() as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(START_TIMEOUT_S)
