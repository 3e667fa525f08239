from contracts import stages
from tests.unit.visualization.events import bar
from visualization.dash_app.figures import STEPS, candles, empty, latencies, waterfall
from visualization.dash_app.flow import Latency

MS = 1_000


def test_candles_show_each_bar_and_the_last_price_with_units() -> None:
    figure = candles("AAPL", [bar(minute, close=190.0 + minute) for minute in range(3)], 191.5)
    (trace,) = figure.data
    assert list(trace.close) == [190.0, 191.0, 192.0]
    assert list(trace.high) == [191.0, 192.0, 193.0]
    assert [moment.minute for moment in trace.x] == [0, 1, 2]
    assert figure.layout.shapes[0].y0 == 191.5
    assert figure.layout.annotations[0].text == "191.50"
    assert "USD" in figure.layout.title.text
    assert figure.layout.uirevision == "AAPL"
    assert not candles("AAPL", [], None).layout.shapes


def test_the_steps_of_a_waterfall_add_up_to_the_whole() -> None:
    stamps = {name: place * 3 * MS for place, name in enumerate(stages.ORDER)}
    figure = waterfall(stamps)
    (trace,) = figure.data
    assert list(trace.y) == list(STEPS.values())
    assert sum(trace.x) == 21.0
    assert list(trace.base) == [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0]
    assert "21.0 ms" in figure.layout.title.text
    assert trace.text[0] == "3.0 ms"


def test_a_waterfall_bridges_moments_that_are_missing_and_clocks_that_are_coarse() -> None:
    """Kafka's clock has millisecond steps: a record may seem appended before it was sent."""
    figure = waterfall({stages.DUE: 0, stages.SENT: 2_400, stages.MARKET: 2_000, stages.SIGNALLED: 9_000})
    (trace,) = figure.data
    assert list(trace.y) == ["ingestion", "to Kafka (market)", "to Kafka (signal)"]
    assert list(trace.x) == [2.4, 0.0, 7.0]
    assert not waterfall({}).data[0].x


def test_latencies_are_three_lines_without_the_seconds_that_have_none() -> None:
    history = [(10, 5.0, Latency(1.0, 2.0, 3.0)), (11, 0.0, None), (12, 4.0, Latency(1.5, 2.5, 3.5))]
    figure = latencies("features.greeks", history)
    assert {trace.name: list(trace.y) for trace in figure.data} == {
        "max": [3.0, 3.5], "p99": [2.0, 2.5], "p50": [1.0, 1.5],
    }  # fmt: skip
    assert "ms" in figure.layout.title.text


def test_an_empty_figure_says_why() -> None:
    assert empty("Waiting for data").layout.annotations[0].text == "Waiting for data"
