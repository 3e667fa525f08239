"""Provider clients and the simulator: market data in, validated events out to Kafka."""
