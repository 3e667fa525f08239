"""Evaluates the formulas of `models.quantitative` as columns of Spark.

Theory of operation
-------------------
A formula of a thousand steps is too much for Spark's own expressions: each level of steps would be a projection,
hundreds in a row, and Spark plans them anew at every start and checkpoint, while nothing flows. So a formula becomes
one Java function, written by `java_formulas`.

Columns named in a formula's inputs must exist in the frame; `years` and `is_call` usually have to be derived first.
"""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, DoubleType

from models.quantitative.formulas import Formula
from stream_processing.spark_jobs.java_calls import call
from stream_processing.spark_jobs.java_formulas import java_function

_RESULTS: Final = "__results"
_NAN: Final = "double('NaN')"


def with_steps(frame: DataFrame, formula: Formula, keep: Sequence[str] | None = None) -> DataFrame:
    """The frame's columns `keep` (all if None), then the formula's outputs as doubles, null where there is no value.

    Inputs are taken from the frame's columns of the same names and cast to double, a boolean to 1 or 0. A null input
    is bad input to the formula, not an error.
    """
    kept = frame.columns if keep is None else list(keep)
    _check_names(frame, formula, kept)
    carried = [f"`{name}`" for name in kept]
    results = _called(frame.sparkSession, formula).alias(_RESULTS)
    outputs = (
        f"nanvl({_RESULTS}[{place}], cast(NULL AS double)) AS `{name}`" for place, name in enumerate(formula.outputs)
    )
    return frame.select(*map(f.expr, carried), results).selectExpr(*carried, *outputs)


def named(code: Column, names: Sequence[str]) -> Column:
    """The name at the index `code`, such as a reason's in `models.quantitative.reasons.REASONS`."""
    return f.element_at(f.array(*map(f.lit, names)), code.cast("int") + 1)


def _called(session: SparkSession, formula: Formula) -> Column:
    """The formula's outputs as an array of doubles."""
    inputs = [f.expr(f"coalesce(cast(`{each.name}` AS double), {_NAN})") for each in formula.inputs]
    return call(session, java_function(formula), inputs, ArrayType(DoubleType(), containsNull=False))


def _check_names(frame: DataFrame, formula: Formula, kept: Sequence[str]) -> None:
    present = {name.lower() for name in frame.columns}
    missing = [column.name for column in formula.inputs if column.name.lower() not in present]
    if missing:
        raise ValueError(f"the frame lacks {missing}, which the formula reads; derive or rename them first")
    taken = {name.lower() for name in kept}.intersection(name.lower() for name in formula.outputs)
    if taken:
        raise ValueError(
            f"the formula's outputs {sorted(taken)} would stand beside kept columns of that name; drop those"
        )
