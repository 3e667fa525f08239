"""Options of the simulated market: what is listed, what it is worth, how it is quoted, held and traded."""
