"""The gRPC contract, and the stubs generated from it by `scripts/generate_proto.py`."""
