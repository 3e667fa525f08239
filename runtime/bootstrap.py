"""The composition root: the one place where settings, ports and services meet. Entry points call it and little else."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from contracts.errors import OptionsAIError
from runtime import endpoints, telemetry
from runtime.context import Context
from runtime.settings import load_settings

__all__ = ["Context", "run_service", "run_task"]


def run_service(name: str, body: Callable[[Context], None]) -> None:
    """Run one service in this process until its body returns or a signal asks it to stop.

    Exit status 1 and one line of explanation for an error we understand; a traceback in the log for any other.
    """
    _run(name, body, _serve_metrics)


def run_task(name: str, body: Callable[[Context], None]) -> None:
    """Run something that ends by itself as that service would be run, without its place among the metrics."""
    _run(name, body, lambda context: context.log.info("starting"))


def _serve_metrics(context: Context) -> None:
    host, port = context.settings.serving.host, endpoints.metrics_port(context.settings, context.name)
    telemetry.serve_metrics(host, port, context.is_ready.is_set)
    context.log.info("starting", metrics=f"http://{host}:{port}/metrics")


def _run(name: str, body: Callable[[Context], None], begin: Callable[[Context], None]) -> None:
    log = telemetry.configure_logging(name)
    try:
        context = Context(name, load_settings(os.environ), log)

        def stop(number: int, _frame: FrameType | None) -> None:
            log.info("stopping", signal=signal.Signals(number).name)
            context.stop.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        begin(context)
        body(context)
    except OptionsAIError as error:
        log.error("stopped", error=type(error).__name__, explanation=str(error))  # noqa: TRY400 - no traceback wanted
        sys.exit(1)
    except Exception:
        log.exception("crashed")
        sys.exit(1)
    log.info("stopped")
