import pytest

from contracts import stages
from tests.unit.visualization.events import BEGAN, EXPIRY, SECOND, bar, greeks, quote, signal, trade
from visualization.dash_app import screens
from visualization.dash_app.flow import Flow
from visualization.dash_app.live_view import LiveView, ShownSignal

NOW = BEGAN + 10 * SECOND


@pytest.fixture
def view() -> LiveView:
    view = LiveView()
    for event in (quote(9), trade(8, price=190.5), bar(-2, close=191.0), bar(-1, close=190.0), signal(7)):
        view.apply(event, {})
    return view


def test_a_price_row_has_a_cell_for_each_column(view: LiveView) -> None:
    view.apply(quote(1, "MSFT", bid=0.0), {})
    rows = screens.prices(view, NOW + 100 * SECOND)
    assert list(rows) == ["AAPL", "MSFT"]
    assert all(len(row) == len(screens.PRICES) for row in rows.values())
    assert rows["AAPL"] == [
        ["AAPL", "name"], ["190.50", "tick"], ["+0.26", "up"], ["189.99"], ["190.01"], ["1.1"],
        ["300 × 1,200", "dim"], ["", "spark up", "0.0,1.0 45.0,17.0 90.0,9.0"], ["Buy 58 %", "buy"], ["101", "old"],
    ]  # fmt: skip
    assert rows["MSFT"][1] == ["–"]
    assert rows["MSFT"][3] == ["–", "dim"]
    assert rows["MSFT"][5] == ["–"]


def test_a_price_falls_or_stands_still(view: LiveView) -> None:
    view.apply(trade(9, price=189.5), {})
    assert screens.prices(view, NOW)["AAPL"][2] == ["-0.26", "down"]
    view.apply(trade(10, price=190.0), {})
    assert screens.prices(view, NOW)["AAPL"][2] == ["+0.00", ""]


def test_a_chain_row_mirrors_calls_and_puts_around_the_strike(view: LiveView) -> None:
    for event in (greeks(5, 190.0, "C"), greeks(5, 190.0, "P", reason="no_bid"), greeks(5, 192.5, "P")):
        view.apply(event, {})
    rows = screens.chain(view, "AAPL", EXPIRY, NOW)
    assert list(rows) == ["190", "192.5"]
    assert all(len(row) == len(screens.CHAIN) for row in rows.values())
    assert rows["190"][:9] == [
        ["4.10"], ["4.20"], ["25.1"], ["+0.543"], ["0.0412"], ["0.151"], ["-0.110"], ["7", "dim"],
        ["190", "strike itm"],
    ]  # fmt: skip
    assert rows["190"][9:] == [["7", "dim"], *[["", ""]] * 4, ["no bid", "why"], ["4.20"], ["–", "dim"]]
    assert rows["192.5"][8] == ["192.5", "strike otm"]
    assert rows["192.5"][0] == ["–", "dim"]
    assert screens.chain_caption(view, "AAPL", EXPIRY) == (
        "AAPL 190.50 USD · 2 of 3 contracts valued · method: european-bsm"
    )
    assert screens.chain_caption(view, "AAPL", EXPIRY + 1) == "No Greeks yet for this expiry"


def test_the_columns_of_a_chain_mirror_each_other() -> None:
    titles = [column.title for column in screens.CHAIN]
    assert titles == titles[::-1]
    assert titles[8] == "Strike"


def test_a_signal_row_has_units_and_the_latency_from_due_to_kafka() -> None:
    shown = ShownSignal(signal(7, "Sell"), {stages.DUE: 0, stages.SIGNALLED: 41_260}, is_change=True)
    (row,) = screens.signals([shown]).values()
    assert len(row) == len(screens.SIGNALS)
    assert row == [
        ["00:00:07"], ["AAPL", "name"], ["Sell", "sell"], ["58.3"], ["10"], ["190.25"], ["41.3"],
        ["bids outweigh asks", "words"],
    ]  # fmt: skip
    (row,) = screens.signals([shown._replace(stamps={})]).values()
    assert row[6] == ["–"]


def test_a_stream_row_has_rate_silence_and_latency() -> None:
    flow, silent = Flow(), Flow()
    for second in range(10):
        flow.add(BEGAN + second * SECOND, BEGAN + second * SECOND - 10_000)
    rows = screens.streams({"features.greeks": flow, "features.bars": silent}, NOW)
    assert all(len(row) == len(screens.STREAMS) for row in rows.values())
    assert rows["features.greeks"][1:4] == [["1.0"], ["10"], ["0", ""]]
    assert rows["features.greeks"][6] == ["10.0"]
    assert rows["features.bars"] == [["features.bars", "name"], ["0.0"], ["0"], ["–"], ["–"], ["–"], ["–"]]
    assert screens.streams({"features.greeks": flow}, NOW + 100 * SECOND)["features.greeks"][3] == ["100", "old"]


@pytest.mark.parametrize(
    ("away_s", "label"),
    [(7 * 86_400, "Thu 08 Jan 26 · 7 d"), (5 * 3_600, "Thu 01 Jan 26 · 5 h"), (-3_600, "Wed 31 Dec 25 · 0 h")],
)
def test_an_expiry_says_how_far_away_it_is(away_s: int, label: str) -> None:
    assert screens.expiry_label(BEGAN + away_s * SECOND, BEGAN) == label


def test_a_line_stays_inside_its_picture() -> None:
    assert screens.spark([1.0]) == ""
    assert screens.spark([2.0, 2.0]) == "0.0,17.0 90.0,17.0"
    points = [tuple(map(float, point.split(","))) for point in screens.spark([3.0, 1.0, 2.0]).split()]
    assert all(0 <= x <= screens.SPARK_WIDTH and 0 <= y <= screens.SPARK_HEIGHT for x, y in points)
