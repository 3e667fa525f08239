"""Ingestion: publishes what the configured source delivers. `python -m data_ingestion.main`."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec
from prometheus_client import Counter, Gauge

from contracts.events import Event, IngestionProgressed
from contracts.ports import EventSink
from contracts.topics import PROGRESS
from data_ingestion.api_clients.polygon import Health, PolygonSource
from data_ingestion.api_clients.polygon_settings import PolygonFeed
from data_ingestion.data_validators.judge import Judge
from data_ingestion.data_validators.odd import Oddity
from data_ingestion.publisher import Publisher
from data_ingestion.simulator import pacing
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.faults import FaultRates, Injected
from runtime import telemetry
from runtime.bootstrap import Context, run_service
from runtime.catch_up import read_all

FLUSH_TIMEOUT_S: Final = 60.0
ODDITIES = Counter("optionsai_odd_events_total", "Published market events with something odd about them", ["oddity"])
FAULTS = Counter("optionsai_simulated_faults_total", "Faults put into the simulated market on request", ["fault"])
PROVIDER = Gauge(
    "optionsai_provider_health", "How the provider's client does; figures as its Health names them", ["figure"]
)


class Metrics:
    """The publisher's figures, as Prometheus metrics."""

    def sent(self, event: Event, late_us: int) -> None:
        """Count an event, and how long after its due time it went out."""
        telemetry.EVENTS_OUT.labels(type(event).__name__).inc()
        telemetry.LATENCY.labels("sent").observe(late_us / 1e6)

    def noticed(self, oddity: Oddity) -> None:
        """Count an oddity."""
        ODDITIES.labels(oddity).inc()


def simulate(context: Context, sink: EventSink) -> None:
    """Publish the simulated market, resuming the last run if it is recent."""
    section = context.settings.api.simulator
    world = World(section.seed, Hours(section.hours), section.edge)
    faults = FaultRates(**msgspec.structs.asdict(section.faults))
    plan = pacing.Plan(world, section, faults, int(section.resume_within_s * 1e6))
    progress = context.open_source("ingestion", [PROGRESS], start="earliest")
    recorded = [event for event in read_all(context, progress) if isinstance(event, IngestionProgressed)]
    progress.close()
    publisher = Publisher(sink, Judge(pacing.CONTIGUOUS), Metrics(), context.now)
    pacing.run(plan, pacing.Outside(sink, publisher, context.stop, context.now, injected), recorded, context.ready)


def injected(fault: Injected) -> None:
    """Count a fault that was asked for."""
    FAULTS.labels(fault.fault).inc()


def follow_polygon(context: Context, sink: EventSink) -> None:
    """Publish what Polygon.io / Massive sends."""
    feed = PolygonFeed(**msgspec.structs.asdict(context.settings.api.polygon))
    key = context.secret("POLYGON_API_KEY", "api.source: polygon")
    publisher = Publisher(sink, Judge(), Metrics(), context.now)
    source = PolygonSource(feed, key, context.now, context.stop, context.log)
    for figure in Health._fields:
        PROVIDER.labels(figure).set_function(partial(_figure, source, figure))
    context.ready()
    source.run(publisher.publish, partial(sink.flush, FLUSH_TIMEOUT_S))
    sink.flush(FLUSH_TIMEOUT_S)


def _figure(source: PolygonSource, name: str) -> float:
    return float(getattr(source.health(), name))


SOURCES: Final[Mapping[str, Callable[[Context, EventSink], None]]] = {
    "simulator": simulate,
    "polygon": follow_polygon,
}


def body(context: Context) -> None:
    """The service: one source, as configured."""
    name = context.settings.api.source
    context.log.info("source", name=name, simulated=name == "simulator")
    SOURCES[name](context, context.open_sink())


if __name__ == "__main__":
    run_service("ingestion", body)
