"""Time series for dashboards, written to InfluxDB through its line protocol."""
