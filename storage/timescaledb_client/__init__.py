"""PostgreSQL, with or without TimescaleDB: schema, migrations, the writing and the reading side."""
