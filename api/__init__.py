"""Outward services: signals over gRPC and REST."""
