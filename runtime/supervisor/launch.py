"""Becomes a child of the supervisor: ties its life to its parent's, gives up root where asked, then runs the command.

Theory of operation. The kernel can signal a process when its parent dies (PR_SET_PDEATHSIG), which is how nothing stays
behind when the supervisor itself is killed. The request must be made inside the child, after any change of user (the
change clears it) and before the command. Doing that between fork and exec of a process with threads can deadlock, so
the supervisor executes this script instead, which does it in a fresh interpreter and replaces itself with the command.

A database server refuses to run as root. It runs as another user then, and that user may not be allowed to walk the
directories that lead to its files (a repository below `/root`). `--reach` keeps one capability, CAP_DAC_OVERRIDE, for
it: less than the root the other parts run as, and nothing on the file system has to be opened up.

Run by path in isolated mode (`python -I -S launch.py …`): standard library only, so that it starts in milliseconds.
Elsewhere than on Linux the parent's death goes unnoticed here; the next start cleans up instead.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
"""linux/capability.h; two 32-bit halves of each set."""

EXIT_CANNOT_RUN = 127
"""As a shell says that a command was not found."""


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityHalf(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def become(user: int, group: int, *, reach: bool) -> None:
    """Give up root for an ordinary user, keeping the capability to reach files if asked."""
    libc = ctypes.CDLL(None, use_errno=True)
    if reach and sys.platform == "linux":
        _check(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    if reach and sys.platform == "linux":
        mask = 1 << CAP_DAC_OVERRIDE
        halves = (_CapabilityHalf * 2)(_CapabilityHalf(mask, mask, mask))
        header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
        _check(libc.capset(ctypes.byref(header), ctypes.byref(halves)), "set capabilities")
        _check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0), "hand capabilities on")


def die_with(parent: int, signal_number: int) -> None:
    """Ask to be signalled when `parent` dies; exit at once if it already has."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        _check(libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "watch the parent")
    if os.getppid() != parent:
        raise SystemExit(128 + signal.SIGKILL)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot {what}: {os.strerror(number)}")


def main(arguments: Sequence[str]) -> None:
    """Parse, prepare, become the command."""
    parser = argparse.ArgumentParser(description="Run a command as a child of the supervisor.")
    parser.add_argument("--parent", type=int, required=True, help="process id of the supervisor")
    parser.add_argument("--signal", type=int, required=True, help="signal to get when it dies")
    parser.add_argument("--user", type=int, help="numeric user to run as")
    parser.add_argument("--group", type=int, help="numeric group to run as")
    parser.add_argument("--reach", action="store_true", help="may pass directories closed to that user")
    parser.add_argument("command", nargs="+", help="what to run, after --")
    options = parser.parse_args(arguments)
    try:
        if options.user is not None:
            become(options.user, options.group, reach=options.reach)
        die_with(options.parent, options.signal)
        os.execvp(options.command[0], options.command)  # noqa: S606 - running it is the purpose
    except OSError as error:
        sys.stderr.write(f"launch: {options.command[0]}: {error}\n")
        raise SystemExit(EXIT_CANNOT_RUN) from error


if __name__ == "__main__":
    main(sys.argv[1:])
