"""Which option contracts are listed at a moment: every name's expiries times strikes times rights, as arrays.

Strikes are a fixed grid around the price at which every run starts. A contract is dropped with the last segment that
ends before it expires, and the cycle rolls on: what is listed depends on the segment's time alone.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.instruments import OptionContract, Right, Style
from data_ingestion.simulator.expiries import Expiry, listed
from data_ingestion.simulator.latent import SEGMENT_US
from data_ingestion.simulator.universe import SYMBOLS, UNIVERSE, Floats, Ints

STRIKES_A_SIDE: Final = 12


class Contract(NamedTuple):
    """What every quote of a contract repeats."""

    symbol: str
    underlying: str
    expires_at: int
    strike: float
    right: Right
    style: Style


class Chain(NamedTuple):
    """All listed contracts, by name, expiry, strike and right; arrays are (contracts,)."""

    contracts: tuple[Contract, ...]
    name: Ints
    """Place of the underlying in the universe."""
    strike: Floats
    is_call: NDArray[np.bool_]
    expires_at: Ints


def chain_of(segment_start: int) -> Chain:
    """The chain quoted throughout the segment that starts at a moment (µs)."""
    return _chain(tuple(listed(symbol, segment_start + SEGMENT_US) for symbol in SYMBOLS))


@lru_cache(maxsize=2)
def _chain(expiries: tuple[tuple[Expiry, ...], ...]) -> Chain:
    contracts: list[Contract] = []
    names: list[int] = []
    for place, (name, cycle) in enumerate(zip(UNIVERSE, expiries, strict=True)):
        middle = round(name.price / name.strike_step)
        for expiry in cycle:
            for step in range(middle - STRIKES_A_SIDE, middle + STRIKES_A_SIDE + 1):
                contracts.append(_contract(expiry, step * name.strike_step, "C"))
                contracts.append(_contract(expiry, step * name.strike_step, "P"))
                names += [place, place]
    return Chain(
        contracts=tuple(contracts),
        name=np.array(names),
        strike=np.array([contract.strike for contract in contracts]),
        is_call=np.array([contract.right == "C" for contract in contracts]),
        expires_at=np.array([contract.expires_at for contract in contracts]),
    )


def _contract(expiry: Expiry, strike: float, right: Right) -> Contract:
    parsed = OptionContract(expiry.root, expiry.day, right, strike)
    return Contract(parsed.symbol, parsed.underlying, expiry.expires_at, strike, right, parsed.style)
