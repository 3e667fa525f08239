"""Forks the Python processes of the queries with memory from one that has everything ready: a module for Spark to run.

Theory of operation
-------------------
Spark starts one such process beside its virtual machine, and forks from it whenever a task needs Python. Forked from a
bare interpreter, each would import every machine and compile the chains' formulas for itself, seconds of a core just
when all else begins too. Here that is done once; what is imported is shared memory, and the collector passes over it.
"""

import gc
from typing import Final

import pyspark.worker  # noqa: F401 - for those that are forked, as the next
from pyspark import daemon

import stream_processing.spark_jobs.queries  # noqa: F401
from models.quantitative.american_quadratic.prices import AMERICAN_QUADRATIC
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE
from models.quantitative.compiled import compile_formula
from models.quantitative.european import EUROPEAN
from models.quantitative.quotes import IMPLIED_VOL
from models.quantitative.second_order import SECOND_ORDER

COMPILED: Final = (AMERICAN_QUADRATIC, EUROPEAN, GREEKS_BY_STYLE, IMPLIED_VOL, SECOND_ORDER)
"""What chains evaluate with; another is compiled when it is first needed."""


def main() -> None:
    """Serve Spark until it closes the standard input."""
    for formula in COMPILED:
        compile_formula(formula)
    gc.collect()
    gc.freeze()
    daemon.manager()


if __name__ == "__main__":
    main()
