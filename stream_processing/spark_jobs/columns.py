# ruff: noqa: SLF001 - pyspark has no public way to a function of its virtual machine
"""Evaluates the formulas of `models.quantitative` as columns of Spark.

Theory of operation
-------------------
A formula of a thousand steps is too much for Spark's own expressions: each level of steps would be a projection,
hundreds in a row, and Spark plans them anew at every start and checkpoint, while nothing flows. So a formula becomes
one static Java function, written by `java_formulas`, compiled by the compiler that Spark has for what it generates
itself, and handed to the session as a jar; a row costs its call, without a boxed number or a row written. Spark takes
it for one of its own functions, so Real-time Mode admits it.

Columns named in a formula's inputs must exist in the frame; `years` and `is_call` usually have to be derived first.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, DoubleType

from models.quantitative.formulas import Formula
from stream_processing.spark_jobs import java_formulas
from stream_processing.spark_jobs.session import jvm

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
    machine = jvm(session)
    sql = machine.org.apache.spark.sql
    expression, column = sql.classic.ExpressionUtils.expression, sql.classic.ExpressionUtils.column
    inputs = [expression(f.expr(f"coalesce(cast(`{each.name}` AS double), {_NAN})")._jc) for each in formula.inputs]
    array = sql.types.DataType.fromJson(ArrayType(DoubleType(), containsNull=False).json())
    as_seq, none = machine.PythonUtils.toSeq, getattr(getattr(machine.scala, "None$"), "MODULE$")
    # Whether a null argument makes the result null, whether that may be null, and whether equal arguments give equals.
    traits = (False, False, True)
    call = sql.catalyst.expressions.objects.StaticInvoke(
        _installed(session, formula), array, java_formulas.METHOD, as_seq(inputs), as_seq([]), *traits, none
    )
    return Column(column(call))


def _installed(session: SparkSession, formula: Formula) -> Any:  # noqa: ANN401 - a java.lang.Class
    """The formula's class, in the session's virtual machine and wherever its tasks run."""
    name, text = java_formulas.java_class(formula)
    if name not in session._jsparkSession.sparkContext().listJars().toString():
        jar = Path(str(session.conf.get("spark.local.dir")), f"{name}.jar")
        _write_jar(jar, jvm(session).org.codehaus.janino.SimpleCompiler(), text)
        session._jsparkSession.sessionState().resourceLoader().addJar(str(jar))
    return session._jsparkSession.artifactManager().classloader().loadClass(name)


def _write_jar(jar: Path, compiler: Any, text: str) -> None:  # noqa: ANN401 - a Java object
    compiler.cook(text)
    jar.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(jar, "w") as file:
        for name, code in compiler.getBytecodes().items():
            file.writestr(f"{name.replace('.', '/')}.class", bytes(code))


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
