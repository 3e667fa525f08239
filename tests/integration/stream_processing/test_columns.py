"""The formulas on real Spark give what they give on NumPy, also for rows that are no options at all."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from py4j.java_gateway import get_field  # type: ignore[import-untyped]
from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from models.quantitative.american_quadratic.prices import AMERICAN_QUADRATIC, american_quadratic
from models.quantitative.american_quadratic.quotes import GREEKS_BY_STYLE, StyleGreeks
from models.quantitative.blocks import evaluate
from models.quantitative.european import EUROPEAN, european
from models.quantitative.formulas import Formula
from models.quantitative.implied_vol import NORMALISED
from models.quantitative.quotes import GREEKS_FROM_QUOTE, QuoteGreeks
from models.quantitative.reasons import REASONS, Reason, reason_names
from stream_processing.spark_jobs.columns import named, with_steps
from stream_processing.spark_jobs.java_formulas import java_function
from stream_processing.spark_jobs.session import JVM_OPTION, close
from tests.unit.models.quantitative.american.samples import contracts
from tests.unit.models.quantitative.markets import random_market

ROWS = 100_000
NORMALISED_PARITY = 1e-13
CONDITION_PARITY = 2.0
"""What two engines may differ by from prices, in units of rounding times the condition number of the price."""
EPSILON = 2.0**-52
HUGE_METHOD_BYTES = 8_000
"""Above this the JVM leaves a method interpreted unless it was started with `JVM_OPTION`; above 64 kB it takes none."""
PARITY_BY_STYLE = dict.fromkeys(StyleGreeks._fields[2:], 1e-6)
"""What the engines may differ by, as a share of the value or of its median: the differences behind the American rows'
Greeks divide the rounding of exp and log by their small steps."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session with Spark's defaults, so with ANSI arithmetic, which ends a job on a zero divisor."""
    folder: Path = tmp_path_factory.mktemp("spark")
    options: dict[str, bool | float | int | str | None] = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": JVM_OPTION,
        "spark.sql.warehouse.dir": str(folder),
        "spark.local.dir": str(folder),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Spark would compute rows that came from Python while planning, without generating code.
        "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
    }
    session = SparkSession.builder.master("local[1]").config(map=options).getOrCreate()
    yield session
    close(session)
    SparkContext._gateway = SparkContext._jvm = None  # so that a later test starts a machine of its own


@pytest.fixture(scope="module")
def quotes() -> pd.DataFrame:
    """Option quotes in cents over wide terms, a few of them without time value or bid."""
    random = np.random.default_rng(7)
    spot = random.uniform(20.0, 500.0, ROWS)
    terms: dict[str, Any] = {
        "underlying_price": spot,
        "strike": spot * np.exp(random.normal(0.0, 0.2, ROWS)),
        "years": random.uniform(0.005, 2.0, ROWS),
        "rate": random.uniform(-0.01, 0.06, ROWS),
        "dividend_yield": random.uniform(0.0, 0.04, ROWS),
    }
    is_call = random.random(ROWS) < 0.5
    price = european(**terms, vol=random.uniform(0.05, 1.2, ROWS), is_call=is_call).price
    spread = random.uniform(0.0, 0.05, ROWS)
    sides = {"bid": np.floor(price * (1.0 - spread) * 100.0) / 100.0, "ask": np.ceil(price * 100.0) / 100.0}
    age = random.choice([0.0, 0.05, 60.0, 60.001], ROWS, p=[0.5, 0.48, 0.01, 0.01])
    return pd.DataFrame({**sides, **terms, "is_call": is_call, "underlying_age_s": age})


def _numpy(formula: Formula, frame: pd.DataFrame) -> pd.DataFrame:
    columns = [frame[column.name].to_numpy(dtype=float) for column in formula.inputs]
    return pd.DataFrame(dict(zip(formula.outputs, evaluate(formula, *columns), strict=True)))


def test_the_solver_agrees_with_numpy_on_normalised_prices(spark: SparkSession) -> None:
    random = np.random.default_rng(3)
    vol, moneyness = np.exp(random.uniform(-7.0, 1.5, ROWS)), random.uniform(0.0, 2.0, ROWS)
    moneyness = np.minimum(moneyness, 8.0 * vol)
    model = european(1.0, np.exp(moneyness), 1.0, 0.0, 0.0, vol, is_call=True)
    price = model.price * np.exp(-0.5 * moneyness)
    rows = pd.DataFrame({"moneyness": moneyness, "price": price, "headroom": np.exp(-0.5 * moneyness) - price})
    rows = rows[(rows["price"] > 0.0) & (rows["headroom"] > 0.0)].reset_index(drop=True)
    computed = with_steps(spark.createDataFrame(rows), NORMALISED, keep=[]).toPandas()
    expected = _numpy(NORMALISED, rows)
    assert len(rows) > 0.95 * ROWS
    np.testing.assert_allclose(computed["total_vol"], expected["total_vol"], rtol=NORMALISED_PARITY)


def test_quotes_agree_with_numpy_as_far_as_their_prices_determine_them(
    spark: SparkSession, quotes: pd.DataFrame
) -> None:
    computed = with_steps(spark.createDataFrame(quotes), GREEKS_FROM_QUOTE, keep=["strike"]).toPandas()
    expected = _numpy(GREEKS_FROM_QUOTE, quotes)
    np.testing.assert_array_equal(computed["strike"], quotes["strike"])
    np.testing.assert_array_equal(computed["reason_code"], expected["reason_code"])
    np.testing.assert_array_equal(computed["price"], expected["price"])
    ok = (expected["reason_code"] == 0.0).to_numpy()
    assert 0.8 * ROWS < ok.sum() < ROWS
    vols = expected["implied_vol"][ok]
    condition = (quotes["underlying_price"] + quotes["strike"])[ok] / (100.0 * expected["vega"][ok] * vols)
    allowed = NORMALISED_PARITY + CONDITION_PARITY * EPSILON * condition
    assert (np.abs(computed["implied_vol"][ok] / vols - 1.0) <= allowed).all()
    for name in QuoteGreeks._fields[3:]:
        size = np.abs(expected[name][ok]) + np.abs(expected[name][ok]).median()
        error = np.abs(computed[name][ok] - expected[name][ok]) / size
        assert (error <= 1e-12 + 64.0 * EPSILON * condition).all(), name
        assert computed[name][~ok].isna().all(), name


def test_prices_and_greeks_agree_with_numpy(spark: SparkSession) -> None:
    market = random_market(ROWS, seed=12)
    frame = spark.createDataFrame(pd.DataFrame(market._asdict()))
    computed = with_steps(frame, EUROPEAN, keep=[]).toPandas()
    spot, strike, years, _, _, _, vol = market
    sizes = {"price": spot + strike, "delta": 1.0, "gamma": 1.0 / (spot * vol * np.sqrt(years)),
             "vega": spot * np.sqrt(years), "theta": (spot + strike) * (1.0 + vol / np.sqrt(years)),
             "rho": strike * years}  # fmt: skip
    expected = dict(zip(EUROPEAN.outputs, evaluate(EUROPEAN, *market), strict=True))
    assert not computed["reason_code"].any()
    for name, size in sizes.items():
        assert np.max(np.abs(computed[name] - expected[name]) / size) <= NORMALISED_PARITY, name


def test_rows_that_are_no_options_get_numpys_reasons_and_nulls(spark: SparkSession) -> None:
    good = {"bid": 5.0, "ask": 5.2, "underlying_price": 100.0, "strike": 100.0, "years": 0.5, "rate": 0.0,
            "dividend_yield": 0.0, "underlying_age_s": 0.0}  # fmt: skip
    wild = (None, np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-310, 1e300, 205.0)
    rows = [{**good, name: value, "is_call": name != "ask"} for name, value in itertools.product(good, wild)]
    rows.append({**good, "is_call": None})
    schema = ", ".join(f"{name} double" for name in good) + ", is_call boolean"
    frame = with_steps(spark.createDataFrame(rows, schema), GREEKS_FROM_QUOTE, keep=[])
    names = [row.reason for row in frame.select(named(f.col("reason_code"), REASONS).alias("reason")).collect()]
    expected = _numpy(GREEKS_FROM_QUOTE, pd.DataFrame(rows).astype(float))
    assert names == list(reason_names(expected["reason_code"].to_numpy()))
    assert {"ok", "no_bid", "crossed", "expired", "above_bound", "bad_input"} <= set(names)
    for row, reason in zip(frame.collect(), names, strict=True):
        values = row.asDict()
        filled = {name for name, value in values.items() if value is not None}
        if reason == "ok":
            assert filled == set(QuoteGreeks._fields)
            assert np.isfinite(list(values.values())).all()
        else:
            assert filled <= {"reason_code", "price"}


def test_american_prices_and_greeks_agree_with_numpy(spark: SparkSession) -> None:
    market = random_market(ROWS // 5, seed=13)
    computed = with_steps(spark.createDataFrame(pd.DataFrame(market._asdict())), AMERICAN_QUADRATIC, keep=[]).toPandas()
    expected = dict(zip(AMERICAN_QUADRATIC.outputs, evaluate(AMERICAN_QUADRATIC, *market), strict=True))
    spot, strike = market.underlying_price, market.strike
    assert not computed["reason_code"].any()
    np.testing.assert_allclose(computed["price"] / (spot + strike), expected["price"] / (spot + strike), atol=1e-12)
    for name, away in (("delta", 1e-9), ("gamma", 1e-6), ("vega", 1e-6), ("theta", 1e-6), ("rho", 1e-5)):
        size = np.abs(expected[name]) + np.median(np.abs(expected[name]))
        assert np.max(np.abs(computed[name] - expected[name]) / size) <= away, name


@pytest.fixture(scope="module")
def mixed() -> pd.DataFrame:
    """Quotes of both styles over listed terms, one in fifty of them unusable in some way."""
    spot, strike, years, rate, dividend, vol, is_call = contracts(ROWS // 5, seed=14)
    random = np.random.default_rng(14)
    price = american_quadratic(spot, strike, years, rate, dividend, vol, is_call).price
    half = np.maximum(price * random.uniform(0.0, 0.02, price.size), 0.005)
    spoiled = random.random((3, price.size)) < 0.007
    return pd.DataFrame(
        {
            "bid": np.where(spoiled[0], 0.0, np.maximum(price - half, 0.0)),
            "ask": np.where(spoiled[1], 0.0, price + half),
            "underlying_price": spot,
            "strike": strike,
            "years": np.where(spoiled[2], 0.0, years),
            "rate": rate,
            "dividend_yield": dividend,
            "is_call": is_call > 0.5,
            "is_american": random.random(price.size) < 0.7,
            "underlying_age_s": random.choice([0.0, 0.05, 60.001], price.size, p=[0.5, 0.49, 0.01]),
        }
    )


def test_quotes_of_both_styles_agree_with_numpy(spark: SparkSession, mixed: pd.DataFrame) -> None:
    computed = with_steps(spark.createDataFrame(mixed), GREEKS_BY_STYLE, keep=["is_american"]).toPandas()
    expected = _numpy(GREEKS_BY_STYLE, mixed)
    np.testing.assert_array_equal(computed["is_american"], mixed["is_american"])
    np.testing.assert_array_equal(computed["reason_code"], expected["reason_code"])
    np.testing.assert_allclose(computed["price"], expected["price"], rtol=1e-15)
    ok = (expected["reason_code"] == 0.0).to_numpy()
    assert {float(reason) for reason in (Reason.OK, Reason.STALE, Reason.NO_BID, Reason.EXPIRED)} <= set(
        expected["reason_code"]
    )
    assert ok[mixed["is_american"]].mean() > 0.7
    assert ok[~mixed["is_american"]].mean() > 0.7
    for name, away in PARITY_BY_STYLE.items():
        size = np.abs(expected[name][ok]) + np.abs(expected[name][ok]).median()
        error = np.abs(computed[name][ok] - expected[name][ok]) / size
        assert error.max() <= away, name
        assert computed[name][~ok].isna().all(), name


@pytest.mark.parametrize("formula", [GREEKS_FROM_QUOTE, AMERICAN_QUADRATIC, GREEKS_BY_STYLE])
def test_a_formula_is_one_stage_of_methods_that_java_compiles_anyhow(
    spark: SparkSession, quotes: pd.DataFrame, formula: Formula
) -> None:
    frame = spark.createDataFrame(quotes.assign(vol=0.2, is_american=True))
    stages = _method_bytes(spark, with_steps(frame, formula, keep=[]))
    assert len(stages) == 1
    assert stages[0] < HUGE_METHOD_BYTES
    assert 0 < _largest_method(spark, formula) < HUGE_METHOD_BYTES


def _method_bytes(spark: SparkSession, frame: DataFrame) -> list[int]:
    """The largest generated method of each stage of generated code, in bytes."""
    debug = getattr(spark._jvm.org.apache.spark.sql.execution.debug, "package$")  # type: ignore[union-attr]
    stages = getattr(debug, "MODULE$").codegenStringSeq(frame._jdf.queryExecution().executedPlan())
    return [stages.apply(index)._3().maxMethodCodeSize() for index in range(stages.size())]


def _largest_method(spark: SparkSession, formula: Formula) -> int:
    """Of the formula's own class, in bytes."""
    jvm: Any = spark._jvm
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.cook(java_function(formula).text)
    (code,) = compiler.getBytecodes().values()
    compiled = jvm.org.codehaus.janino.util.ClassFile(jvm.java.io.ByteArrayInputStream(code))
    attributes = (each for method in get_field(compiled, "methodInfos") for each in method.getAttributes())
    codes = (get_field(each, "code") for each in attributes if each.getClass().getSimpleName() == "CodeAttribute")
    return max(map(len, codes))


def test_the_machine_runs_with_the_option_that_compiles_such_methods(spark: SparkSession) -> None:
    management = spark._jvm.java.lang.management.ManagementFactory  # type: ignore[union-attr]
    assert JVM_OPTION in list(management.getRuntimeMXBean().getInputArguments())


def test_names_that_would_collide_are_refused(spark: SparkSession) -> None:
    frame = spark.range(1).selectExpr("1d as moneyness", "1d as PRICE", "1d as headroom", "1d as Total_Vol")
    with pytest.raises(ValueError, match="total_vol"):
        with_steps(frame, NORMALISED)
    assert with_steps(frame, NORMALISED, keep=["price"]).columns == ["price", "total_vol"]


def test_a_missing_input_is_named(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="headroom"):
        with_steps(spark.range(1).selectExpr("1d as moneyness", "1d as price"), NORMALISED)
