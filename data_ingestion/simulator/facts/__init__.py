"""What a market is like, measured: stylised facts with intervals, attainable skill, and a search for an edge."""
