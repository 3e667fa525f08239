"""The REST application: `/health`, `/signals`, `/signals/{id}`, and the OpenAPI description at `/openapi.json`."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.data_api.health import Monitor
from api.data_api.views import Health, Problem, SignalDetail, SignalsView, detail, summary
from api.limits import DEFAULT_LIMIT, MAX_LIMIT, MAX_SYMBOL_LENGTH, MAX_SYMBOLS, MAX_TIME_US
from api.ports import Action, SignalReader
from contracts.errors import OptionsAIError, PartError, RejectedRecord

DESCRIPTION = """
Signals of a streaming analytics system for US stock options, read-only.

For research and education; nothing here is investment advice. Every answer says whether it descends from the
**simulated** market. Live signals come over gRPC (`optionsai.v1.Signals/StreamSignals`).
"""

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "A parameter is outside its limits"},
    503: {"model": Problem, "description": "The database does not answer"},
}

Symbol = Annotated[str, Query(min_length=1, max_length=MAX_SYMBOL_LENGTH)]


def create_app(reader: SignalReader, monitor: Monitor) -> FastAPI:
    """The application on a reader of stored signals and a monitor of what it depends on."""
    app = FastAPI(
        title="Signals", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None
    )  # the interactive pages would load scripts from the internet

    @app.get("/health", responses={503: {"model": Health, "description": "A dependency does not answer"}})
    def health(response: Response) -> Health:
        """Whether Kafka and the database answer, and how old the newest signal is."""
        found = monitor.health()
        response.status_code = HTTPStatus.OK if found.status == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        return found

    @app.get("/signals", responses=_PROBLEMS)
    def signals(
        symbol: Annotated[list[Symbol] | None, Query(max_length=MAX_SYMBOLS, description="Repeat for several")] = None,
        action: Annotated[list[Action] | None, Query(max_length=3, description="Repeat for several")] = None,
        since: Annotated[
            int, Query(ge=0, le=MAX_TIME_US, description="Event time from which on, microseconds since 1970-01-01 UTC")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> SignalsView:
        """Stored signals, newest first."""
        found = reader.newest_signals(symbols=symbol or (), actions=action or (), since=since, limit=limit)
        return SignalsView(
            simulated=any(stored.signal.simulated for stored in found), signals=[summary(stored) for stored in found]
        )

    @app.get("/signals/{signal_id}", responses={**_PROBLEMS, 404: {"model": Problem, "description": "No such signal"}})
    def signal(signal_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")]) -> SignalDetail:
        """One signal, what made it, and the moments it passed."""
        stored = reader.signal(signal_id)
        if stored is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no stored signal has the id {signal_id}")
        return detail(stored)

    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


def _problem(status: int, error: str, message: str) -> JSONResponse:
    return JSONResponse(Problem(error=error, message=message).model_dump(), status)


def _on_http(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = str(error.detail) if isinstance(error, HTTPException) else str(error)
    return _problem(status, HTTPStatus(status).phrase.lower().replace(" ", "_"), message)


def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else ()
    message = "; ".join(f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']}" for problem in problems)
    return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", message)


def _on_ours(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RejectedRecord):
        return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", error.explanation)
    if isinstance(error, PartError):
        return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", str(error))
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", str(error))


_HANDLERS = {HTTPException: _on_http, RequestValidationError: _on_invalid, OptionsAIError: _on_ours}
