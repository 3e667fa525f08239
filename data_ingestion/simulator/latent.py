"""The latent market: ten fair prices, their volatilities, and the order flow that leads them.

Theory of operation
-------------------
Time runs on a grid of 50 ms; a segment is 60 s of it. Per name there are four states:

* `log_price`: moves by σ√dt · (DIFFUSION · z + LEAD · flow). The part LEAD · flow is what can be foreseen.
* `flow`: latent buying pressure, an Ornstein–Uhlenbeck process of variance one and half-life 10 s.
* `decoy`: the same kind of process with half-life 3 s, which shows in the order book and moves nothing.
* `log_volatility`: deviation of ln σ from its long-run level, Ornstein–Uhlenbeck, half-life 2 days.

All are first-order linear recursions, so a segment is four calls of a linear filter. A later segment needs only the
state at the end of the one before: resuming a run fast-forwards through the segments at about a millisecond each.

Given the state, the log return over the next n steps is Gaussian with mean σ√dt · LEAD · A · flow and variance
σ²dt · (DIFFUSION² n + LEAD² V), A and V being sums over the powers of the flow's coefficient: the truth that
`probability_up` states. It holds σ at its present value, which over 10 s is good to one part in ten thousand of the
probability's distance from one half. LEAD is chosen so that flow and 10 s return correlate by 0.22; DIFFUSION so
that the variance over long times is σ², the volatility at which options are priced.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtr

from data_ingestion.simulator.randomness import Run, Stream
from data_ingestion.simulator.universe import COUNT, SECTORS, UNIVERSE, Floats, Ints, column
from models.quantitative.times import MICROS_PER_YEAR

MICROS: Final = 1_000_000
GRID_US: Final = 50_000
SEGMENT_US: Final = 60 * MICROS
STEPS: Final = SEGMENT_US // GRID_US
STEPS_PER_S: Final = MICROS // GRID_US
YEAR_S: Final = MICROS_PER_YEAR // MICROS
HORIZON_S: Final = 10

LEAD: Final = 0.02
FLOW_HALF_LIFE_S: Final = 10.0
DECOY_HALF_LIFE_S: Final = 3.0
VOLATILITY_HALF_LIFE_S: Final = 2 * 86_400.0
VOLATILITY_SPREAD: Final = 0.25
"""Standard deviation of ln σ around its long-run level."""
WIDE_SHARE: Final = 0.25
"""Share of the grid steps in which the spread is one tick wider."""
BASIS: Final = 3e-6
"""Standard deviation of SPY's distance from a tenth of SPX in a segment, as a log: 0.2 cents, inside its spread."""
_BASIS_OF: Final = np.array([name.symbol == "SPY" for name in UNIVERSE], dtype=np.float64) * BASIS


def _coefficient(half_life_s: float) -> float:
    return float(2.0 ** (-GRID_US / MICROS / half_life_s))


FLOW: Final = _coefficient(FLOW_HALF_LIFE_S)
DECOY: Final = _coefficient(DECOY_HALF_LIFE_S)
VOLATILITY: Final = _coefficient(VOLATILITY_HALF_LIFE_S)
DIFFUSION: Final = float(np.sqrt(1 - LEAD**2 * (1 + FLOW) / (1 - FLOW)))
"""Long sums of the flow have variance (1 + a) / (1 − a) a step; together with the diffusion that makes one."""

_STEP: Final = column("volatility") * np.sqrt(GRID_US / MICROS / YEAR_S)
"""Long-run standard deviation of a step's log return, (names,)."""
_MARKET: Final = column("market_loading")
_SECTOR: Final = column("sector_loading")
_OWN: Final = np.sqrt(np.maximum(0.0, 1 - _MARKET**2 - _SECTOR**2))
_SECTOR_OF: Final = np.array([SECTORS.index(name.sector) for name in UNIVERSE])


class State(NamedTuple):
    """Latent state at one moment, each (names,)."""

    log_price: Floats
    flow: Floats
    decoy: Floats
    log_volatility: Floats


class Path(NamedTuple):
    """A segment on the grid. Row i is the state at i · 50 ms after its start; each is (STEPS, names)."""

    log_price: Floats
    flow: Floats
    decoy: Floats
    volatility: Floats
    """Per year."""
    bid: Ints
    """Best bid in cents."""
    ask: Ints
    """Best ask in cents."""


class Truth(NamedTuple):
    """What follows from the state for the log return over HORIZON_S; arrays of one shape."""

    expected_return: Floats
    standard_deviation: Floats
    probability_up: Floats


def first_state() -> State:
    """State at the start of every run: fair prices on their table values, pressures and volatilities in the middle."""
    return State(np.log(column("price")), np.zeros(COUNT), np.zeros(COUNT), np.zeros(COUNT))


def advance(run: Run, segment: int, state: State) -> tuple[Path, State]:
    """The grid of a segment that begins in `state`, and the state in which the next one begins."""
    random = run.generator(Stream.LATENT, segment)
    flow, next_flow = _filter(FLOW, 1.0, correlated(random, STEPS), state.flow)
    decoy, next_decoy = _filter(DECOY, 1.0, random.standard_normal((STEPS, COUNT)), state.decoy)
    drift, next_volatility = _filter(VOLATILITY, VOLATILITY_SPREAD, correlated(random, STEPS), state.log_volatility)
    ratio = np.exp(drift)
    steps = _STEP * ratio * (DIFFUSION * correlated(random, STEPS) + LEAD * flow)
    ends = state.log_price + np.cumsum(steps, axis=0)
    log_price = np.vstack([state.log_price, ends[:-1]])
    bid, ask = _best(random, log_price)
    path = Path(log_price, flow, decoy, column("volatility") * ratio, bid, ask)
    return path, State(ends[-1], next_flow, next_decoy, next_volatility)


def truth(flow: Floats, volatility: Floats, horizon_s: int = HORIZON_S) -> Truth:
    """Exact conditional distribution of the log return over the horizon, in the state given by two like arrays."""
    steps = horizon_s * STEPS_PER_S
    powers = FLOW ** np.arange(steps)
    reach = float(powers.sum())
    later = np.cumsum(powers)[: steps - 1]
    spread = float(np.sqrt(DIFFUSION**2 * steps + LEAD**2 * (1 - FLOW**2) * np.sum(later**2)))
    step = volatility * np.sqrt(GRID_US / MICROS / YEAR_S)
    mean, deviation = step * LEAD * reach * flow, step * spread
    return Truth(mean, deviation, ndtr(mean / deviation))


def correlated(random: np.random.Generator, rows: int) -> Floats:
    """Standard normals (rows, names) with the correlations of the table.

    Element by element, not as a matrix product: that would go through a library whose rounding depends on the machine.
    """
    normals = random.standard_normal((rows, 1 + len(SECTORS) + COUNT))
    sectors = normals[:, 1 : 1 + len(SECTORS)][:, _SECTOR_OF]
    return _MARKET * normals[:, :1] + _SECTOR * sectors + _OWN * normals[:, 1 + len(SECTORS) :]


def _filter(coefficient: float, deviation: float, normals: Floats, state: Floats) -> tuple[Floats, Floats]:
    """AR(1) with stationary standard deviation `deviation`: its values from `state` on, and the one after the last."""
    gain = deviation * np.sqrt(1 - coefficient**2)
    ends: Floats
    ends, _ = lfilter([gain], [1.0, -coefficient], normals, axis=0, zi=(coefficient * state)[None, :])
    return np.vstack([state, ends[:-1]]), ends[-1]


def _best(random: np.random.Generator, log_price: Floats) -> tuple[Ints, Ints]:
    """Best bid and ask in cents: the spread lies around the fair price, rounded to the tick."""
    spread = column("spread_ticks") + (random.random(log_price.shape) < WIDE_SHARE)
    fair = np.exp(log_price + _BASIS_OF * random.standard_normal(COUNT)) * 100
    bid = np.rint(fair - spread / 2)
    return bid.astype(np.int64), (bid + spread).astype(np.int64)
