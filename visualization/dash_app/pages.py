"""The pages, as Dash components. Tables are empty bodies that `assets/live.js` fills from the WebSocket."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from visualization.dash_app import screens
from visualization.dash_app.screens import Column

DISCLAIMER: Final = "For research and education. Nothing here is investment advice."
BANNER: Final = "SIMULATED MARKET — prices, options and signals on this page are computer-generated, not real"


class Page(NamedTuple):
    """One page of the application."""

    path: str
    title: str
    content: Callable[[Sequence[str]], Component]
    """Given the underlyings known by now."""


def grid(name: str, columns: Sequence[Column]) -> Component:
    """A table under fixed headings."""
    headings = [html.Th([column.title, html.Small(column.unit)], title=column.meaning) for column in columns]
    body = html.Tbody(id=f"grid-{name}")
    return html.Div(html.Table([html.Thead(html.Tr(headings)), body], className=name), className="scroll")


def panel(title: str, content: Sequence[Component], *, area: str, tools: Sequence[Component] = ()) -> Component:
    """A framed part of a page."""
    head = html.Div([html.H2(title), *tools], className="head")
    return html.Section([head, *content], className=f"panel {area}")


def graph(name: str, figure: go.Figure | None = None) -> Component:
    """A figure, or a place that callbacks fill with one."""
    return dcc.Graph(
        id=name,
        figure=go.Figure() if figure is None else figure,
        config={"displaylogo": False, "showSendToCloud": False, "displayModeBar": False, "responsive": True},
        className="graph",
    )


def market(symbols: Sequence[str]) -> Component:
    """Prices, chart, chain and signals on one screen."""
    # The first choice comes with the page: a later answer of the server might undo a quick person's own.
    chosen = next(iter(symbols), None)
    sides = html.Div([html.Span("Calls", className="calls"), html.Span("Puts", className="puts")], className="sides")
    choices = [
        html.Span(id="chain-caption", className="caption"),
        dcc.Dropdown([*symbols], chosen, id="symbol", clearable=False, searchable=False, className="pick short"),
        dcc.Dropdown(id="expiry", clearable=False, searchable=False, className="pick"),
    ]
    which = dcc.RadioItems(
        id="which",
        options=[{"label": "Changes", "value": "changes"}, {"label": "All", "value": "all"}],
        value="changes",
        inline=True,
        className="which",
    )
    return html.Main(
        [
            panel("Prices", [grid("prices", screens.PRICES)], area="a-prices"),
            panel("Chart", [graph("candles")], area="a-chart"),
            panel("Option chain", [sides, grid("chain", screens.CHAIN)], area="a-chain", tools=choices),
            panel("Signals", [grid("signals", screens.SIGNALS)], area="a-signals", tools=[which]),
            panel("Behind the signal", [html.Div(id="detail", className="detail")], area="a-detail"),
        ],
        className="market",
    )


def pipeline(_: Sequence[str]) -> Component:
    """Services, streams and how long things take."""
    return html.Main(
        [
            panel("Services", [grid("services", screens.SERVICES)], area="a-services"),
            panel("Streams, as this page receives them", [grid("streams", screens.STREAMS)], area="a-streams"),
            panel("Option quote to Greeks", [graph("greeks-latency")], area="a-left"),
            panel("Market data to signal", [graph("signal-latency")], area="a-right"),
        ],
        className="pipeline",
    )


PAGES: Final = (Page("/", "Market", market), Page("/pipeline", "Pipeline", pipeline))


def page_at(path: str | None) -> Page:
    """The page of a path; the first one for any that is unknown."""
    return next((page for page in PAGES if page.path == path), PAGES[0])


def shell(*, simulated: bool) -> Component:
    """What surrounds every page."""
    links = [dcc.Link(page.title, href=page.path, className="link") for page in PAGES]
    return html.Div(
        [
            dcc.Location(id="location"),
            dcc.Store(id="selected"),
            dcc.Store(id="watching"),
            dcc.Interval(id="slow", interval=2_000),
            html.Div(BANNER, id="banner", className="banner" if simulated else "banner hidden", role="status"),
            html.Header(
                [
                    html.Span("Options", className="brand"),
                    html.Nav(links),
                    html.Span("connecting", id="connection", className="connection"),
                    html.Span(DISCLAIMER, className="disclaimer"),
                ]
            ),
            html.Div(id="page"),
        ],
        className="shell",
    )
