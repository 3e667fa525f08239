"""The morning's reports: one a contract, before the open, on the session before."""

from datetime import date

import numpy as np

from contracts.wire import decode, encode
from data_ingestion.simulator.core.clock import MINUTE_US, Hours, sessions
from data_ingestion.simulator.options.interest import Activity
from data_ingestion.simulator.options.reports import LEAD_US, SPREAD_US, reported_at, reports, volume_before
from tests.unit.data_ingestion.simulator.options.market import AMZN, day, latent, number_of

BEFORE, SPLIT = date(2026, 2, 17), date(2026, 2, 18)


def test_reports_come_in_the_morning_before_the_open() -> None:
    number = number_of(SPLIT)
    before, session = latent().sessions[number - 1 : number + 1]
    assert reported_at(before, session) == session.opens_at - LEAD_US > before.closes_at


def test_where_the_market_never_closes_they_come_in_its_first_minute() -> None:
    before, session = sessions(Hours.ALWAYS, 2026)[-2:]
    assert reported_at(before, session) == session.opens_at == before.closes_at
    assert SPREAD_US < MINUTE_US


def test_each_listed_contract_is_reported_once_in_order_of_time() -> None:
    found = day(SPLIT)
    held = Activity(np.arange(len(found.contracts)), np.zeros(len(found.contracts), np.int64))
    made = list(reports(found, 1_000, held, held.open_interest * 2, "simulator-40"))
    assert [event.contract for event in made] == [contract.symbol for contract in found.contracts]
    assert len({event.event_id for event in made}) == len(made)
    times = [event.event_time for event in made]
    assert times == sorted(times)
    assert 1_000 == times[0] < times[-1] < 1_000 + SPREAD_US
    for place in (0, 7, len(made) - 1):
        assert (made[place].open_interest, made[place].volume) == (place, 2 * place)
        assert decode("market.open_interest", encode(made[place])) == made[place]


def test_volume_is_that_of_the_session_before_and_none_for_what_was_not_listed_then() -> None:
    old, new = day(BEFORE), day(SPLIT)
    traded = np.arange(1, len(old.contracts) + 1)
    found = volume_before(new.chain, old.chain, traded)
    known = dict(zip([contract.symbol for contract in old.contracts], traded.tolist(), strict=True))
    assert found.tolist() == [known.get(contract.symbol, 0) for contract in new.contracts]
    renamed = (new.chain.name == AMZN) & (new.chain.shares == 1.5)
    assert not found[renamed].any()
    assert (found[~renamed & (new.chain.name != AMZN)] > 0).mean() > 0.9
