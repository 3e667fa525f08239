"""Positions of several legs: payoff, break-evens, value and Greeks, odds, and margin."""
