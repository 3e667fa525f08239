"""American options: exact prices, Greeks, early-exercise boundaries and implied volatilities.

`exact` and `boundary` for a continuous dividend yield, `dividends` for cash dividends, `implied_vol` for both.
"""
