from datetime import timedelta
from itertools import pairwise

import numpy as np

from data_ingestion.simulator.options.arrays import Bools, Floats, Ints
from data_ingestion.simulator.options.interest import (
    KEPT,
    OPENED,
    Activity,
    Bought,
    Setting,
    activity,
    keys,
    open_interest,
)
from data_ingestion.simulator.options.unusual import (
    DIRECTED,
    FREQUENCY,
    INFORMED_FREQUENCY,
    LEAST,
    LEAST_HELD,
    MOST_HELD,
    Unusual,
    unusual,
)
from tests.unit.data_ingestion.simulator.options.states import DAY, PRICES, TABLE, listed

SYMBOLS = [options.symbol for options in TABLE]
CHAIN = listed()
WHO = np.arange(len(TABLE))
LEFT = np.array([(one.day - DAY).days for one in CHAIN.series])[CHAIN.place]


def setting(ahead: int = 0, seed: int = 1) -> Setting:
    return Setting(seed, 9_000 + ahead, DAY + timedelta(days=ahead), PRICES, PRICES)


def shown(ahead: int = 0, seed: int = 1) -> Activity:
    return activity(CHAIN, TABLE, setting(ahead, seed), setting(ahead + 1, seed))


def of(symbol: str) -> Bools:
    return np.asarray(CHAIN.name == SYMBOLS.index(symbol))


def share(values: Ints, chosen: Bools, among: Bools) -> float:
    return float(values[chosen & among].sum() / values[among].sum())


def test_every_contract_has_its_own_number() -> None:
    assert np.unique(keys(CHAIN)).size == CHAIN.strike.size


def test_the_same_address_gives_the_same_and_another_seed_does_not() -> None:
    first = shown()
    np.testing.assert_array_equal(first.volume, shown().volume)
    part = CHAIN.where(of("QQQ"))
    alone = activity(part, TABLE, setting(), setting(1))
    np.testing.assert_array_equal(alone.open_interest, first.open_interest[of("QQQ")])
    assert not np.array_equal(first.volume, shown(seed=2).volume)


def test_open_interest_is_at_round_strikes_and_in_monthlies() -> None:
    held, index = shown().open_interest, of("SPX")
    near = index & (np.abs(CHAIN.strike / 6000 - 1) < 0.1)
    is_round = CHAIN.strike % 100 == 0
    assert np.median(held[near & is_round]) > 2 * np.median(held[near & ~is_round])
    kinds = np.array([one.kind.name for one in CHAIN.series])[CHAIN.place]
    assert share(held, kinds == "MONTHLY", index) > 5 * share(held, kinds == "DAILY", index)
    assert 1e7 < held[index].sum() < 4e7
    assert 1.2 < held[index & ~CHAIN.is_call].sum() / held[index & CHAIN.is_call].sum() < 2.5


def test_volume_is_near_the_money_and_in_what_expires_next() -> None:
    traded = shown().volume
    for symbol in ("SPX", "SPY", "QQQ"):
        assert 0.15 < share(traded, LEFT == 0, of(symbol)) < 0.5
        assert share(traded, LEFT <= 30, of(symbol)) > 0.8
        near = np.abs(CHAIN.strike / PRICES[CHAIN.name] - 1) < 0.03
        assert share(traded, near, of(symbol) & (LEFT <= 7)) > 0.8
        total = shown().open_interest[of(symbol)].sum()
        assert 0.1 < traded[of(symbol)].sum() / total < 0.5


def test_open_interest_moves_by_no_more_than_is_traded() -> None:
    days: list[Activity] = [shown(ahead) for ahead in range(8)]
    alive = LEFT > 8
    for today, tomorrow in pairwise(days):
        moved = np.abs(tomorrow.open_interest - today.open_interest)
        assert np.all(moved[alive] <= today.volume[alive])
        big = alive & (today.open_interest > 1000)
        assert np.median(moved[big] / today.open_interest[big]) < 0.1


def test_contracts_begin_without_open_interest() -> None:
    age = np.array([(DAY - one.listed_on).days for one in CHAIN.series])[CHAIN.place]
    held = shown().open_interest
    assert np.any(age == 0)
    assert held[age == 0].sum() == 0
    later = open_interest(CHAIN, TABLE, setting(3))
    assert later[age == 0].sum() > 0


def flows(informed: Ints, sessions: int = 400) -> list[Unusual]:
    held = shown().open_interest
    return [unusual(1, session, DAY, CHAIN, PRICES, held, WHO, informed) for session in range(sessions)]


def test_unusual_flow_is_rare_and_far_above_open_interest() -> None:
    none = np.zeros(len(TABLE), np.int64)
    found = flows(none)
    rate = sum(one.row.size for one in found) / (400 * len(TABLE))
    assert 0.6 * FREQUENCY < rate < 1.4 * FREQUENCY
    held = shown().open_interest
    for one in found:
        assert np.all(one.contracts >= np.maximum(held[one.row], LEAST_HELD) * LEAST - 1)
        assert np.all(held[one.row] <= MOST_HELD)
        away = one.side * np.log(CHAIN.strike[one.row] / PRICES[CHAIN.name[one.row]])
        assert np.all((away >= 0.01) & (away <= 0.1))
        assert np.all((LEFT[one.row] >= 7) & (LEFT[one.row] <= 63))
        np.testing.assert_array_equal(one.side == 1, CHAIN.is_call[one.row])
    sides: Floats = np.concatenate([one.side for one in found]).astype(np.float64)
    assert abs(sides.mean()) < 3 / np.sqrt(sides.size)


def test_who_knows_something_buys_more_often_and_mostly_the_right_side() -> None:
    knows = np.where(np.arange(len(TABLE)) % 2 == 0, 1, -1)
    found = flows(knows)
    count = sum(one.row.size for one in found)
    assert 0.75 * INFORMED_FREQUENCY < count / (400 * len(TABLE)) < 1.25 * INFORMED_FREQUENCY
    right = sum(int(np.sum(one.side == knows[CHAIN.name[one.row]])) for one in found) / count
    assert abs(right - DIRECTED) < 3 * np.sqrt(0.25 / count)


def test_what_nothing_is_known_of_directs_nobody() -> None:
    knows, held = np.ones(len(TABLE), np.int64), shown().open_interest
    found = [unusual(1, session, DAY, CHAIN, PRICES, held, WHO, knows, directed=0.5) for session in range(400)]
    sides = np.concatenate([one.side for one in found])
    assert abs(sides.mean()) < 3 / np.sqrt(sides.size)


def test_unusual_flow_is_in_its_volume_and_in_the_next_open_interest() -> None:
    session = setting().session
    row = int(np.flatnonzero(of("AAPL") & (LEFT > 20))[3])
    bought = Bought(keys(CHAIN)[[row]], np.array([50_000]), np.array([session]))
    plain = [shown(ahead) for ahead in range(3)]
    after = [activity(CHAIN, TABLE, setting(ahead), setting(ahead + 1), bought) for ahead in range(3)]
    others = np.arange(CHAIN.strike.size) != row
    for before, now in zip(plain, after, strict=True):
        np.testing.assert_array_equal(before.open_interest[others], now.open_interest[others])
        np.testing.assert_array_equal(before.volume[others], now.volume[others])
    gained = [int(now.open_interest[row] - before.open_interest[row]) for before, now in zip(plain, after, strict=True)]
    assert gained == [0, 50_000 * OPENED, int(50_000 * OPENED * KEPT)]
    assert after[0].volume[row] >= 50_000
    for today, tomorrow in pairwise(after):
        assert abs(tomorrow.open_interest[row] - today.open_interest[row]) <= today.volume[row]


def test_purchases_of_contracts_that_are_gone_count_for_nothing() -> None:
    row = int(np.flatnonzero(of("AAPL"))[0])
    gone = Bought(keys(CHAIN)[[row]], np.array([50_000]), np.array([setting().session - 1]))
    part = CHAIN.where(np.arange(CHAIN.strike.size) > row)
    alone = activity(part, TABLE, setting(), setting(1), gone)
    np.testing.assert_array_equal(alone.open_interest, shown().open_interest[row + 1 :])
    nobody = CHAIN.where(np.zeros(CHAIN.strike.size, np.bool_))
    assert activity(nobody, TABLE, setting(), setting(1), gone).volume.size == 0
