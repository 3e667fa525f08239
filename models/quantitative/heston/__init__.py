"""Heston's stochastic volatility, with or without Bates's jumps: prices, Greeks and calibration to a chain."""
