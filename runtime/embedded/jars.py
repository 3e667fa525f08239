"""Java archives: what `jars.lock` names is fetched once, in parallel, and checked against its SHA-256.

Theory of operation. The lock is the only authority: a file in the cache counts when its digest is the locked one, so a
complete cache needs no network, and a damaged or foreign file is fetched again. A download goes to a temporary name and
is renamed only after its digest agrees, so a reader never sees half a file and two fetchers cannot harm each other.
The address is that of the public repository Spark's own resolver uses, read out of the resolver that pyspark bundles;
a mirror with the same layout may stand in for it.

Runs with nothing but the standard library and rich, because set-up calls it before anything else is known to work:
`python -m runtime.embedded.jars`.
"""

import hashlib
import importlib.util
import os
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from contracts.errors import ConfigError, OptionsAIError, PartError, StateError

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]
LOCK_PATH = REPOSITORY_ROOT / "jars.lock"
DEFAULT_CACHE = REPOSITORY_ROOT / ".jars"
MIRROR_VARIABLE = "OPTIONSAI_MAVEN_MIRROR"
CACHE_VARIABLE = "OPTIONSAI_JARS_DIR"

PARALLEL_DOWNLOADS = 8
MAX_ATTEMPTS = 4
FIRST_RETRY_DELAY_S = 0.5
SOCKET_TIMEOUT_S = 30.0
CHUNK_BYTES = 1 << 16
SHA256_HEX_LENGTH = 64
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that a later attempt may not get again; any other refusal is final."""

_IVY_SETTINGS = "org/apache/ivy/core/settings/repository.properties"
_IVY_ROOT_KEY = "ivy.ibiblio.default.artifact.root"

Sleep = Callable[[float], None]
Advance = Callable[[int], None]
"""Told of bytes as they arrive; a retry gives its bytes back as a negative number."""


class Jar(NamedTuple):
    """One locked archive."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name in the cache: Maven's own."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where it stands below a repository's root."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"


Lock = Mapping[str, tuple[Jar, ...]]
"""Group ("kafka", "spark") → its archives."""


def parse_lock(text: str, where: str = "jars.lock") -> Lock:
    """Read a lock: TOML tables of `"group:artifact:version" = "sha256"`."""
    remedy = "Restore the file from version control."
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(where, "(file)", f"is not TOML ({error})", remedy) from error
    lock: dict[str, tuple[Jar, ...]] = {}
    owner_of: dict[str, Jar] = {}
    for group, entries in tables.items():
        if not isinstance(entries, dict):
            raise ConfigError(where, group, "must be a table of archives", remedy)
        lock[group] = tuple(_parse_entry(where, coordinate, digest, remedy) for coordinate, digest in entries.items())
        for jar in lock[group]:
            if owner_of.setdefault(jar.file_name, jar) != jar:
                raise ConfigError(where, jar.file_name, "is the file name of two different archives", remedy)
    return lock


def _parse_entry(where: str, coordinate: str, digest: object, remedy: str) -> Jar:
    parts = coordinate.split(":")
    if len(parts) != len(("group", "artifact", "version")) or not all(parts):
        raise ConfigError(where, coordinate, "is not group:artifact:version", remedy)
    if not isinstance(digest, str) or len(digest) != SHA256_HEX_LENGTH or set(digest) - set("0123456789abcdef"):
        raise ConfigError(where, coordinate, "has no SHA-256 of 64 lower-case hexadecimal digits", remedy)
    group, artifact, version = parts
    return Jar(group, artifact, version, digest)


def read_lock(path: Path = LOCK_PATH) -> Lock:
    """The lock in `path`."""
    try:
        return parse_lock(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ConfigError(str(path), "(file)", "cannot be read", "Restore it from version control.") from error


def public_repository() -> str:
    """Root address of the public repository that Spark's own resolver uses by default."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        message = f"pyspark is missing, so the jar repository is unknown. Run `make setup` or set {MIRROR_VARIABLE}."
        raise PartError(message)
    for archive in sorted((Path(spec.origin).parent / "jars").glob("ivy-*.jar")):
        with zipfile.ZipFile(archive) as bundle:
            lines = bundle.read(_IVY_SETTINGS).decode("utf-8").splitlines()
        for key, _, value in (line.partition("=") for line in lines):
            if key.strip() == _IVY_ROOT_KEY:
                return value.strip()
    message = f"pyspark names no default jar repository. Set {MIRROR_VARIABLE} to a Maven repository's address."
    raise PartError(message)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def missing(jars: Iterable[Jar], cache: Path) -> list[Jar]:
    """Those whose locked bytes are not in the cache."""
    return [jar for jar in jars if not _is_whole(cache / jar.file_name, jar.sha256)]


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and digest_of(path) == sha256


def cache_dir(environment: Mapping[str, str]) -> Path:
    """Where the archives are kept: `.jars` of the repository unless OPTIONSAI_JARS_DIR names another folder."""
    return Path(environment.get(CACHE_VARIABLE) or DEFAULT_CACHE)


def paths(group: str, cache: Path | None = None, lock: Lock | None = None) -> list[Path]:
    """A group's archives, all verified; `StateError` when one is missing or damaged."""
    cache = cache or cache_dir(os.environ)
    jars = (lock if lock is not None else read_lock())[group]
    absent = missing(jars, cache)
    if absent:
        message = f"{len(absent)} of {len(jars)} {group} jars are missing or damaged in {cache}. Run `make setup`."
        raise StateError(message)
    return [cache / jar.file_name for jar in jars]


class Fetcher:
    """Downloads locked archives from one repository into one cache."""

    def __init__(self, repository: str, cache: Path, sleep: Sleep = time.sleep) -> None:
        self._repository = repository.rstrip("/") + "/"
        self._cache = cache
        self._sleep = sleep

    def fetch(self, jars: Sequence[Jar], advance: Advance = lambda _count: None) -> None:
        """Bring every archive into the cache; the first failure that no retry mended is raised after all have ended."""
        self._cache.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS, thread_name_prefix="jars") as pool:
            futures = [pool.submit(self._fetch_one, jar, advance) for jar in jars]
        for future in futures:
            future.result()

    def _fetch_one(self, jar: Jar, advance: Advance) -> None:
        problem = ""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                self._sleep(FIRST_RETRY_DELAY_S * 2 ** (attempt - 1))
            try:
                self._download(jar, advance)
            except HTTPError as error:
                problem = f"the repository answered {error.code}"
                if error.code not in PASSING_STATUSES:
                    break
            except (URLError, HTTPException, OSError) as error:
                problem = str(getattr(error, "reason", "") or error) or type(error).__name__
            except _WrongDigestError:
                problem = "its bytes are not the locked ones (SHA-256 differs)"
            else:
                return
        host = urlsplit(self._repository).hostname
        message = (
            f"cannot fetch {jar.file_name} from {host}: {problem}. "
            f"Check the network or proxy, or set {MIRROR_VARIABLE} to a Maven mirror, then run `make setup` again."
        )
        raise PartError(message)

    def _download(self, jar: Jar, advance: Advance) -> None:
        target = self._cache / jar.file_name
        partial = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        digest = hashlib.sha256()
        received = 0
        try:
            request = Request(self._repository + jar.path, headers={"User-Agent": "optionsai"})  # noqa: S310 - operator's
            with urlopen(request, timeout=SOCKET_TIMEOUT_S) as answer, partial.open("wb") as file:  # noqa: S310
                while chunk := answer.read(CHUNK_BYTES):
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    advance(len(chunk))
            _require(digest.hexdigest() == jar.sha256)
            partial.replace(target)
        except BaseException:
            advance(-received)
            raise
        finally:
            partial.unlink(missing_ok=True)


class _WrongDigestError(Exception):
    """The bytes received are not the locked ones."""


def _require(is_locked: bool) -> None:  # noqa: FBT001 - reads as the sentence it is
    if not is_locked:
        raise _WrongDigestError


def ensure(cache: Path = DEFAULT_CACHE, mirror: str | None = None, lock: Lock | None = None) -> int:
    """Complete the cache, with a progress bar when stderr is a terminal; returns how many archives were fetched."""
    groups = lock if lock is not None else read_lock()
    jars = missing(dict.fromkeys(jar for group in groups.values() for jar in group), cache)
    if not jars:
        return 0
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{len(jars)} Java archives", total=None)
        Fetcher(mirror or public_repository(), cache).fetch(jars, lambda count: progress.advance(task, count))
    return len(jars)


def main() -> int:
    """Complete the cache as the environment directs; exit status 1 and one line on failure."""
    cache = cache_dir(os.environ)
    try:
        fetched = ensure(cache, os.environ.get(MIRROR_VARIABLE))
    except OptionsAIError as error:
        sys.stderr.write(f"jars: {error}\n")
        return 1
    sys.stdout.write(f"jars: {fetched} fetched, all verified in {cache}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
