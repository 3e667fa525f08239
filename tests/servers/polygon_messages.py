"""What Polygon.io / Massive says, as builders of ours: fields and types as documented, values made up."""

from typing import Any

NOW_US = 1_750_000_000_000_000
"""The clock of these tests, microseconds since the epoch: Sunday, 15 June 2025."""
NOW_MS = NOW_US // 1_000
KEY = "a-secret-key-of-thirty-characters"
CALL = "O:AAPL270115C00200000"
PUT = "O:AAPL270115P00200000"
Record = dict[str, Any]


def quote(symbol: str = "AAPL", bid: float = 199.99, ask: float = 200.01, *, at: int = NOW_MS, q: int = 1) -> Record:
    """A quote of a stock or of an option."""
    return {"ev": "Q", "sym": symbol, "bx": 4, "bp": bid, "bs": 3, "ax": 7, "ap": ask, "as": 5, "t": at, "q": q, "z": 3}


def trade(symbol: str = "AAPL", price: float = 200.0, size: float = 100, *, at: int = NOW_MS, q: int = 1) -> Record:
    """A trade of a stock."""
    return {
        "ev": "T",
        "sym": symbol,
        "x": 4,
        "i": "52983525",
        "z": 3,
        "p": price,
        "s": size,
        "c": [12],
        "t": at,
        "q": q,
    }


def status(word: str, message: str = "") -> Record:
    """The server's word about the connection."""
    return {"ev": "status", "status": word, "message": message}


def row(
    ticker: str = CALL,
    *,
    bid: float = 20.0,
    ask: float = 20.4,
    price: float | None = 200.0,
    at: int = NOW_MS,
    shares: int = 100,
    style: str = "american",
) -> Record:
    """A row of a chain snapshot; `at` in milliseconds, for quote and underlying alike."""
    symbol = ticker.removeprefix("O:")
    expiry, right, strike = symbol[-15:-9], symbol[-9], int(symbol[-8:]) / 1000
    underlying: Record = {"ticker": symbol[:-15], "timeframe": "REAL-TIME"}
    if price is not None:
        underlying |= {"price": price, "last_updated": at * 1_000_000, "change_to_break_even": 4.2}
    return {
        "break_even_price": strike + ask,
        "day": {"close": bid, "volume": 8, "last_updated": at * 1_000_000},
        "details": {
            "contract_type": {"C": "call", "P": "put"}[right],
            "exercise_style": style,
            "expiration_date": f"20{expiry[:2]}-{expiry[2:4]}-{expiry[4:]}",
            "shares_per_contract": shares,
            "strike_price": strike,
            "ticker": ticker,
        },
        "greeks": {"delta": 0.52, "gamma": 0.01, "theta": -0.03, "vega": 0.6},
        "implied_volatility": 0.31,
        "last_quote": {
            "ask": ask, "ask_size": 11, "bid": bid, "bid_size": 7, "last_updated": at * 1_000_000,
            "midpoint": (bid + ask) / 2, "timeframe": "REAL-TIME",
        },
        "open_interest": 8_133,
        "underlying_asset": underlying,
    }  # fmt: skip
