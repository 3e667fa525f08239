"""Identities depend on every part and on nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import ID_LENGTH, make_id


@given(st.lists(st.text(), min_size=1), st.text())
def test_the_same_parts_have_the_same_id_and_others_another(parts: list[str], other: str) -> None:
    assert make_id(*parts) == make_id(*parts)
    assert len(make_id(*parts)) == ID_LENGTH
    assert make_id(*parts, other) != make_id(*parts)
