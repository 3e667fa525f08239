"""The libraries to compare with, each in an environment of its own under build/peers, at a pinned version.

Installed on first use by uv from whatever index it is configured for. What cannot be installed is left out, and why is
printed. Each is timed in a process of its own, on as many cores as its figures are compared with.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[3]
FOLDER: Final = ROOT / "build" / "peers"
CRATE: Final = Path(__file__).parent / "implied_vol_crate"
LOCKS: Final = Path(__file__).parent / "locks"
"""What streaming peers need, with hashes: `uv pip compile --generate-hashes --no-header --no-annotate`."""
INSTALL_TIMEOUT_S: Final = 600.0
TIMING_TIMEOUT_S: Final = 900.0


class PeerMissing(Exception):  # noqa: N818 - not an error: a reason to leave a peer out
    """A peer cannot be installed or run here; the message says why."""


class Peer(NamedTuple):
    """A Python library; `packages` empty means the project's own environment has it."""

    name: str
    packages: tuple[str, ...]


PYTHON_PEERS: Final = (
    Peer("fast_vollib", ("fast-vollib[jax,numba]==0.2.4", "numba==0.68.1", "jax==0.10.2")),
    Peer(
        "py_vollib_vectorized",
        ("py_vollib_vectorized==0.1.1", "numba==0.58.1", "numpy==1.24.4", "pandas==2.0.3", "py_vollib==1.0.1",
         "py_lets_be_rational==1.0.1"),
    ),
    Peer("quantlib", ()),
)  # fmt: skip
CRATE_NAME: Final = "implied_vol_crate"


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """This process, and those it starts meanwhile, on that many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def rates(columns: Path, cores: int) -> dict[str, dict[str, float]]:
    """Options per second of each peer that runs here, by its name and its figure's."""
    found = {}
    for name, command in _commands().items():
        try:
            found[name] = _time([*command, str(columns)], cores)
        except PeerMissing as missing:
            print(f"left out: {name}: {missing}", file=sys.stderr)  # noqa: T201 - the benchmark's own remark
    return found


def _commands() -> dict[str, list[str]]:
    commands = {}
    for peer in PYTHON_PEERS:
        try:
            python = sys.executable
            if peer.packages:
                python = _environment(peer.name, "\n".join(peer.packages), peer.packages)
            commands[peer.name] = [python, "-m", f"tests.performance.peers.time_{peer.name}"]
        except PeerMissing as missing:
            print(f"left out: {peer.name}: {missing}", file=sys.stderr)  # noqa: T201
    try:
        commands[CRATE_NAME] = [_crate()]
    except PeerMissing as missing:
        print(f"left out: {CRATE_NAME}: {missing}", file=sys.stderr)  # noqa: T201
    return commands


def locked_environment(name: str) -> str:
    """The interpreter of the environment that the lock of this name describes."""
    lock = LOCKS / f"{name}.txt"
    return _environment(name, lock.read_text(), ("--require-hashes", "--requirements", str(lock)))


def _environment(name: str, wanted: str, packages: Sequence[str]) -> str:
    """The interpreter of an environment, made anew when what is wanted has changed."""
    folder = FOLDER / name
    python, ready = folder / "bin" / "python", folder / "packages.txt"
    if not ready.is_file() or ready.read_text() != wanted:
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if uv is None:
            raise PeerMissing("uv is not installed (it is among the development packages)")
        _run([uv, "venv", "--quiet", "--clear", "--python", "3.11", str(folder)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), *packages])
        ready.write_text(wanted)
    return str(python)


def _crate() -> str:
    """The program that times the Rust crate, built for this machine's processor."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise PeerMissing("cargo is not installed")
    target = FOLDER / CRATE_NAME
    target.mkdir(parents=True, exist_ok=True)
    for file in CRATE.rglob("*.*"):
        copy = target / file.relative_to(CRATE)
        copy.parent.mkdir(exist_ok=True)
        if not copy.is_file() or copy.read_text() != file.read_text():
            copy.write_text(file.read_text())
    _run(
        [cargo, "build", "--release", "--quiet", "--manifest-path", str(target / "Cargo.toml")],
        RUSTFLAGS="-C target-cpu=native",
    )
    return str(target / "target" / "release" / "time-implied-vol")


def _run(command: list[str], **environment: str) -> None:
    _finished(command, INSTALL_TIMEOUT_S, environment)


def _time(command: list[str], cores: int) -> dict[str, float]:
    threads = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(cores))
    with on_cores(cores):
        output = _finished(command, TIMING_TIMEOUT_S, threads | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"})
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def _finished(command: list[str], timeout_s: float, environment: dict[str, str]) -> str:
    """What the command printed."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise PeerMissing(f"`{' '.join(command[:3])} …` took longer than {timeout_s:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise PeerMissing(f"`{' '.join(command[:3])} …` failed: {error.stderr.strip()[-300:]}") from error
    return done.stdout
