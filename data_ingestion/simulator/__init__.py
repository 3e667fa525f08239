"""The seeded synthetic market: the default source, because real feeds need paid keys. Always labelled as simulated."""
