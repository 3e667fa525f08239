"""Monte Carlo prices of exotic options under Black-Scholes and Heston: `prices.price`, each with its standard error.

What is priced stands in `products`, what the underlying does in `dynamics`, how it is simulated in `settings`.
"""
