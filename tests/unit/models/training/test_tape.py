from pathlib import Path

import pytest

from contracts.errors import StateError
from contracts.events import Event
from models.training import tape
from tests.unit.models.market import START, bar, micro
from tests.unit.models.market import tape as small_tape


def test_a_tape_gives_back_what_was_written_features_apart_from_truth(tmp_path: Path) -> None:
    features, truth = small_tape(2, seed=1)
    tape.write(tmp_path / "new", [*features, *truth])
    read = list(tape.features(tmp_path / "new"))
    assert sorted(read, key=repr) == sorted(features, key=repr)
    assert tape.truth(tmp_path / "new") == truth


def test_the_lines_are_the_bytes_of_the_topics(tmp_path: Path) -> None:
    tape.write(tmp_path, [micro(START), bar(START)])
    line = (tmp_path / "features.bars.jsonl").read_text()
    assert line.startswith('{"type":"BarClosed","event_id":')
    assert line.endswith("}\n")


def test_writing_replaces_what_was_there(tmp_path: Path) -> None:
    tape.write(tmp_path, [micro(START), micro(START + 1), bar(START)])
    only: list[Event] = [micro(START + 2), bar(START)]
    tape.write(tmp_path, only)
    assert list(tape.features(tmp_path)) == only


def test_a_real_tape_has_no_truth(tmp_path: Path) -> None:
    tape.write(tmp_path, [])
    (tmp_path / "simulator.truth.jsonl").unlink()
    assert tape.truth(tmp_path) is None


def test_a_missing_file_and_a_broken_line_are_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"features\.microstructure\.jsonl is missing"):
        list(tape.features(tmp_path))
    tape.write(tmp_path, [micro(START), bar(START)])
    with (tmp_path / "features.bars.jsonl").open("a") as file:
        file.write('{"type":"BarClosed"}\n')
    with pytest.raises(StateError, match=r"features\.bars\.jsonl, line 2: impossible"):
        list(tape.features(tmp_path))
