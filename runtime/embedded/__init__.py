"""The real servers that run as child processes when no outside ones are configured, and what they are made of."""
