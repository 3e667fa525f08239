"""The web application: live prices, option chains with Greeks, signals, and the pipeline's health."""
