"""What one order book says about the next moment: mid, microprice, spread and depth imbalances.

The imbalance over n levels is (bid size − ask size) / (bid size + ask size), from −1 (all on the ask) to +1. The
microprice weighs each side's price with the size on the *other* side, because the thin side is the one that gives way
(S. Stoikov, "The micro-price", 2018, calls this first-order version the weighted mid price); it equals the mid plus
half the spread times the imbalance of the best level, which is how it is computed: no division by an empty book.

The slope of a side is how its sizes grow with the level: the least-squares line through ten sizes by level, per level,
relative to their mean; 0 for a flat side or an empty one. The pressure is an imbalance of all levels in which each
counts by the inverse of its number, so that what stands near the price weighs most.
"""

from collections.abc import Sequence
from typing import Final

from models.quantitative.formulas import Chain, Formula, Number, where

LEVELS: Final = 10
"""Levels a side that `BookUpdated` may carry."""
IMBALANCE_LEVELS: Final = (1, 3, 5, 10)


def _microstructure() -> Formula:
    chain = Chain()
    best_bid, best_ask = chain.number("best_bid"), chain.number("best_ask")
    bid_sizes = [chain.number(f"bid_size_{level}") for level in range(1, LEVELS + 1)]
    ask_sizes = [chain.number(f"ask_size_{level}") for level in range(1, LEVELS + 1)]
    mid = chain.step("mid", (best_bid + best_ask) * 0.5)
    spread = chain.step("spread", best_ask - best_bid)
    imbalances: dict[int, Number] = {}
    bids, asks = bid_sizes[0], ask_sizes[0]
    for level in range(1, LEVELS + 1):
        if level > 1:
            bids = chain.step(f"bids_{level}", bids + bid_sizes[level - 1])
            asks = chain.step(f"asks_{level}", asks + ask_sizes[level - 1])
        if level in IMBALANCE_LEVELS:
            total = chain.step(f"total_{level}", bids + asks)
            divisor = where(total > 0.0, total, 1.0)
            imbalances[level] = chain.step(f"imbalance_{level}", (bids - asks) / divisor)
    chain.step("microprice", mid + spread * 0.5 * imbalances[1])
    _slope(chain, "bid", bid_sizes, bids)
    _slope(chain, "ask", ask_sizes, asks)
    near_bids, near_asks = (_near(chain, side, sizes) for side, sizes in (("bid", bid_sizes), ("ask", ask_sizes)))
    near = chain.step("near_total", near_bids + near_asks)
    chain.step("pressure", (near_bids - near_asks) / where(near > 0.0, near, 1.0))
    imbalance_names = (f"imbalance_{level}" for level in IMBALANCE_LEVELS)
    return chain.close("mid", "microprice", "spread", *imbalance_names, "bid_slope", "ask_slope", "pressure")


def _slope(chain: Chain, side: str, sizes: Sequence[Number], total: Number) -> None:
    middle = (LEVELS + 1) / 2
    moment = sizes[0] * (1 - middle)
    for level in range(2, LEVELS + 1):
        moment = chain.step(f"{side}_moment_{level}", moment + sizes[level - 1] * (level - middle))
    squares = sum((level - middle) ** 2 for level in range(1, LEVELS + 1))
    chain.step(f"{side}_slope", moment * (LEVELS / squares) / where(total > 0.0, total, 1.0))


def _near(chain: Chain, side: str, sizes: Sequence[Number]) -> Number:
    near = sizes[0]
    for level in range(2, LEVELS + 1):
        near = chain.step(f"{side}_near_{level}", near + sizes[level - 1] * (1 / level))
    return near


MICROSTRUCTURE: Final = _microstructure()
"""Inputs: prices of the best level and sizes by level, 0 where there is no such level. Outputs: the fields of
`MicrostructureComputed` of the same names, missing where a side has no best price."""
