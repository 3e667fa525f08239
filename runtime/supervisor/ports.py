"""Which TCP ports to use: the wanted ones where they are free, others where they are not.

Others are sought below the range that the kernel takes outgoing connections' ports from: in it, a port that is free now
may belong to somebody's connection by the time a restarted server wants it back.
"""

import errno
import secrets
import socket
from collections.abc import Callable, Collection, Mapping

LOOPBACK = "127.0.0.1"
TRIES_ABOVE = 50
"""How many ports above a taken one are looked at before any other is tried."""
HIGHEST_PORT = 65_535
QUIET_RANGE = range(20_000, 32_000)
"""Above the well-known ports, below the range for outgoing connections (Linux: from 32,768)."""

IsFree = Callable[[int], bool]


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now.

    SO_REUSEADDR as servers set it, so that connections a dead server left in TIME_WAIT do not count as taken.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def any_free(host: str = LOOPBACK) -> int:
    """A free port out of the quiet range, at random so that two who ask at once rarely get the same."""
    while True:
        port = secrets.choice(QUIET_RANGE)
        if is_free(port, host):
            return port


def require_free(ports: Collection[int], host: str = LOOPBACK) -> None:
    """Raise `OSError` if another program has one of these ports."""
    for port in ports:
        if not is_free(port, host):
            raise OSError(errno.EADDRINUSE, f"port {port} is taken by another program")


def choose_ports(
    wanted: Mapping[str, int], free: IsFree = is_free, fallback: Callable[[], int] = any_free
) -> dict[str, int]:
    """Name → port: the wanted one if free, else the next free one above it, else any; never one port twice."""
    chosen: dict[str, int] = {}
    claimed = set(wanted.values())
    for name, port in wanted.items():
        taken = set(chosen.values())
        if port not in taken and free(port):
            chosen[name] = port
            continue
        above = range(port + 1, min(port + TRIES_ABOVE, HIGHEST_PORT) + 1)
        candidate = next((other for other in above if other not in claimed | taken and free(other)), None)
        while candidate is None or candidate in taken:
            candidate = fallback()
        chosen[name] = candidate
    return chosen
