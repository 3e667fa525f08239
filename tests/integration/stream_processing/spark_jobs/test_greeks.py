"""The Greeks query on a batch of records: the method by style, what each row says of itself, and the code generated."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from contracts import wire
from contracts.events import GreeksComputed, OptionQuoteReceived
from contracts.topics import GREEKS
from stream_processing.spark_jobs import greeks
from tests.integration.stream_processing.spark_jobs.market import METHODS, greeks_id
from tests.integration.stream_processing.spark_jobs.market import market as simulated

APPENDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "key binary, value binary, timestamp timestamp, headers array<struct<key:string,value:binary>>"
MAX_METHOD_BYTES = 32_000
"""Half of what Java refuses."""


@pytest.fixture(scope="module")
def quotes() -> list[OptionQuoteReceived]:
    """Some seconds of both styles."""
    return [event for event in simulated(4) if isinstance(event, OptionQuoteReceived)]


@pytest.fixture(scope="module")
def computed(spark: SparkSession, quotes: list[OptionQuoteReceived]) -> DataFrame:
    rows = [(b"key", wire.encode(quote), APPENDED_AT, None) for quote in quotes]
    return greeks.transform(spark.createDataFrame(rows, COLUMNS))


@pytest.fixture(scope="module")
def results(computed: DataFrame, quotes: list[OptionQuoteReceived]) -> list[tuple[OptionQuoteReceived, GreeksComputed]]:
    by_id = {quote.event_id: quote for quote in quotes}
    events = [wire.decode(GREEKS.name, row.value.encode()) for row in computed.select("value").collect()]
    return [(by_id[event.quote_id], event) for event in events if isinstance(event, GreeksComputed)]


def test_each_row_says_its_method_its_units_and_the_age_of_its_underlying(
    results: list[tuple[OptionQuoteReceived, GreeksComputed]], quotes: list[OptionQuoteReceived]
) -> None:
    assert len(results) == len(quotes)
    for quote, event in results:
        assert event.method == METHODS[quote.style]
        assert event.event_id == greeks_id(quote)
        assert event.units == greeks.UNITS
        assert event.underlying_age_s == pytest.approx((quote.event_time - quote.underlying_time) / 1e6)
    styles = Counter(event.method for _, event in results)
    assert min(styles[method] for method in METHODS.values()) > 20


def test_a_row_has_all_greeks_or_none(results: list[tuple[OptionQuoteReceived, GreeksComputed]]) -> None:
    names = ("implied_vol", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "charm")
    for _, event in results:
        assert {getattr(event, name) is not None for name in names} == {event.reason == "ok"}
    assert Counter(event.reason for _, event in results)["ok"] > 0.8 * len(results)


def test_liquidity_is_there_where_there_are_two_sides(
    results: list[tuple[OptionQuoteReceived, GreeksComputed]],
) -> None:
    for quote, event in results:
        if quote.bid > 0.0:
            middle = 0.5 * (quote.bid + quote.ask)
            assert event.relative_spread == pytest.approx((quote.ask - quote.bid) / middle)
        else:
            assert event.relative_spread is None
        sizes = quote.bid_size + quote.ask_size
        assert event.size_imbalance == (pytest.approx((quote.bid_size - quote.ask_size) / sizes) if sizes else None)


def test_the_formula_is_one_stage_of_methods_far_from_javas_limit(spark: SparkSession, computed: DataFrame) -> None:
    debug = getattr(spark._jvm.org.apache.spark.sql.execution.debug, "package$")  # type: ignore[union-attr]
    stages = getattr(debug, "MODULE$").codegenStringSeq(computed._jdf.queryExecution().executedPlan())
    sizes = [stages.apply(index)._3().maxMethodCodeSize() for index in range(stages.size())]
    assert max(sizes) < MAX_METHOD_BYTES
    plan = computed._jdf.queryExecution().executedPlan().treeString()
    operators = [line.lstrip(" +-:") for line in plan.splitlines()]
    (uncompiled,) = (line for line in operators if line.startswith(("Project", "Generate")))
    assert "from_json" in uncompiled


def test_messages_without_the_newer_fields_stay_readable(
    results: list[tuple[OptionQuoteReceived, GreeksComputed]],
) -> None:
    message = json.loads(wire.encode(results[0][1]))
    newer = ("vanna", "volga", "charm", "relative_spread", "size_imbalance", "underlying_age_s", "units")
    old = {name: value for name, value in message.items() if name not in newer}
    event = wire.decode(GREEKS.name, json.dumps(old).encode())
    assert all(getattr(event, name) is None for name in newer)
