"""Order books, top-of-book quotes and trades of the underlyings, from a minute of the latent market."""
