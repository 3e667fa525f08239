"""The table of services: each is one process, started as `python -m <module>`."""

from typing import NamedTuple


class Service(NamedTuple):
    """One process of ours. Its metrics port is `serving.metrics_port` plus its place in the table."""

    name: str
    module: str
    needs: tuple[str, ...]
    """Parts that must be ready before it starts; `kafka` and `postgres` are the embedded servers."""


SERVICES = (
    Service("ingestion", "data_ingestion.main", ("kafka",)),
    Service("spark", "stream_processing.spark_jobs.feature_extraction", ("kafka",)),
    Service("writer", "storage.main", ("kafka", "postgres")),
    Service("scoring", "models.serving.main", ("kafka",)),
    Service("engine", "recommendation_engine.main", ("kafka",)),
    Service("api", "api.main", ("kafka", "postgres")),
    Service("dash", "visualization.dash_app.main", ("kafka", "postgres")),
)
BY_NAME = {service.name: service for service in SERVICES}


def metrics_port(name: str, first: int) -> int:
    """Port of a service's `/metrics` and `/ready`, given the first of the row."""
    return first + SERVICES.index(BY_NAME[name])
