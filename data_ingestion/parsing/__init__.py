"""Bytes of a provider in, events out: pure, without sockets or clock. A bad record becomes an event, not an error."""
