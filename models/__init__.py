"""Models: pricing formulas, and one package for each horizon, its training and its serving."""
