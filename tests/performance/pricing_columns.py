"""The formulas as Spark columns on one thread: options per second, from columns in memory to their sums."""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from models.quantitative import blocks
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE
from models.quantitative.european import EUROPEAN
from models.quantitative.formulas import Formula
from models.quantitative.quotes import GREEKS_FROM_QUOTE, IMPLIED_VOL
from stream_processing.spark_jobs import session
from stream_processing.spark_jobs.columns import with_steps
from tests.performance.figures import emit, median
from tests.unit.models.quantitative.markets import random_market

OPTIONS: Final = 4_000_000
REPETITIONS: Final = 9
WARM_UP_S: Final = 20.0
"""Java compiles a generated method, which is large, in the background while an unoptimised one runs."""
TARGETS: Final[tuple[tuple[str, Formula, float | None], ...]] = (
    ("price_and_greeks", EUROPEAN, 4e6),
    ("implied_vol", IMPLIED_VOL, 1.5e6),
    ("european_quotes", GREEKS_FROM_QUOTE, None),
    ("quotes_by_style", GREEKS_BY_STYLE, None),
)


def run() -> None:
    """Print the rates, beside those of NumPy's blocks in the same run."""
    market = random_market(OPTIONS, seed=6)
    price = blocks.evaluate(EUROPEAN, *market)[1]
    quoted = {
        "bid": price,
        "ask": price,
        "underlying_age_s": np.zeros(OPTIONS),
        "is_american": np.arange(OPTIONS) % 5 > 0,
    }
    columns = market._asdict() | {"price": price} | quoted
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as name:
        folder = Path(name)
        source = str(folder / "options.parquet")
        pd.DataFrame(columns).to_parquet(source)
        options = session.prepare(folder / "conf", folder / "jvm.log", "local[1]", "3g", [])
        spark = session.open_session(options, folder / "conf")
        frame = spark.read.parquet(source).cache()
        frame.count()
        try:
            for figure, formula, target in TARGETS:
                inputs = [columns[column.name] for column in formula.inputs]
                numpy_rate = _rate(partial(partial, blocks.evaluate, formula, *inputs), 0.0)
                rate = _rate(partial(_planned, frame, formula), WARM_UP_S)
                peers = {"NumPy blocks": round(numpy_rate)}
                emit(f"pricing.spark_columns.{figure}", rate, "options/s", target, at_least=True, peers=peers)
        finally:
            session.close(spark)


def _planned(frame: DataFrame, formula: Formula) -> Callable[[], object]:
    """Computes the sums of the outputs by a plan that is ready; a stream is planned once."""
    computed = with_steps(frame, formula, keep=[])
    sums = computed.agg(*(f.sum(name) for name in formula.outputs))
    sums._jdf.queryExecution().executedPlan()
    return sums.collect


def _rate(prepare: Callable[[], Callable[[], object]], warm_up_s: float) -> float:
    """Options per second, the median of repetitions; each is prepared anew, as finished plans keep their results."""
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < REPETITIONS:
        work = prepare()
        started = time.perf_counter()
        work()
        if started - began >= warm_up_s:
            seconds.append(time.perf_counter() - started)
    return OPTIONS / median(seconds)
