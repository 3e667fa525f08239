"""Connections to PostgreSQL, and the edge at which its errors become ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import psycopg

from contracts.errors import PartError, RejectedRecord

CONNECT_TIMEOUT_S: Final = 5
KEEPALIVE_S: Final = 5
"""A server that vanished without a word is noticed after about three of these."""


class DiskFull(PartError):  # noqa: N818 - the disk is the subject
    """The server has no room left for what is to be written. Nothing is lost: it is offered again until there is."""


def connect(dsn: str, name: str, options: Mapping[str, str | int]) -> psycopg.Connection:
    """A connection in autocommit mode, with `options` as its session settings; `PartError` if there is no server."""
    settings = {"timezone": "UTC", "jit": "off", **options}
    with database_errors("connecting"):
        return psycopg.connect(
            dsn,
            autocommit=True,
            application_name=f"optionsai-{name}",
            connect_timeout=CONNECT_TIMEOUT_S,
            keepalives_idle=KEEPALIVE_S,
            keepalives_interval=KEEPALIVE_S,
            keepalives_count=2,
            tcp_user_timeout=3 * KEEPALIVE_S * 1000,
            options=" ".join(f"-c {key}={value}" for key, value in settings.items()),
        )


@contextmanager
def database_errors(doing: str) -> Iterator[None]:
    """Errors of the driver leave as ours: `RejectedRecord` for a value that no column holds, else a `PartError`."""
    try:
        yield
    except (psycopg.DataError, OverflowError) as error:
        raise RejectedRecord("unstorable", _one_line(error)) from error
    except psycopg.errors.UndefinedTable as error:
        raise PartError(
            f"the database has no such table while {doing}: {_one_line(error)}. The storage writer creates the tables "
            "when it starts: check that it runs (`optionsai status`)"
        ) from error
    except psycopg.errors.DiskFull as error:
        raise DiskFull(
            f"PostgreSQL's disk is full while {doing}: {_one_line(error)}. Make room there, or lower "
            "`retention_hours` in `database_config.yaml` and restart the writer: it drops old hours first. Meanwhile "
            "rows wait in Kafka, and none is lost within its retention"
        ) from error
    except psycopg.Error as error:
        raise PartError(
            f"PostgreSQL failed while {doing}: {_one_line(error)}. "
            "Check that it runs and accepts connections (`optionsai status`, `optionsai logs postgres`)"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
