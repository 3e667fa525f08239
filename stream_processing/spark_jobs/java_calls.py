# ruff: noqa: SLF001 - pyspark has no public way to a function of its virtual machine
"""Has Spark call our static Java functions as it calls its own, for what is done to every record.

Theory of operation
-------------------
A class is compiled by the compiler that Spark has for what it generates itself, and handed to the session as a jar. A
row costs the call, without a boxed number or a row written. Spark takes the function for one of its own, so Real-time
Mode admits it.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pyspark.sql import Column, SparkSession
from pyspark.sql.types import DataType

from stream_processing.spark_jobs.session import jvm


class JavaFunction(NamedTuple):
    """A public static method, and the text of the class that it is in."""

    class_name: str
    """With its package. Another text needs another name: a session keeps the first."""
    method: str
    text: str


def call(session: SparkSession, function: JavaFunction, inputs: Sequence[Column], result: DataType) -> Column:
    """What the function, which is called even where an input is null, makes of these columns; never null.

    Spark is told that equal inputs may give different results: it then computes a row's once, and does not move
    conditions on it to where they would compute it again.
    """
    machine = jvm(session)
    sql = machine.org.apache.spark.sql
    expression, column = sql.classic.ExpressionUtils.expression, sql.classic.ExpressionUtils.column
    as_seq, none = machine.PythonUtils.toSeq, getattr(getattr(machine.scala, "None$"), "MODULE$")
    arguments = as_seq([expression(each._jc) for each in inputs])
    passes_null_on, may_be_null, is_deterministic = False, False, False
    made = sql.catalyst.expressions.objects.StaticInvoke(
        _installed(session, function),
        sql.types.DataType.fromJson(result.json()),
        function.method,
        arguments,
        as_seq([]),
        passes_null_on,
        may_be_null,
        is_deterministic,
        none,
    )
    return Column(column(made))


def _installed(session: SparkSession, function: JavaFunction) -> Any:  # noqa: ANN401 - a java.lang.Class
    """The class, in the session's virtual machine and wherever its tasks run."""
    name = function.class_name
    if name not in session._jsparkSession.sparkContext().listJars().toString():
        jar = Path(str(session.conf.get("spark.local.dir")), f"{name}.jar")
        _write_jar(jar, jvm(session).org.codehaus.janino.SimpleCompiler(), function.text)
        session._jsparkSession.sessionState().resourceLoader().addJar(str(jar))
    return session._jsparkSession.artifactManager().classloader().loadClass(name)


def _write_jar(jar: Path, compiler: Any, text: str) -> None:  # noqa: ANN401 - a Java object
    compiler.cook(text)
    jar.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(jar, "w") as file:
        for name, code in compiler.getBytecodes().items():
            file.writestr(f"{name.replace('.', '/')}.class", bytes(code))
