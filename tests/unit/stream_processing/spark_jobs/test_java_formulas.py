"""How a formula is dealt out to methods; what Java makes of them is in the integration test of columns."""

import re

import pytest

from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE
from models.quantitative.formulas import Chain, Formula, Node, exp, where
from models.quantitative.quotes import GREEKS_FROM_QUOTE
from stream_processing.spark_jobs.java_formulas import PART_NODES, Steps, cut, java_function


def nodes(node: Node) -> int:
    return 1 + sum(nodes(operand) for operand in node.operands)


def size(part: Steps) -> int:
    return sum(nodes(value) for _, value in part)


def small() -> Formula:
    chain = Chain()
    number, other = chain.number("number"), chain.number("double")
    is_less = chain.step("is_less", number < other)
    grown = chain.step("grown", exp(number) * -2.5)
    chain.step("chosen", where(is_less & (other >= 0.0), grown, other))
    return chain.close("grown", "chosen")


@pytest.mark.parametrize("formula", [GREEKS_FROM_QUOTE, GREEKS_BY_STYLE])
def test_parts_are_the_steps_in_order_and_none_is_too_large(formula: Formula) -> None:
    parts = cut(formula.steps)
    assert tuple(step for part in parts for step in part) == formula.steps
    assert max(map(size, parts)) <= PART_NODES
    assert len(parts) <= 1.3 * sum(map(size, parts)) / PART_NODES + 1


def test_a_formula_that_fits_is_not_cut() -> None:
    assert [len(part) for part in cut(small().steps)] == [3]


def test_a_step_larger_than_a_part_is_a_part_of_its_own() -> None:
    assert [len(part) for part in cut(small().steps, most_nodes=2)] == [1, 1, 1]


def test_a_small_formula_reads_as_it_was_written() -> None:
    lines = [line.strip() for line in java_function(small()).text.splitlines()]
    assert "double _grown = (StrictMath.exp(_number) * -2.5);" in lines
    assert "boolean _is_less = (_number < _double);" in lines
    assert "double _chosen = ((_is_less && (_double >= 0.0)) ? _grown : _double);" in lines
    assert "made[0] = _grown;" in lines
    assert "made[1] = _chosen;" in lines


@pytest.mark.parametrize("formula", [small(), GREEKS_BY_STYLE])
def test_a_method_reads_only_what_is_kept_for_it(formula: Formula) -> None:
    kept = set[str]()
    for method in java_function(formula).text.split("double[] made")[1:]:
        read = set(re.findall(r"kept\[(\d+)\](?: == 1.0)?;", method))
        assert read <= kept
        kept |= set(re.findall(r"kept\[(\d+)\] = ", method))


def test_a_class_is_named_by_what_is_in_it() -> None:
    assert java_function(small()) == java_function(small())
    assert java_function(small()).class_name != java_function(GREEKS_FROM_QUOTE).class_name
