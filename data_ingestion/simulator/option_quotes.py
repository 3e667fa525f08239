"""Option quotes of a segment: which contract quotes when, stamped with what its underlying stands at.

Contracts near the money quote most often. A quote carries the mid price of its underlying on the latent grid, at most
50 ms old, with the time of that grid point.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from contracts.events import OptionQuoteReceived
from contracts.ids import make_id
from data_ingestion.simulator.arrivals import scattered
from data_ingestion.simulator.latent import GRID_US
from data_ingestion.simulator.option_chains import Chain, chain_of
from data_ingestion.simulator.randomness import Stream
from data_ingestion.simulator.segment import Segment
from data_ingestion.simulator.surface import Market, fair_cents, moneyness, quotes_around
from data_ingestion.simulator.universe import CENTS, COUNT, RATE, Floats, Ints, column
from models.quantitative.times import years_between

ACTIVE_RANGE: Final = 0.8
"""Standard deviations within which contracts quote often."""
QUIET_WEIGHT: Final = 0.05
"""How often the farthest contracts quote, relative to those at the money."""
SIZE: Final = 25
SIZE_NOISE: Final = 0.9
MOOD: Final = 0.25
"""Spread of the log of a quote's width around what is usual."""
_YIELD: Final = column("dividend_yield")
_SHARES: Final = column("option_share") / column("option_share").sum()


class Listing(NamedTuple):
    """What is quoted in a segment, and how often."""

    chain: Chain
    cumulative: Floats
    """(contracts,): place of the name plus the weight of its contracts up to this one, as a share."""
    last: Ints
    """(names,): place of each name's last contract."""


def listing_of(segment: Segment) -> Listing:
    """Listed contracts, weighted by how near the money they are when the segment starts."""
    chain = chain_of(segment.started_at)
    market = _market(segment, chain, np.arange(len(chain.contracts)), np.zeros(len(chain.contracts), np.int64))
    _, m = moneyness(market)
    weight = QUIET_WEIGHT + np.exp(-((m / ACTIVE_RANGE) ** 2) / 2)
    running = np.cumsum(weight)
    total = np.bincount(chain.name, weight, COUNT)
    before = np.concatenate([[0.0], np.cumsum(total)[:-1]])
    cumulative = chain.name + (running - before[chain.name]) / total[chain.name]
    return Listing(chain, cumulative, np.cumsum(np.bincount(chain.name, minlength=COUNT)) - 1)


def option_quotes(segment: Segment, listing: Listing, piece: int, quotes_per_s: float) -> Iterator[OptionQuoteReceived]:
    """Quotes of one slice in order of time, all names together `quotes_per_s`."""
    random = segment.run.generator(Stream.OPTIONS, segment.number << 16 | piece)
    found = scattered(random, quotes_per_s * _SHARES, segment.number, piece)
    count = len(found.name)
    chosen = np.searchsorted(listing.cumulative, found.name + random.random(count), side="right")
    place = np.minimum(chosen, listing.last[found.name])
    market = _market(segment, listing.chain, place, found.offset)
    quotes = quotes_around(fair_cents(market), market, np.exp(MOOD * random.standard_normal(count)))
    sizes = np.maximum(1, np.rint(SIZE * np.exp(SIZE_NOISE * random.standard_normal((2, count))))).astype(np.int64)
    source, contracts = segment.run.source, listing.chain.contracts
    rows = zip(
        (segment.started_at + found.offset).tolist(),
        [contracts[i] for i in place.tolist()],
        found.sequence.tolist(),
        (quotes.bid / CENTS).tolist(),
        (quotes.ask / CENTS).tolist(),
        np.where(quotes.bid > 0, sizes[0], 0).tolist(),
        sizes[1].tolist(),
        market.spot.tolist(),
        (segment.started_at + segment.steps(found.offset) * GRID_US).tolist(),
        _YIELD[found.name].tolist(),
        strict=True,
    )
    for time, contract, sequence, bid, ask, bid_size, ask_size, spot, spot_time, dividend_yield in rows:
        yield OptionQuoteReceived(
            event_id=make_id("OptionQuoteReceived", source, contract.symbol, time, sequence),
            event_time=time,
            source=source,
            simulated=True,
            contract=contract.symbol,
            underlying=contract.underlying,
            expires_at=contract.expires_at,
            strike=contract.strike,
            right=contract.right,
            style=contract.style,
            multiplier=100,
            bid=bid,
            ask=ask,
            bid_size=bid_size,
            ask_size=ask_size,
            underlying_price=spot,
            underlying_time=spot_time,
            rate=RATE,
            dividend_yield=dividend_yield,
            sequence=sequence,
        )


def _market(segment: Segment, chain: Chain, place: Ints, offset: Ints) -> Market:
    """What the contracts at `place` in the chain are worth depends on this, `offset` µs into the segment."""
    name, step = chain.name[place], segment.steps(offset)
    return Market(
        name=name,
        spot=(segment.path.bid[step, name] + segment.path.ask[step, name]) / (2 * CENTS),
        strike=chain.strike[place],
        is_call=chain.is_call[place],
        years=years_between(segment.started_at + offset, chain.expires_at[place]),
        volatility=segment.path.volatility[step, name],
    )
