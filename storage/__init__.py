"""Where events come to rest: the database client and the writer that fills it from Kafka."""
