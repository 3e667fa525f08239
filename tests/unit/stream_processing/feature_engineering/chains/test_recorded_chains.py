"""A recorded chain of an index fund as quotes: fitted inside bid and ask, without arbitrage."""

import msgspec
import numpy as np
import pytest

from contracts.events import ChainRepriced, SurfaceFitted
from contracts.instruments import Right
from contracts.sessions import MICROS
from models.quantitative.times import MICROS_PER_YEAR
from stream_processing.feature_engineering.chains.machine import ChainRules, Chains
from tests.unit.models.quantitative.surface.chains import FUND_RATE, recorded
from tests.unit.stream_processing.feature_engineering.chains.quoted import START, STREAM, passed, quote

SIDES: tuple[Right, Right] = ("P", "C")
YIELD = 0.015


@pytest.mark.parametrize("name", ["SPY_20230602_close.csv"])
def test_a_recorded_chain_is_fitted(name: str) -> None:
    chain = recorded(name)
    made = []
    for number, expiry in enumerate(chain.expiries[:18]):
        expires_at = START + round(expiry.years * MICROS_PER_YEAR)
        columns = (column.tolist() for column in (expiry.strike, expiry.is_call, expiry.bid, expiry.ask))
        for strike, is_call, bid, ask in zip(*columns, strict=True):
            one = quote(START, expires_at, strike, SIDES[int(is_call)], number, spot=chain.underlying_price, bid=bid)
            made.append(msgspec.structs.replace(one, ask=ask, rate=FUND_RATE, dividend_yield=YIELD))
    machine = Chains(STREAM, ChainRules())
    surface, *chains = machine.read([*made, passed(START + 2 * MICROS)])
    assert isinstance(surface, SurfaceFitted)
    assert len(surface.expiries) == len(chains) == 18
    assert not any(one.has_arbitrage for one in surface.expiries)
    assert np.mean([one.inside for one in surface.expiries]) > 0.95
    assert surface.values["atm_vol_30"] == pytest.approx(0.125, abs=0.02)
    assert surface.values["skew_30"] < -0.01
    assert surface.values["iv_gap_99"] < 0.2
    contracts = [one for event in chains if isinstance(event, ChainRepriced) for one in event.contracts]
    assert np.mean([one.price is not None for one in contracts]) > 0.99
