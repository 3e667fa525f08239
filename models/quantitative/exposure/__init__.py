"""What the open contracts of a chain say: who has to hedge what, where, and how far the market expects to move."""
