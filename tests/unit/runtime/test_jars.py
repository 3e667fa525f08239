import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import ConfigError, PartError, StateError
from runtime.embedded import jars
from runtime.embedded.jars import MAX_ATTEMPTS, Fetcher, Jar, parse_lock
from tests.unit.runtime.jar_repository import Fault, JarRepository, break_off, lie, refuse

BYTES = {name: name.encode() * 50_000 for name in ("alpha", "beta", "gamma")}
LOCKED = tuple(Jar("org.example.some", name, "1.2", hashlib.sha256(data).hexdigest()) for name, data in BYTES.items())
ALPHA = LOCKED[0]


def on_disk(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()}


@pytest.fixture
def repository() -> Iterator[JarRepository]:
    with JarRepository({f"maven/{jar.path}": BYTES[jar.artifact] for jar in LOCKED}) as server:
        yield server


def test_a_lock_is_read_with_maven_s_layout() -> None:
    lock = parse_lock(f'[kafka]\n"org.apache.kafka:kafka_2.13:4.1.1" = "{"a" * 64}"\n[spark]\n')
    (jar,) = lock["kafka"]
    assert jar.file_name == "kafka_2.13-4.1.1.jar"
    assert jar.path == "org/apache/kafka/kafka_2.13/4.1.1/kafka_2.13-4.1.1.jar"
    assert lock["spark"] == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[kafka", "not TOML"),
        ("kafka = 1", "table"),
        (f'[kafka]\n"a:b" = "{"a" * 64}"', "group:artifact:version"),
        (f'[kafka]\n"a::1" = "{"a" * 64}"', "group:artifact:version"),
        ('[kafka]\n"a:b:1" = "abc"', "SHA-256"),
        ('[kafka]\n"a:b:1" = 5', "SHA-256"),
        (f'[kafka]\n"a:b:1" = "{"A" * 64}"', "SHA-256"),
        (f'[kafka]\n"a:b:1" = "{"a" * 64}"\n"c:b:1" = "{"b" * 64}"', "two different archives"),
    ],
)
def test_a_broken_lock_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_lock(text, "some.lock")


def test_a_missing_lock_is_the_operator_s_to_restore(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Restore it"):
        jars.read_lock(tmp_path / "none.lock")


def test_the_shipped_lock_names_both_groups() -> None:
    lock = jars.read_lock()
    assert {"org.apache.kafka:kafka_2.13", "org.apache.logging.log4j:log4j-slf4j-impl"} <= {
        f"{jar.group}:{jar.artifact}" for jar in lock["kafka"]
    }
    assert any(jar.artifact == "spark-sql-kafka-0-10_2.13" for jar in lock["spark"])


def test_all_are_fetched_and_nothing_else_is_left(repository: JarRepository, tmp_path: Path) -> None:
    received: list[int] = []
    Fetcher(repository.address, tmp_path / "cache").fetch(LOCKED, received.append)
    assert on_disk(tmp_path / "cache") == {jar.file_name for jar in LOCKED}
    assert jars.missing(LOCKED, tmp_path / "cache") == []
    assert sum(received) == sum(map(len, BYTES.values()))


@pytest.mark.parametrize("fault", [refuse(503), refuse(429), break_off, lie], ids=["503", "429", "cut", "foreign"])
def test_a_passing_fault_is_retried_with_growing_delays(
    repository: JarRepository, tmp_path: Path, fault: Fault
) -> None:
    repository.faults[f"maven/{ALPHA.path}"] = [fault, fault]
    delays: list[float] = []
    received: list[int] = []
    Fetcher(repository.address, tmp_path, delays.append).fetch([ALPHA], received.append)
    assert (tmp_path / ALPHA.file_name).read_bytes() == BYTES["alpha"]
    assert delays == [0.5, 1.0]
    assert sum(received) == len(BYTES["alpha"])


def test_foreign_bytes_never_enter_the_cache(repository: JarRepository, tmp_path: Path) -> None:
    repository.faults[f"maven/{ALPHA.path}"] = [lie] * MAX_ATTEMPTS
    with pytest.raises(PartError, match=r"SHA-256 differs.*OPTIONSAI_MAVEN_MIRROR"):
        Fetcher(repository.address, tmp_path, lambda _delay_s: None).fetch([ALPHA])
    assert on_disk(tmp_path) == set()


def test_a_refusal_is_final_and_the_others_still_arrive(repository: JarRepository, tmp_path: Path) -> None:
    repository.faults[f"maven/{ALPHA.path}"] = [refuse(404)] * MAX_ATTEMPTS
    with pytest.raises(PartError, match=r"alpha-1.2.jar from 127.0.0.1: the repository answered 404"):
        Fetcher(repository.address, tmp_path).fetch(LOCKED)
    assert repository.requests[f"maven/{ALPHA.path}"] == 1
    assert on_disk(tmp_path) == {jar.file_name for jar in LOCKED[1:]}


def test_an_unreachable_repository_is_told_with_its_remedy(tmp_path: Path) -> None:
    with JarRepository({}) as closed:
        address = closed.address
    delays: list[float] = []
    with pytest.raises(PartError, match=r"Check the network or proxy"):
        Fetcher(address, tmp_path, delays.append).fetch([ALPHA])
    assert len(delays) == MAX_ATTEMPTS - 1


def test_a_complete_cache_asks_nobody(repository: JarRepository, tmp_path: Path) -> None:
    lock = {"kafka": LOCKED[:2], "spark": LOCKED[1:]}
    assert jars.ensure(tmp_path, repository.address, lock) == len(LOCKED)
    repository.requests.clear()
    assert jars.ensure(tmp_path, repository.address, lock) == 0
    assert repository.requests == {}


def test_a_damaged_jar_is_fetched_again(repository: JarRepository, tmp_path: Path) -> None:
    lock = {"kafka": LOCKED}
    jars.ensure(tmp_path, repository.address, lock)
    (tmp_path / ALPHA.file_name).write_bytes(b"damaged")
    with pytest.raises(StateError, match=r"1 of 3 kafka jars.*make setup"):
        jars.paths("kafka", tmp_path, lock)
    assert jars.ensure(tmp_path, repository.address, lock) == 1
    assert jars.paths("kafka", tmp_path, lock) == [tmp_path / jar.file_name for jar in LOCKED]


def test_the_default_repository_is_that_of_spark_s_resolver() -> None:
    address = jars.public_repository()
    assert address.startswith("https://")
    assert address.endswith("/")


def test_without_pyspark_or_its_resolver_a_mirror_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "pyspark", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(PartError, match=jars.MIRROR_VARIABLE):
        jars.public_repository()
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(PartError, match="make setup"):
        jars.public_repository()


def test_the_command_completes_the_cache_the_environment_names(
    repository: JarRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text("[kafka]\n" + "".join(f'"{j.group}:{j.artifact}:{j.version}" = "{j.sha256}"\n' for j in LOCKED))
    locked = parse_lock(lock.read_text())
    monkeypatch.setattr(jars, "read_lock", lambda: locked)
    monkeypatch.setenv(jars.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(jars.MIRROR_VARIABLE, repository.address)
    assert jars.main() == 0
    assert "3 fetched" in capsys.readouterr().out
    (tmp_path / "cache" / ALPHA.file_name).unlink()
    repository.faults[f"maven/{ALPHA.path}"] = [refuse(403)]
    assert jars.main() == 1
    assert "answered 403" in capsys.readouterr().err
