import pytest

from models.quantitative.formulas import MISSING, Chain, Number, exp, where, within


def test_names_differ_in_more_than_case() -> None:
    chain = Chain()
    x = chain.number("x")
    with pytest.raises(ValueError, match="'X' is taken"):
        chain.step("X", x + 1.0)


def test_a_step_uses_only_what_comes_before_it() -> None:
    chain = Chain()
    with pytest.raises(ValueError, match="unheard"):
        chain.step("y", exp(Number("column", name="unheard")))


def test_a_step_that_only_renames_is_refused() -> None:
    chain = Chain()
    with pytest.raises(ValueError, match="only renames 'x'"):
        chain.step("y", chain.number("x"))


def test_outputs_are_steps() -> None:
    chain = Chain()
    chain.step("y", chain.number("x") + 1.0)
    with pytest.raises(ValueError, match="z"):
        chain.close("y", "z")


def test_closing_drops_what_no_output_needs() -> None:
    chain = Chain()
    x = chain.number("x")
    doubled = chain.step("doubled", 2.0 * x)
    chain.step("idle", doubled * doubled)
    chain.step("result", where(within(doubled, 0.0, 1.0), doubled, MISSING))
    formula = chain.close("result")
    assert [name for name, _ in formula.steps] == ["doubled", "result"]
    assert [column.name for column in formula.inputs] == ["x"]


def test_references_count_each_use() -> None:
    x = Number("column", name="x")
    assert list((x * x + 1.0).references()) == ["x", "x"]
