"""One-minute bars of the time before a run, so that what needs a past need not wait for one.

The path is drawn backwards from the price at which the run starts, second by second, so that the bars join the live
market. Volumes and trade counts are of the size that the live trades add up to.
"""

from typing import Final

import numpy as np

from contracts.events import BarClosed
from contracts.ids import make_id
from data_ingestion.simulator.arrivals import TRADES_PER_S
from data_ingestion.simulator.latent import MICROS, YEAR_S, correlated
from data_ingestion.simulator.order_books import TRADE_SIZE, TRADE_SIZE_NOISE
from data_ingestion.simulator.randomness import Run, Stream
from data_ingestion.simulator.universe import CENTS, COUNT, SYMBOLS, Floats, column

BAR_S: Final = 60
BAR_US: Final = BAR_S * MICROS
_MEAN_TRADE: Final = TRADE_SIZE * float(np.exp(TRADE_SIZE_NOISE**2 / 2))
"""Mean shares of a trade, in depths of the best level."""


def history(run: Run, minutes: int) -> list[BarClosed]:
    """Bars of every name that closed on full minutes before the start of the run, in order of time."""
    random = run.generator(Stream.HISTORY, 0)
    closes = run.started_at - run.started_at % BAR_US
    spare_s = (run.started_at - closes) // MICROS
    cents = _cents(random, minutes * BAR_S + spare_s)[: minutes * BAR_S].reshape(minutes, BAR_S, COUNT)
    counts = np.maximum(1, random.poisson(TRADES_PER_S * BAR_S, (minutes, COUNT)))
    volumes = np.rint(counts * column("depth") * _MEAN_TRADE * np.exp(0.1 * random.standard_normal(counts.shape)))
    columns = (cents[:, 0], cents.max(axis=1), cents.min(axis=1), cents[:, -1])
    prices = np.stack([*columns, np.rint(cents.mean(axis=1))], axis=-1) / CENTS
    bars = []
    for minute in range(minutes):
        time = closes - (minutes - 1 - minute) * BAR_US
        for place, symbol in enumerate(SYMBOLS):
            first, highest, lowest, last, vwap = prices[minute, place].tolist()
            bars.append(
                BarClosed(
                    event_id=make_id("BarClosed", run.source, symbol, BAR_S, time - BAR_US),
                    event_time=time,
                    source=run.source,
                    simulated=True,
                    symbol=symbol,
                    interval_s=BAR_S,
                    opened_at=time - BAR_US,
                    open=first,
                    high=highest,
                    low=lowest,
                    close=last,
                    volume=int(volumes[minute, place]),
                    vwap=vwap,
                    trade_count=int(counts[minute, place]),
                )
            )
    return bars


def _cents(random: np.random.Generator, seconds: int) -> Floats:
    """Prices (seconds, names) in cents, second by second up to the start, where each is the table's."""
    steps = column("volatility") / np.sqrt(YEAR_S) * correlated(random, seconds)
    to_come = np.cumsum(steps[::-1], axis=0)[::-1]
    cents: Floats = np.rint(column("price") * np.exp(-to_come) * 100)
    return cents
