"""American options by a quadratic approximation: written once, for NumPy and for the live stream."""
