"""The roof: settings, bootstrap (the composition root), telemetry, the command line and the embedded parts."""
