"""The Dash application on FastAPI: layout, callbacks and the WebSocket, around a hub."""

from functools import partial
from pathlib import Path
from typing import Any, Final

import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from fastapi import FastAPI, WebSocket

from contracts.topics import GREEKS, SIGNALS
from visualization.dash_app import figures, pages, screens
from visualization.dash_app.hub import Hub
from visualization.dash_app.live_view import ShownSignal
from visualization.dash_app.push import Pusher

ASSETS: Final = Path(__file__).parent / "assets"
WAITING: Final = "Waiting for data"
SLOW: Final = Input("slow", "n_intervals")
"""Every other second."""


def create_app(hub: Hub) -> FastAPI:
    """The ASGI application. Everything it loads comes from itself."""
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    server.add_api_websocket_route("/live", _live(Pusher(hub)))
    dash: Any = Dash(
        "optionsai",
        server=server,  # type: ignore[arg-type]  # its annotation knows Flask only
        assets_folder=str(ASSETS),
        title="Options",
        update_title="",
        compress=True,
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    dash.layout = lambda: pages.shell(simulated=hub.view.simulated)
    answers = Answers(hub)
    for function, *wires in (
        (answers.page, Output("page", "children"), Input("location", "pathname")),
        (answers.symbols, Output("symbol", "options"), SLOW, State("symbol", "options")),
        (answers.symbol, Output("symbol", "value"), Input("symbol", "options"), State("symbol", "value")),
        (answers.expiries, Output("expiry", "options"), SLOW, Input("symbol", "value"), State("expiry", "options")),
        (answers.expiry, Output("expiry", "value"), Input("expiry", "options"), State("expiry", "value")),
        (answers.candles, Output("candles", "figure"), SLOW, Input("symbol", "value")),
        (answers.detail, Output("detail", "children"), Input("selected", "data"), SLOW, State("detail", "children")),
        (partial(answers.latency, GREEKS.name), Output("greeks-latency", "figure"), SLOW),
        (partial(answers.latency, SIGNALS.name), Output("signal-latency", "figure"), SLOW),
    ):
        dash.callback(*wires)(function)
    dash.clientside_callback(
        ClientsideFunction("live", "watch"),
        Output("watching", "data"),
        Input("symbol", "value"),
        Input("expiry", "value"),
        Input("which", "value"),
    )
    return server


class Answers:
    """What the callbacks answer. Arguments are the values of their inputs, None where nothing is chosen yet."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def page(self, path: str | None) -> Component:
        """The page of a path."""
        return pages.page_at(path).content(self._hub.view.symbols)

    def symbols(self, _: int | None, known: list[str] | None) -> Any:  # noqa: ANN401 - a list, or Dash's mark for "as it was"
        """The underlyings there are to choose from."""
        found = self._hub.view.symbols
        return no_update if found == known else found

    def symbol(self, offered: list[str] | None, chosen: str | None) -> Any:  # noqa: ANN401
        """The underlying chosen; the first one as long as nobody has chosen."""
        return no_update if chosen or not offered else offered[0]

    def expiries(self, _: int | None, symbol: str | None, known: list[dict[str, Any]] | None) -> Any:  # noqa: ANN401
        """The expiries of the chosen underlying."""
        found = self._hub.view.expiries(symbol or "")
        options = [{"label": screens.expiry_label(expiry, self._hub.now()), "value": expiry} for expiry in found]
        return no_update if options == known else options

    def expiry(self, offered: list[dict[str, Any]] | None, chosen: int | None) -> Any:  # noqa: ANN401
        """The expiry chosen, as long as it is offered; else the nearest."""
        values = [option["value"] for option in offered or ()]
        return no_update if chosen in values else next(iter(values), None)

    def candles(self, _: int | None, symbol: str | None) -> go.Figure:
        """The chart of the chosen underlying."""
        view = self._hub.view
        bars = view.bars(symbol) if symbol else ()
        return figures.candles(str(symbol), bars, view.last_price(str(symbol))) if bars else figures.empty(WAITING)

    async def detail(self, selected: str | None, _: int | None, shown: Any) -> Any:  # noqa: ANN401
        """What is behind the chosen signal; the newest one as long as none is chosen."""
        if not selected:
            newest = self._hub.view.signals(1)
            return behind(newest[0], followed=True) if newest else html.P(WAITING, className="dim")
        if isinstance(shown, dict) and shown.get("props", {}).get("id") == f"detail-{selected}":
            return no_update
        found = await self._hub.find_signal(selected)
        return html.P("This signal is no longer stored", className="dim") if found is None else behind(found)

    def latency(self, topic: str, _: int | None) -> go.Figure:
        """How long records of a topic took, over the last minutes."""
        history = self._hub.flows[topic].history()
        return figures.latencies(topic, history) if history else figures.empty(WAITING)


def behind(shown: ShownSignal, *, followed: bool = False) -> Component:
    """A signal, the ids of what made it, and where its time went."""
    signal, lineage = shown.signal, shown.signal.lineage
    title = f"{signal.action} {signal.symbol} at {signal.reference_price:,.2f} USD"
    confidence = f"{100 * signal.confidence:.1f} % in {signal.horizon_s} s"
    made_of = (
        ("Signal", (signal.event_id,)),
        ("Settings", (lineage.settings_id,)),
        ("Model", (f"{lineage.model} {lineage.model_version}",)),
        ("Prediction", lineage.prediction_ids),
        ("Ticks", lineage.tick_ids),
        ("Features", lineage.feature_ids),
    )
    rows = [
        html.Tr(
            [
                html.Th([name, html.Small(f"{len(parts)}" if len(parts) > 1 else "")]),
                html.Td([html.Code(part) for part in parts], className="ids"),
            ]
        )
        for name, parts in made_of
    ]
    said = [
        html.Strong(title, className=signal.action.lower()),
        html.Span(f"{confidence} · {signal.reason}"),
        html.Small("newest signal; click a row to hold one" if followed else "held"),
    ]
    lineage_table = html.Div(html.Table(html.Tbody(rows), className="lineage"), className="scroll")
    waterfall = pages.graph("waterfall", figures.waterfall(shown.stamps))
    return html.Div(
        [html.Div(said, className="said"), html.Div([lineage_table, waterfall], className="made")],
        # A held signal is drawn once; the newest one, each time anew.
        id="detail-newest" if followed else f"detail-{signal.event_id}",
    )


def _live(pusher: Pusher) -> Any:  # noqa: ANN401 - FastAPI reads the annotations of the function inside
    async def live(socket: WebSocket) -> None:
        await pusher.serve(socket)

    return live
