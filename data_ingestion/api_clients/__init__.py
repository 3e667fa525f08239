"""Sockets of the providers, one module a provider; what the bytes mean is the business of its namesake in `parsing`."""
