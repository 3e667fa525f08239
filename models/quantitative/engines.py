"""Evaluates a formula with the engine that suits the number of rows.

Two engines give the same results to within the rounding of exp and log: NumPy's blocks (`models.quantitative.blocks`),
ready at once, and machine code (`models.quantitative.compiled`), five to ten times faster, but each formula has to be
compiled first. The choice depends on the number of rows alone, so the same call gives the same bits at any time. A
third engine, Java for Spark, is `stream_processing.spark_jobs.columns`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from models.quantitative import blocks, compiled
from models.quantitative.blocks import Floats
from models.quantitative.formulas import Formula

COMPILED_ROWS: Final = 256
"""About a chain of one underlying, from where on formulas are compiled. That takes 40 to 90 ms, once in a process.

A call on so many rows then takes 0.07 ms instead of 0.35 (price and Greeks; implied volatility instead of 0.8), so it
pays from the second hundred of calls; a single call pays from some 300,000 rows.
"""


def evaluate(
    formula: Formula, *inputs: ArrayLike, threads: int = 1, out: Sequence[Floats] | None = None
) -> list[Floats]:
    """The outputs of a formula, in its order.

    `inputs` are given in the formula's order, each a scalar or an array; they broadcast against each other, and the
    outputs have the shape they broadcast to. `threads` share the rows where the compiled engine is used. `out` are
    arrays to write the outputs to, such as those of an earlier call: for a million rows, the system takes longer to
    provide new memory than compiled code to fill it. They must not overlap with the inputs.
    """
    if np.prod(np.broadcast_shapes(*map(np.shape, inputs)), dtype=np.int64) >= COMPILED_ROWS:
        return compiled.evaluate(formula, *inputs, threads=threads, out=out)
    return blocks.evaluate(formula, *inputs, out=out)
