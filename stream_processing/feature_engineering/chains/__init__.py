"""The option chain of one underlying: last quotes on a grid of time, their surface, and all contracts repriced."""
