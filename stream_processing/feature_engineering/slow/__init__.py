"""What a source says slowly, of companies, the news and the economy: one machine for all of it."""
