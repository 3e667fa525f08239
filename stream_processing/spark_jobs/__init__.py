"""The streaming job: the only files that know Spark."""
