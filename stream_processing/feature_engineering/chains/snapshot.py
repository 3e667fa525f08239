"""The events of one instant: the surface with what the chain says, and every expiry repriced."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from contracts.events import ChainRepriced, RepricedContract, SurfaceFitted
from contracts.events.features import GreeksReason
from contracts.ids import make_id
from models.quantitative.blocks import Floats
from models.quantitative.reasons import REASONS
from stream_processing.feature_engineering.chains.board import Board, board
from stream_processing.feature_engineering.chains.fitting import fit, told
from stream_processing.feature_engineering.chains.memory import Memory
from stream_processing.feature_engineering.chains.repricing import Repriced, reprice
from stream_processing.feature_engineering.chains.values import Tally, values
from stream_processing.feature_engineering.machine import Stream

METHODS: Final = {True: "american-exact", False: "european-bsm"}
"""By whether an expiry's contracts are American."""
DECIMALS: Final = 10
"""Of a repriced contract's numbers: whole doubles would make the event twice as large."""
MOST_TOLD: Final = 2_000
"""Contracts of one expiry in an event; of more, those farthest from the money are left out."""


class Told(NamedTuple):
    """What is said at one instant."""

    surface: SurfaceFitted
    chains: tuple[ChainRepriced, ...]


def snapshot(stream: Stream, memory: Memory, instant: int) -> Told:
    """The events of an instant from what is remembered up to it; memory has at least one contract alive.

    Memory takes in what is solved, and the day's volatility.
    """
    at = board(memory, instant)
    surface = fit(at)
    repriced = reprice(at, surface)
    fitted = () if surface is None else told(at, surface)
    found = values(at, surface, repriced, fitted, Tally(memory.calls, memory.puts, memory.closes))
    memory.vol = found.get("atm_vol_30", memory.vol)
    event = SurfaceFitted(
        event_id=make_id(SurfaceFitted.__name__, stream.source, stream.subject, instant),
        event_time=instant,
        source=stream.source,
        simulated=stream.simulated,
        underlying=stream.subject,
        underlying_price=at.underlying_price,
        underlying_time=memory.stamp.time,
        quotes_id=make_id(*(quote.quote_id for quote in at.quotes)),
        contracts=len(at.quotes),
        expiries=fitted,
        values=found,
    )
    return Told(event, tuple(_chains(event, at, repriced)))


def _chains(surface: SurfaceFitted, at: Board, repriced: Repriced) -> Iterator[ChainRepriced]:
    rows = list(_rows(at, repriced))
    for place in at.expiries():
        expires_at = at.quotes[place.start].expires_at
        yield ChainRepriced(
            event_id=make_id(ChainRepriced.__name__, surface.event_id, expires_at),
            event_time=surface.event_time,
            source=surface.source,
            simulated=surface.simulated,
            surface_id=surface.event_id,
            underlying=surface.underlying,
            underlying_price=surface.underlying_price,
            expires_at=expires_at,
            method=METHODS[bool(at.is_american[place.start])],
            contracts=tuple(rows[row] for row in _nearest(at, place)),
        )


def _nearest(at: Board, place: slice) -> list[int]:
    rows = np.arange(place.start, place.stop)
    away = np.abs(np.log(at.strike[place] / at.underlying_price))
    return np.sort(rows[np.argsort(away, kind="stable")[:MOST_TOLD]]).tolist()


def _rows(at: Board, repriced: Repriced) -> Iterator[RepricedContract]:
    numbers = (repriced.vol, *repriced[2:8])
    columns = zip(
        at.quotes,
        np.round(at.age_s, 6).tolist(),
        at.reason.astype(int).tolist(),
        repriced.from_surface.tolist(),
        *(_told(column) for column in numbers),
        strict=True,
    )
    for quote, age_s, reason, from_surface, vol, price, delta, gamma, vega, theta, rho in columns:
        name: GreeksReason = REASONS[reason]
        yield RepricedContract(
            contract=quote.contract,
            strike=quote.strike,
            right="C" if quote.is_call else "P",
            quote_id=quote.quote_id,
            quote_age_s=age_s,
            reason=name,
            vol_source=None if vol is None else "surface" if from_surface else "quote",
            implied_vol=vol,
            price=price,
            delta=delta,
            gamma=gamma,
            vega=vega,
            theta=theta,
            rho=rho,
        )


def _told(column: Floats) -> list[float | None]:
    """Rounded, never a negative zero, and nothing where there is no number."""
    return [None if value != value else value for value in (np.round(column, DECIMALS) + 0.0).tolist()]  # noqa: PLR0124 - NaN
