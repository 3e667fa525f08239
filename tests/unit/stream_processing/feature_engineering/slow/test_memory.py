"""Parts by key: what was put is kept, what rests stays as it was."""

import msgspec
from msgspec import Struct

from stream_processing.feature_engineering.slow.memory import Memory


class Part(Struct, frozen=True):
    number: int = 0


def test_what_was_put_is_there_again_from_its_bytes() -> None:
    memory = Memory(Part, {})
    memory["a"] = Part(3)
    assert memory.replace("b", Part(4))
    again = Memory(Part, memory.kept())
    assert (again["a"], again["b"], len(again)) == (Part(3), Part(4), 2)
    assert "a" in again


def test_a_part_that_was_never_put_is_the_default_and_looking_at_it_keeps_nothing() -> None:
    memory = Memory(Part, {})
    assert memory["a"] == Part()
    assert "a" not in memory
    assert not memory.replace("a", Part())
    assert memory.kept() == {}


def test_a_part_may_become_another_between_two_times_of_keeping() -> None:
    memory = Memory(Part, {"a": msgspec.msgpack.encode(Part(1))})
    first = dict(memory.kept())
    assert memory.replace("a", Part(2))
    assert not memory.replace("a", Part(2))
    assert memory.kept()["a"] != first["a"]
    memory["a"] = Part(1)
    assert memory.kept() == first


def test_a_new_part_counts_before_it_is_encoded() -> None:
    memory = Memory(Part, {"a": msgspec.msgpack.encode(Part(1))})
    memory["b"] = Part(2)
    assert "b" in memory
    assert len(memory) == 2
    assert memory["b"] == Part(2)
