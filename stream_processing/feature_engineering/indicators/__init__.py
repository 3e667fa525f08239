"""Technical indicators of bars: `table.INDICATORS`; `drift` measures how fast they forget where their tape began."""
