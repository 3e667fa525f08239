import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.supervisor.plan import Backoff, dependants, start_order

NAMES = [f"part{number}" for number in range(8)]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Tables without a circle: each part may need those before it."""
    return {name: tuple(draw(st.sets(st.sampled_from(NAMES[:i])))) if i else () for i, name in enumerate(NAMES)}


@given(tables())
def test_every_part_starts_after_all_it_needs(needs: dict[str, tuple[str, ...]]) -> None:
    order = start_order(needs)
    assert sorted(order) == sorted(needs)
    for part, its in needs.items():
        assert all(order.index(need) < order.index(part) for need in its)


@given(tables())
def test_dependants_are_the_needs_turned_round(needs: dict[str, tuple[str, ...]]) -> None:
    turned = dependants(needs)
    assert {(need, part) for part, its in needs.items() for need in its} == {
        (need, part) for need, parts in turned.items() for part in parts
    }


def test_a_circle_is_named() -> None:
    with pytest.raises(ValueError, match=r"circle: (a → b → a|b → a → b)"):
        start_order({"a": ("b",), "b": ("a",)})


def test_a_need_that_nobody_fills_is_named() -> None:
    with pytest.raises(ValueError, match="not in the table: broker"):
        start_order({"writer": ("broker",)})


@given(st.integers(1, 10_000))
def test_delays_grow_and_never_pass_the_longest(failures: int) -> None:
    backoff = Backoff(first_s=0.5, longest_s=30.0)
    assert 0.5 <= backoff.delay_s(failures) <= backoff.delay_s(failures + 1) <= 30.0


def test_delays_double() -> None:
    assert [Backoff().delay_s(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_long_healthy_part_is_forgiven_its_failures() -> None:
    backoff = Backoff(forgiven_after_s=60.0)
    assert backoff.failures_after(7, healthy_s=59.9) == 8
    assert backoff.failures_after(7, healthy_s=60.0) == 1
    assert backoff.failures_after(0, healthy_s=0.0) == 1
