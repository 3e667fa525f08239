"""Chains of the simulated market: no arbitrage, small gaps, and events that fit their topics."""

import numpy as np
import pytest

from contracts import wire
from contracts.events import ChainRepriced, Event, OptionQuoteReceived, SurfaceFitted
from contracts.sessions import MICROS
from contracts.topics import BY_EVENT
from data_ingestion.simulator.core.clock import Hours, year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.tape import Rates, Tape
from stream_processing.feature_engineering.chains.machine import ChainRules, Chains
from stream_processing.feature_engineering.machine import Stream
from tests.unit.stream_processing.feature_engineering.chains.quoted import passed

SINCE = 1_767_364_200 * MICROS


@pytest.fixture(scope="module")
def quotes() -> list[OptionQuoteReceived]:
    tape = Tape(World(42, Hours.ALWAYS, 1.0), Rates(500.0, 1.0), year_of(SINCE))
    made = tape.parts(next(iter(tape.segments(SINCE)))).option_quotes
    return [event for event in made if isinstance(event, OptionQuoteReceived) and event.underlying in {"MSFT", "SPX"}]


@pytest.mark.parametrize(("name", "method"), [("MSFT", "american-exact"), ("SPX", "european-bsm")])
def test_chains_are_fitted_without_arbitrage(quotes: list[OptionQuoteReceived], name: str, method: str) -> None:
    own = [one for one in quotes if one.underlying == name]
    machine = Chains(Stream(own[0].source, name, simulated=True), ChainRules(interval_us=60 * MICROS))
    events: list[Event] = list(machine.read([*own, passed(SINCE + 120 * MICROS)]))
    surface, *chains = events
    assert isinstance(surface, SurfaceFitted)
    assert len(surface.expiries) > 5
    assert not any(one.has_arbitrage for one in surface.expiries)
    assert np.mean([one.inside for one in surface.expiries]) > 0.95
    assert np.median([one.rms_error for one in surface.expiries]) < 0.3
    assert 0.05 < surface.values["atm_vol_30"] < 0.6
    assert surface.values.get("iv_gap_99", 0.0) < 0.2
    assert surface.values.get("delta_gap_99", 0.0) < 0.005
    for one in chains:
        assert isinstance(one, ChainRepriced)
        assert one.method == method
    for event in events:
        assert len(wire.encode(event)) < BY_EVENT[type(event)].largest_bytes
    contracts = [one for event in chains if isinstance(event, ChainRepriced) for one in event.contracts]
    assert surface.contracts == len(contracts)
    assert sum(one.price is not None for one in contracts) > 0.95 * len(contracts)
