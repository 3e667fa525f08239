"""What happens when: earnings, filings, news, macro releases, dividends, splits, and what they do to prices."""
