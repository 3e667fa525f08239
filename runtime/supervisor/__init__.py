"""Keeps the parts of one system running on one machine: starts, watches, restarts and stops them."""
