"""How good probabilities are, and how to split time so that the answer is honest. Pure."""
