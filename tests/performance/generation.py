"""How fast the simulated market is made: ticks in one process, a year of minutes, ten years of days; no arbitrage."""

import tempfile
import time
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from data_ingestion.simulator import snapshots, tables
from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from tests.performance.figures import emit
from tests.unit.data_ingestion.simulator.options.states import count

START: Final = 1_767_362_400_000_000
"""2026-01-02, 14:00 UTC."""
EVENTS: Final = 1_000_000
MIN_EVENTS_PER_S: Final = 50_000.0
NAMES, FIRST, LAST = 500, date(2016, 1, 1), date(2025, 12, 31)
MAX_DAILY_S: Final = 120.0
SNAPSHOT_YEAR: Final = (date(2025, 1, 1), date(2025, 12, 31))
MAX_SNAPSHOTS_S: Final = 600.0
SCENES: Final = 910
"""Each is the chains of ten names and a generic one."""
PROCESSES: Final = 2


def run() -> None:
    """Print every figure."""
    tape = Tape(World(42), Rates(3_000.0, 4.0), 2026)
    events = tape.events(START)
    next(events)
    began = time.perf_counter()
    made = sum(1 for _ in islice(events, EVENTS))
    rate = made / (time.perf_counter() - began)
    emit("generation.events", rate, "events/s in one process", MIN_EVENTS_PER_S, at_least=True)
    began = time.perf_counter()
    pieces = tables.pieces(World(42, Hours.EXCHANGE), NAMES, FIRST, LAST)
    rows = sum(table.num_rows for table in tables.made(pieces, PROCESSES))
    emit("generation.ten_years_of_days", time.perf_counter() - began, f"s for {rows} rows", MAX_DAILY_S)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="optionsai-bench-") as folder:
        quotes = snapshots.write_all(World(42, Hours.EXCHANGE), *SNAPSHOT_YEAR, Path(folder), PROCESSES)
    emit("generation.year_of_minutes", time.perf_counter() - began, f"s for {quotes} quotes", MAX_SNAPSHOTS_S)
    chains, violations = count(SCENES, 50_000, expiries_each=8, strikes_each=40)
    emit("generation.arbitrage", float(sum(violations)), f"violations in {chains} chains", 0.0)
