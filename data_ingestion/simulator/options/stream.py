"""Option quotes of a minute: which contract quotes when, priced where its underlying stands at that moment.

Theory of operation
-------------------
What is listed through a session, and how often each contract quotes, follows from the session alone. A minute's quotes
of a name are drawn from the name's own generator, so they are the same whatever other names there are. They are priced
a few seconds at a time, as they are asked for: pricing a whole minute at once would make its first quotes late.

A quote of a contract on another deliverable than a hundred shares carries the price of what it delivers for each of the
multiplier's hundred, a share and a half after a split of three for two: its Greeks need nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from contracts.events import OptionQuoteReceived
from contracts.ids import ID_LENGTH
from contracts.instruments import Right, Style
from data_ingestion.simulator.core import expectations
from data_ingestion.simulator.core.clock import MICROS, MINUTE_US, Session, activity
from data_ingestion.simulator.core.flow import GRID_US
from data_ingestion.simulator.core.latent import Latent, Segment
from data_ingestion.simulator.core.seeding import Stream, generator
from data_ingestion.simulator.happenings import rates
from data_ingestion.simulator.happenings.days import number as day_number
from data_ingestion.simulator.happenings.subjects import subject_of
from data_ingestion.simulator.happenings.terms import payouts
from data_ingestion.simulator.options.arrays import Floats, Ints
from data_ingestion.simulator.options.board import Expiries, State, board, expiries
from data_ingestion.simulator.options.carry import Carry, adjustments, carry
from data_ingestion.simulator.options.classes import OptionClass
from data_ingestion.simulator.options.ladder import Opens
from data_ingestion.simulator.options.listing import Chain, chain
from data_ingestion.simulator.orders.listing import Listed, numbers
from data_ingestion.simulator.orders.touch import Touch
from data_ingestion.simulator.universe import CENTS, Name
from models.quantitative.times import years_between

LISTED_DAYS: Final = 960
"""Opening prices of so many days decide which strikes there are: the oldest expiry was listed 920 days ahead."""
PIECE_US: Final = 5 * MICROS
ACTIVE_RANGE: Final = 0.8
"""Standard deviations from the forward within which contracts quote often."""
QUIET_WEIGHT: Final = 0.03
"""How often the farthest contracts quote, relative to those at the money."""
FADING_YEARS: Final = 0.1
"""Time to expiry over which quoting halves."""
_SIDES: Final = 4


Lumps = Callable[[int, Ints], Floats]
"""Variance of what is known to happen between a moment and each of some times (µs): (times, names)."""


class Contract(NamedTuple):
    """What every quote of a contract repeats."""

    symbol: str
    underlying: str
    expires_at: int
    strike: float
    right: Right
    style: Style


class Day(NamedTuple):
    """What is quoted through one session."""

    session: Session
    classes: tuple[OptionClass, ...]
    chain: Chain
    known: Expiries
    contracts: tuple[Contract, ...]
    carry: Carry
    times: Ints
    """Times of expiry, µs, each once."""
    places: tuple[expectations.Expiry, ...]
    """Where these lie."""
    of_time: Ints
    """Place of each expiry's time among these."""
    cumulative: Floats
    """(contracts,): the name's place plus the weight of its contracts up to this one, as a share."""
    last: Ints
    """(names,): place of each name's last contract."""

    def dividend_yield(self, moment: int) -> Floats:
        """Of each expiry at a moment (µs), continuous, per year."""
        return self.carry.dividend_yield(self.known, moment)

    def theta(self, minute: int, by_time: Floats, lumps: Lumps) -> Floats:
        """Total variance of each expiry at a minute's start; `by_time` is (times, names), without what is scheduled."""
        moment = self.session.opens_at + minute * MINUTE_US
        return np.asarray((by_time + lumps(moment, self.times))[self.of_time, self.known.name])


def no_lumps(_moment: int, times: Ints) -> Floats:
    """Nothing is known to happen."""
    return np.zeros((len(times), 1))


def day_of(latent: Latent, names: Sequence[Name], classes: tuple[OptionClass, ...], number: int) -> Day:
    """What is quoted through session `number`. Names, classes and the latent market's symbols are in one order.

    The latent market's prices are as traded: they know of the splits and dividends that the contracts know of.
    """
    session = latent.sessions[number]
    subjects = tuple(subject_of(name) for name in names)
    paid = payouts(latent.world.seed, subjects)
    events = adjustments(paid, len(names))
    listed = chain(classes, session.day, opens(latent, number), events).alive(session.opens_at)
    known = expiries(listed)
    times, of_time = np.unique(known.expires_at, return_inverse=True)
    places = tuple(
        expectations.place(latent.world, session, latent.session_at(time - 1), time) for time in times.tolist()
    )
    symbols = listed.symbols()
    contracts = tuple(
        Contract(symbol, classes[name].symbol, expires_at, strike, "C" if is_call else "P", classes[name].style)
        for symbol, name, expires_at, strike, is_call in zip(
            symbols, listed.name.tolist(), listed.expires_at.tolist(), listed.strike.tolist(), listed.is_call.tolist(),
            strict=True,
        )
    )  # fmt: skip
    spot = np.exp(latent.log_opens[number])
    curve = rates.known(rates.curves(latent.world.seed, session.day.year - 1, session.day.year), session.opens_at)
    held = carry(paid, subjects, curve, session.opens_at, day_number(session.day), spot, known)
    none = np.empty(0), np.empty(0, np.int64)
    day = Day(session, classes, listed, known, contracts, held, times, places, of_time, *none)
    cumulative, last = _weights(latent, day)
    return day._replace(cumulative=cumulative, last=last)


def option_quotes(
    segment: Segment,
    latent: Latent,
    day: Day,
    columns: Listed,
    best: Touch,
    rates_per_s: Floats,
    source: str,
    lumps: Lumps = no_lumps,
) -> Iterator[OptionQuoteReceived]:
    """Quotes of a minute in order of time; `rates_per_s` (names,) on average over a session."""
    state = state_of(segment, latent, day, lumps)
    drawn = [_of_name(segment, day, columns, name, float(rate)) for name, rate in enumerate(rates_per_s)]
    offset, place, sequence = (np.concatenate(parts) for parts in zip(*(one[:3] for one in drawn), strict=True))
    noise = np.concatenate([one[3] for one in drawn], axis=1)
    quoted = day.chain.expires_at[place] > segment.started_at + MINUTE_US
    order = np.flatnonzero(quoted)[np.argsort(offset[quoted], kind="stable")]
    piece = offset[order] // PIECE_US
    for which in range(MINUTE_US // PIECE_US):
        rows = order[piece == which]
        if rows.size:
            step, name = offset[rows] // GRID_US, day.chain.name[place[rows]]
            spot = (best.bid[step, name] + best.ask[step, name]) / (2 * CENTS)
            yield from _events(
                segment, day, state, source, _Rows(offset[rows], place[rows], sequence[rows], spot), noise[:, rows]
            )


class _Rows(NamedTuple):
    offset: Ints
    place: Ints
    sequence: Ints
    spot: Floats


def opens(latent: Latent, number: int, places: slice = slice(None)) -> list[Opens]:
    """Opening prices of some names, all unless told, that decide which contracts are listed in a session."""
    today = latent.sessions[number].day.toordinal()
    days = np.array([session.day.toordinal() for session in latent.sessions[: number + 1]])
    first = int(np.searchsorted(days, today - LISTED_DAYS))
    prices = np.exp(latent.log_opens[first : number + 1, places])
    return [Opens(days[first:], prices[:, name]) for name in range(prices.shape[1])]


def _theta(latent: Latent, day: Day, minute: int, lumps: Lumps) -> Floats:
    by_time = latent.total_variance(day.session.number, np.array([minute]), day.places)[0]
    return day.theta(minute, by_time, lumps)


def _weights(latent: Latent, day: Day) -> tuple[Floats, Ints]:
    listed, known, names = day.chain, day.known, len(day.classes)
    spot = np.exp(latent.log_opens[day.session.number])[listed.name]
    theta = _theta(latent, day, 0, no_lumps)[known.of_contract]
    years = years_between(day.session.opens_at, listed.expires_at)
    away = np.log(listed.strike / (spot * listed.shares)) / np.sqrt(np.maximum(theta, 1e-8))
    near = QUIET_WEIGHT + np.exp(-((away / ACTIVE_RANGE) ** 2) / 2)
    weight = near / (1 + years / FADING_YEARS)
    running, total = np.cumsum(weight), np.bincount(listed.name, weight, names)
    before = np.concatenate([[0.0], np.cumsum(total)[:-1]])
    cumulative = listed.name + (running - before[listed.name]) / total[listed.name]
    return cumulative, np.cumsum(np.bincount(listed.name, minlength=names)) - 1


def _of_name(
    segment: Segment, day: Day, columns: Listed, name: int, rate_per_s: float
) -> tuple[Ints, Ints, Ints, Floats]:
    """Offsets, places in the chain, sequence numbers and noise of one name's quotes."""
    due = numbers(rate_per_s, segment.session, segment.minute, float(columns.phase[name]))
    address = columns.keys[name], segment.session.number, segment.minute
    random = generator(segment.world.seed, Stream.OPTIONS, *address)
    offset = np.sort(random.integers(0, MINUTE_US, len(due)))
    chosen = np.searchsorted(day.cumulative, name + random.random(len(due)), side="right")
    noise = random.standard_normal((_SIDES, len(due)))
    return offset, np.minimum(chosen, day.last[name]), np.arange(due.start, due.stop), noise


def state_of(segment: Segment, latent: Latent, day: Day, lumps: Lumps) -> State:
    """What the market says about the options at a minute's start."""
    share = segment.minute / segment.session.minutes
    return State(
        moment=segment.started_at,
        spot=np.exp(segment.path.log_price[0]),
        rate=day.carry.rate,
        stress=latent.stress(segment.session.number),
        theta=_theta(latent, day, segment.minute, lumps),
        dividend_yield=day.dividend_yield(segment.started_at),
        share=share,
        activity=float(activity(np.array(share))),
    )


def _events(
    segment: Segment, day: Day, state: State, source: str, rows: _Rows, noise: Floats
) -> Iterator[OptionQuoteReceived]:
    made = board(day.chain, day.classes, day.known, state, noise, rows.place, rows.spot).quotes
    expiry, listed = day.known.of_contract[rows.place], day.chain
    columns = zip(
        (segment.started_at + rows.offset).tolist(),
        [day.contracts[place] for place in rows.place.tolist()],
        rows.sequence.tolist(),
        (made.bid_cents / CENTS).tolist(),
        (made.ask_cents / CENTS).tolist(),
        made.bid_size.tolist(),
        made.ask_size.tolist(),
        (rows.spot * listed.shares[rows.place]).tolist(),
        (segment.started_at + rows.offset // GRID_US * GRID_US).tolist(),
        state.rate[expiry].tolist(),
        state.dividend_yield[expiry].tolist(),
        strict=True,
    )
    for time, contract, sequence, bid, ask, bid_size, ask_size, spot, spot_time, rate, dividend_yield in columns:
        fact = f"OptionQuoteReceived|{source}|{contract.symbol}|{time}|{sequence}"
        yield OptionQuoteReceived(
            event_id=sha256(fact.encode()).hexdigest()[:ID_LENGTH],
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
            rate=rate,
            dividend_yield=dividend_yield,
            sequence=sequence,
        )
