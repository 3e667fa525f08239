"""The floor: events, topics, instruments, errors and ports. Pure, and imports nothing else of ours."""
