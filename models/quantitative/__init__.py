"""Pricing of options: formulas written once, evaluated on NumPy arrays here and by Spark elsewhere."""
