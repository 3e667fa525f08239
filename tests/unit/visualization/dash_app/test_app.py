import asyncio
from typing import Any

import httpx
import pytest
from dash import no_update

from contracts import stages
from contracts.topics import GREEKS
from storage.timescaledb_client.reader import StoredSignal
from tests.unit.visualization.events import BEGAN, EXPIRY, MINUTE, bar, greeks, quote, signal
from tests.unit.visualization.fakes import FixedStatus, MemoryReader
from visualization.dash_app import pages
from visualization.dash_app.app import Answers, create_app
from visualization.dash_app.hub import Hub


@pytest.fixture
def reader() -> MemoryReader:
    return MemoryReader()


@pytest.fixture
def hub(reader: MemoryReader) -> Hub:
    return Hub(reader, FixedStatus(), lambda: BEGAN)


@pytest.fixture
def answers(hub: Hub) -> Answers:
    return Answers(hub)


def text_of(component: Any) -> str:  # noqa: ANN401 - any Dash component
    return str(component.to_plotly_json()) if hasattr(component, "to_plotly_json") else str(component)


def test_underlyings_are_offered_once_there_are_some_and_a_choice_is_kept(answers: Answers, hub: Hub) -> None:
    assert answers.symbols(1, None) == []
    assert answers.symbol([], None) is no_update
    for symbol in ("MSFT", "AAPL"):
        hub.view.apply(quote(1, symbol), {})
    assert answers.symbols(1, []) == ["AAPL", "MSFT"]
    assert answers.symbols(2, ["AAPL", "MSFT"]) is no_update
    assert answers.symbol(["AAPL", "MSFT"], None) == "AAPL"
    assert answers.symbol(["AAPL", "MSFT"], "MSFT") is no_update


def test_expiries_follow_the_underlying_and_fall_back_to_the_nearest(answers: Answers, hub: Hub) -> None:
    for expires_at in (EXPIRY + MINUTE, EXPIRY):
        hub.view.apply(greeks(1, expires_at=expires_at), {})
    offered = answers.expiries(1, "AAPL", None)
    assert [option["value"] for option in offered] == [EXPIRY, EXPIRY + MINUTE]
    assert answers.expiries(2, "AAPL", offered) is no_update
    assert answers.expiries(1, "MSFT", offered) == []
    assert answers.expiry(offered, None) == EXPIRY
    assert answers.expiry(offered, EXPIRY + MINUTE) is no_update
    assert answers.expiry(offered, 7) == EXPIRY
    assert answers.expiry([], 7) is None


def test_figures_wait_for_data(answers: Answers, hub: Hub) -> None:
    assert answers.candles(1, "AAPL").layout.annotations[0].text == "Waiting for data"
    assert answers.latency(GREEKS.name, 1).layout.annotations[0].text == "Waiting for data"
    hub.view.apply(bar(0), {})
    hub.flows[GREEKS.name].add(BEGAN, BEGAN - 10_000)
    assert answers.candles(1, "AAPL").data[0].close == (190.0,)
    assert [trace.name for trace in answers.latency(GREEKS.name, 1).data] == ["max", "p99", "p50"]


def test_the_newest_signal_is_followed_until_one_is_chosen(answers: Answers, hub: Hub, reader: MemoryReader) -> None:
    def detail(selected: str | None, shown: Any = None) -> Any:  # noqa: ANN401 - what Dash shows
        return asyncio.run(answers.detail(selected, 1, shown))

    assert "Waiting" in text_of(detail(None))
    hub.view.apply(signal(1), {stages.DUE: 0, stages.SIGNALLED: 42_000})
    hub.view.apply(signal(2, "Sell"), {})
    newest = detail(None)
    assert newest.id == "detail-newest"
    assert signal(2).event_id in text_of(newest)
    held = detail(signal(1).event_id, newest)
    for part in (*signal(1).lineage.tick_ids, *signal(1).lineage.feature_ids, "order_flow 1a2b3c4d", "42.0 ms"):
        assert part in text_of(held)
    assert detail(signal(1).event_id, {"props": {"id": held.id}}) is no_update
    reader.stored = [StoredSignal(signal(0), {})]
    assert signal(0).event_id in text_of(detail(signal(0).event_id))
    assert "no longer stored" in text_of(detail("0" * 32))


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.title)
def test_each_page_has_its_path_and_an_unknown_path_shows_the_first(answers: Answers, page: pages.Page) -> None:
    assert pages.page_at(page.path) is page
    assert pages.page_at("/nowhere") is pages.page_at(None) is pages.PAGES[0]
    assert text_of(answers.page(page.path))


def test_the_market_page_comes_with_a_first_choice() -> None:
    page: Any = pages.market(["AAPL", "MSFT"])
    assert page["symbol"].value == "AAPL"
    assert page["symbol"].options == ["AAPL", "MSFT"]


def test_the_banner_is_in_the_page_from_the_start_when_anything_is_simulated(hub: Hub) -> None:
    app = create_app(hub)

    def layout() -> str:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
                await client.get("/")
                return await client.get("/_dash-layout")

        return asyncio.run(call()).text

    assert "banner hidden" in layout()
    hub.view.apply(signal(1, simulated=False), {})
    assert "banner hidden" in layout()
    hub.view.apply(signal(2), {})
    assert "banner hidden" not in layout()
    assert "Nothing here is investment advice" in layout()
