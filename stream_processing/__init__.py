"""Stream processing: market events in, features out. The formulas are pure; only `spark_jobs` knows Spark."""
