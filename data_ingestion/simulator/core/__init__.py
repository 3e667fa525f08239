"""The latent market: components, their sessions, minutes and grids, and the truth that follows from them."""
