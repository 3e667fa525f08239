"""Open interest and volume of a market's sessions, unusual flow carried along."""

from datetime import date
from itertools import pairwise

import numpy as np

from data_ingestion.simulator.core.clock import DAY_US
from data_ingestion.simulator.happenings.earnings import earnings
from data_ingestion.simulator.options.arrays import Ints
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.holders import KNOWN_DAYS, Holders
from data_ingestion.simulator.options.interest import Activity, keys
from data_ingestion.simulator.options.unusual import COIN, DIRECTED, LATEST_DAYS, LEAST, LEAST_HELD
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SPLITTING
from tests.unit.data_ingestion.simulator.options.market import AMZN, day, latent, number_of

ANNOUNCED = earnings(SPLITTING, DETAILED, 2023, 2026)
HOLDERS = Holders(latent(), UNIVERSE, CLASSES, ANNOUNCED)
DAYS = date(2026, 2, 13), date(2026, 2, 17), date(2026, 2, 18)
NUMBERS = [number_of(one) for one in DAYS]


def shown(one: date) -> Activity:
    return HOLDERS.activity(day(one).chain, number_of(one))


def by_contract(one: date, values: Ints) -> dict[str, int]:
    return dict(zip([contract.symbol for contract in day(one).contracts], values.tolist(), strict=True))


def test_unusual_flow_of_nine_weeks_is_known_and_any_session_alone_has_the_same() -> None:
    found = HOLDERS.bought(NUMBERS[-1])
    sessions = latent().sessions
    ages = [(sessions[NUMBERS[-1]].day - sessions[number].day).days for number in found.session.tolist()]
    assert 0 <= min(ages) <= max(ages) <= LATEST_DAYS
    assert 3 <= len(ages) <= 30
    assert found.contracts.min() >= LEAST * LEAST_HELD - 1
    fresh = Holders(latent(), UNIVERSE, CLASSES, ANNOUNCED).bought(NUMBERS[-1])
    for one, other in zip(found, fresh, strict=True):
        np.testing.assert_array_equal(one, other)
    earlier = HOLDERS.bought(NUMBERS[0])
    assert set(found.key[found.session <= NUMBERS[0]]) <= set(earlier.key)


def test_purchases_are_of_contracts_that_were_listed() -> None:
    found = HOLDERS.bought(NUMBERS[1])
    own = keys(day(DAYS[1]).chain)
    assert np.isin(found.key[found.session >= NUMBERS[1] - 5], own).all()


def test_open_interest_moves_by_no_more_than_is_traded_over_a_split_too() -> None:
    for one, after in pairwise(DAYS):
        held, traded = (by_contract(one, values) for values in shown(one))
        then = by_contract(after, shown(after).open_interest)
        same = [symbol for symbol in held if symbol in then and not (after == DAYS[-1] and symbol.startswith("AMZN"))]
        assert len(same) > 20_000
        assert all(abs(then[symbol] - held[symbol]) <= traded[symbol] for symbol in same)


def test_a_split_does_not_move_where_positions_were_opened() -> None:
    before, after = (shown(one) for one in DAYS[1:])
    total = [
        int(found.open_interest[day(one).chain.name == AMZN].sum())
        for one, found in zip(DAYS[1:], (before, after), strict=True)
    ]
    assert 0.6 < total[1] / total[0] < 1.7
    traded = before.volume[day(DAYS[1]).chain.name == AMZN].sum()
    assert traded < 0.7 * total[0]


def test_who_knows_is_informed_only_before_an_announcement_and_only_where_there_is_an_edge() -> None:
    number = next(
        number for number in range(NUMBERS[-1], NUMBERS[-1] + 100) if HOLDERS._informed(np.array([number]))[0, AMZN]
    )
    opens_at = latent().sessions[number].opens_at
    ahead = ANNOUNCED.time_us[ANNOUNCED.name == AMZN] - opens_at
    assert 0 < ahead[ahead > 0].min() <= KNOWN_DAYS * DAY_US
    assert HOLDERS.directed == DIRECTED
    world = latent().world
    try:
        latent().world = world._replace(edge=0.0)
        assert Holders(latent(), UNIVERSE, CLASSES, ANNOUNCED).directed == COIN
    finally:
        latent().world = world
