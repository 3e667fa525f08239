"""Volatility surfaces: forwards, arbitrage-free price curves per expiry, SVI and SSVI, and what follows from them."""
