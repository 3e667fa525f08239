import numpy as np
import pytest

from models.quantitative import blocks, compiled
from models.quantitative.engines import COMPILED_ROWS, evaluate
from models.quantitative.european import EUROPEAN, european
from models.quantitative.quotes import greeks_from_quote, implied_vol
from tests.unit.models.quantitative.markets import random_market
from tests.unit.models.quantitative.test_blocks import tangle

SEVERAL_OPTIONS = random_market(COMPILED_ROWS, seed=2)


def test_the_number_of_rows_alone_chooses_the_engine() -> None:
    many, few = SEVERAL_OPTIONS, [column[:-1] for column in SEVERAL_OPTIONS]
    np.testing.assert_array_equal(evaluate(EUROPEAN, *many), compiled.evaluate(EUROPEAN, *many))
    np.testing.assert_array_equal(evaluate(EUROPEAN, *few), blocks.evaluate(EUROPEAN, *few))
    assert (np.array(evaluate(EUROPEAN, *few)) != np.array(evaluate(EUROPEAN, *many))[:, :-1]).any()


@pytest.mark.parametrize("shape", [(), (3,), (2, COMPILED_ROWS)])
def test_results_have_the_shape_of_the_inputs_on_either_engine(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).normal(size=shape)
    for threads in (1, 2):
        assert all(result.shape == shape for result in evaluate(tangle(), x, 2.0, threads=threads))


@pytest.mark.parametrize("rows", [100, COMPILED_ROWS])
def test_threads_and_reused_arrays_change_nothing(rows: int) -> None:
    spot, strike, years, rate, dividend, is_call, vol = (column[:rows] for column in SEVERAL_OPTIONS)
    terms = (spot, strike, years, rate, dividend)
    model = european(*terms, vol, is_call)
    np.testing.assert_array_equal(european(*terms, vol, is_call, threads=2), model)
    solved = implied_vol(model.price, *terms, is_call)
    earlier = implied_vol(1.01 * model.price, *terms, is_call)
    again = implied_vol(model.price, *terms, is_call, threads=2, out=earlier)
    assert np.shares_memory(again.implied_vol, earlier.implied_vol)
    np.testing.assert_array_equal(again, solved)
    quoted = greeks_from_quote(model.price, model.price, *terms, is_call)
    np.testing.assert_allclose(quoted.implied_vol, solved.implied_vol, rtol=1e-15)


@pytest.mark.parametrize(
    "out",
    [
        [np.empty(5)] * 2,
        [np.empty(4)] * 3,
        [np.empty(10)[::2]] * 3,
        [np.empty(5, dtype=np.float32)] * 3,
    ],
)
def test_arrays_that_cannot_hold_the_results_are_refused(out: list[np.ndarray]) -> None:
    for engine in (blocks, compiled):
        with pytest.raises(ValueError, match=r"out must be 3 contiguous arrays of doubles of shape \(5,\)"):
            engine.evaluate(tangle(), np.ones(5), 1.0, out=out)
