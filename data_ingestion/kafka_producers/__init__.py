"""The way to Kafka: one idempotent producer behind the port `contracts.ports.EventSink`."""
