"""How a formula is cut into parts; what Spark makes of them is in the integration test of this name."""

import numpy as np
import pytest

from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE
from models.quantitative.blocks import evaluate
from models.quantitative.formulas import Chain, Formula, Node, exp
from models.quantitative.quotes import GREEKS_FROM_QUOTE
from stream_processing.spark_jobs.columns import PART_NODES, Steps, cut, joined

FORMULAS = (GREEKS_FROM_QUOTE, GREEKS_BY_STYLE)


def nodes(node: Node) -> int:
    return 1 + sum(nodes(operand) for operand in node.operands)


def size(part: Steps) -> int:
    return sum(nodes(value) for _, value in part)


def carried(formula: Formula, parts: list[Steps]) -> int:
    """Columns that stand between the parts, all cuts together."""
    count = 0
    known = {column.name for column in formula.inputs}
    for number, part in enumerate(parts[:-1]):
        known |= {name for name, _ in part}
        later = {name for rest in parts[number + 1 :] for _, value in rest for name in value.references()}
        count += len(known & later.union(formula.outputs))
    return count


def narrow_in_the_middle() -> Formula:
    """Eight inputs, all joined in one step from which eight more are made."""
    chain = Chain()
    inputs = [chain.number(f"input_{number}") for number in range(8)]
    squares = [chain.step(f"square_{number}", value * value) for number, value in enumerate(inputs)]
    waist = chain.step("waist", sum(squares[1:], squares[0]))
    for number in range(8):
        chain.step(f"output_{number}", waist * waist + float(number))
    return chain.close(*(f"output_{number}" for number in range(8)))


@pytest.mark.parametrize("formula", FORMULAS)
def test_parts_are_the_steps_in_order_and_none_is_too_large(formula: Formula) -> None:
    parts = cut(formula)
    assert tuple(step for part in parts for step in part) == formula.steps
    assert max(map(size, parts)) <= PART_NODES
    assert len(parts) <= 1.3 * sum(map(size, parts)) / PART_NODES + 1


def test_the_cut_is_where_the_fewest_columns_are_carried() -> None:
    formula = narrow_in_the_middle()
    first, second = cut(formula, most_nodes=50)
    assert first[-1][0] == "waist"
    assert len(second) == 8


def test_cutting_elsewhere_would_carry_more() -> None:
    formula = GREEKS_BY_STYLE
    parts = cut(formula)
    greedy: list[Steps] = [()]
    for step in formula.steps:
        fits = size((*greedy[-1], step)) <= PART_NODES
        greedy[-1:] = [(*greedy[-1], step)] if fits else [greedy[-1], (step,)]
    assert len(greedy) > 1
    assert carried(formula, parts) < carried(formula, greedy)


def test_a_formula_that_fits_is_not_cut() -> None:
    formula = narrow_in_the_middle()
    assert [len(part) for part in cut(formula)] == [len(formula.steps)]


def test_a_step_larger_than_a_part_is_a_part_of_its_own() -> None:
    formula = narrow_in_the_middle()
    assert [len(part) for part in cut(formula, most_nodes=2)] == [1] * len(formula.steps)


def test_steps_used_once_or_cheap_to_repeat_are_written_where_they_are_used() -> None:
    chain = Chain()
    number = chain.number("number")
    once = chain.step("once", exp(number) + 1.0)
    dear = chain.step("dear", once * 2.0)
    cheap = chain.step("cheap", number + 3.0)
    chain.step("shown", dear + dear + cheap * cheap)
    chain.step("also_shown", number * number)
    formula = joined(chain.close("shown", "also_shown"))
    assert [name for name, _ in formula.steps] == ["dear", "shown", "also_shown"]
    shown, also_shown = evaluate(formula, [1.0, 2.0])
    np.testing.assert_allclose(shown, 4 * (np.exp([1.0, 2.0]) + 1) + [16.0, 25.0], rtol=1e-15)
    np.testing.assert_array_equal(also_shown, [1.0, 4.0])


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_joined_formula_gives_the_same_bits(formula: Formula) -> None:
    random = np.random.default_rng(5)
    inputs = [random.uniform(0.5, 1.5, 1_000) for _ in formula.inputs[:-1]]
    for name in ("is_call", "is_american"):
        for place, column in enumerate(formula.inputs[:-1]):
            if column.name == name:
                inputs[place] = np.round(inputs[place] - 0.5)
    shorter = joined(formula)
    assert len(shorter.steps) < len(formula.steps)
    with np.errstate(all="ignore"):
        for ours, theirs in zip(evaluate(shorter, *inputs, 0.0), evaluate(formula, *inputs, 0.0), strict=True):
            np.testing.assert_array_equal(ours, theirs)
