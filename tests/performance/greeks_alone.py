"""The streaming job with the query of the Greeks and no other: `python -m tests.performance.greeks_alone`."""

from runtime.bootstrap import run_service
from stream_processing.spark_jobs import feature_extraction, queries

if __name__ == "__main__":
    vars(queries)["QUERIES"] = tuple(query for query in queries.QUERIES if query.name == "greeks")
    run_service("spark", feature_extraction.body)
