from datetime import date, timedelta

import numpy as np
import pytest

from contracts.instruments import parse_occ
from data_ingestion.simulator.options.adjustments import Adjustment, Standing, adjusted
from data_ingestion.simulator.options.arrays import Floats
from data_ingestion.simulator.options.board import expiries
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.ladder import Opens, step, strikes
from data_ingestion.simulator.options.listing import Chain, chain
from tests.unit.data_ingestion.simulator.options.states import DAY, PRICES, TABLE, listed, opens

OF = {options.symbol: options for options in CLASSES}
TESLA = OF["TSLA"]
FIRST = date(2025, 9, 1)


def walk(seed: int, start: float, sessions: int = 200, deviation: float = 0.03) -> Opens:
    returns = np.random.default_rng(seed).normal(0, deviation, sessions)
    return Opens(FIRST.toordinal() + np.arange(sessions), start * np.exp(np.cumsum(returns)))


def until(given: Opens, day: date) -> Opens:
    size = day.toordinal() - FIRST.toordinal() + 1
    return Opens(given.days[:size], given.prices[:size])


def of(whole: Chain, root: str, day: date) -> Floats:
    """Strikes of the calls of one root and expiry."""
    places = [place for place, one in enumerate(whole.series) if (one.root, one.day) == (root, day)]
    return whole.strike[np.isin(whole.place, places) & whole.is_call]


def test_chains_have_as_many_contracts_as_listed_names_do() -> None:
    whole = listed()
    counts = dict(zip([one.symbol for one in TABLE], np.bincount(whole.name), strict=True))
    assert 15_000 < counts["SPX"] < 25_000
    assert 4_000 < counts["SPY"] < 9_000
    assert 4_000 < counts["QQQ"] < 9_000
    assert all(600 < counts[symbol] < 4_000 for symbol in ("AAPL", "MSFT", "GOOGL", "AMZN", "TSLA", "NVDA", "META"))
    assert counts["SMALL"] < 500


def test_rows_are_in_order_and_come_as_call_and_put() -> None:
    whole = listed()
    order = np.lexsort((whole.strike, whole.is_call, whole.place))
    np.testing.assert_array_equal(order, np.arange(whole.strike.size))
    for place in range(len(whole.series)):
        own = whole.place == place
        np.testing.assert_array_equal(whole.strike[own & whole.is_call], whole.strike[own & ~whole.is_call])
        assert np.all(np.diff(whole.strike[own & whole.is_call]) > 0)


def test_symbols_say_what_the_contracts_are() -> None:
    whole = listed()
    symbols = whole.symbols()
    assert len(set(symbols)) == len(symbols)
    for row in range(0, len(symbols), 97):
        parsed = parse_occ(symbols[row])
        assert parsed.underlying == TABLE[whole.name[row]].symbol
        assert parsed.style == TABLE[whole.name[row]].style
        assert parsed.strike == whole.strike[row]
        assert parsed.right == ("C" if whole.is_call[row] else "P")
        assert parsed.expires_at == whole.expires_at[row]


def test_ladders_are_dense_at_the_money_and_sparse_far_away() -> None:
    near = of(listed(), "SPXW", date(2026, 3, 20))
    gaps = np.diff(near)
    at_the_money = np.abs(near[:-1] / 6000 - 1) < 0.02
    assert np.all(gaps[at_the_money] == 5.0)
    assert gaps[0] == gaps[-1] == 100.0
    far = of(listed(), "SPX", date(2027, 1, 15))
    assert far.max() - far.min() > 2 * (near.max() - near.min())
    assert far.size < near.size


def test_steps_are_those_of_exchanges_whatever_the_price() -> None:
    assert [step(OF["SPY"], price) for price in (45.0, 600.0, 2500.0)] == [1.0, 1.0, 2.5]
    assert [step(OF["NVDA"], price) for price in (0.3, 10.0, 140.0, 1200.0)] == [0.5, 0.5, 1.0, 10.0]


@pytest.mark.parametrize("seed", range(3))
def test_strikes_once_listed_stay_listed_wherever_the_price_goes(seed: int) -> None:
    path = walk(seed, 340.0)
    known: dict[tuple[str, date], set[float]] = {}
    for ahead in range(0, 200, 3):
        day = FIRST + timedelta(days=ahead)
        whole = chain([TESLA], day, [until(path, day)])
        now = {(one.root, one.day): set(of(whole, one.root, one.day).tolist()) for one in whole.series}
        for key, before in known.items():
            assert key[1] < day or before <= now[key]
        for key, ladder in now.items():
            assert key[1] < day or min(ladder) < path.prices[ahead] < max(ladder)
        known = now


def test_a_day_before_the_first_price_has_no_strikes() -> None:
    later = Opens(np.array([DAY.toordinal() + 1]), np.array([340.0]))
    assert chain([TESLA], DAY, [later]).strike.size == 0
    assert strikes(TESLA, DAY, DAY, DAY, later).size == 0


SPLIT_DAY = date(2026, 2, 2)
EXPIRY = date(2026, 6, 18)


def after(event: Adjustment, factor: float, day: date = DAY) -> Chain:
    """A chain after an event in which the price is multiplied by the factor."""
    before = opens(np.array([340.0]), day, 60)[0]
    prices = np.where(before.days < event.day.toordinal(), before.prices, before.prices * factor)
    return chain([TESLA], day, [Opens(before.days, prices)], [[event]])


def before_the_split() -> Floats:
    day = SPLIT_DAY - timedelta(days=1)
    full = opens(np.array([340.0]), DAY, 60)[0]
    kept = full.days <= day.toordinal()
    return of(chain([TESLA], day, [Opens(full.days[kept], full.prices[kept])]), "TSLA", EXPIRY)


def test_a_whole_split_divides_the_strikes() -> None:
    event = Adjustment(SPLIT_DAY, ratio=3.0)
    whole = after(event, 1 / 3)
    assert set(np.rint(before_the_split() / 3 * 1000)) <= set(np.rint(of(whole, "TSLA", EXPIRY) * 1000))
    assert {one.root for one in whole.series} == {"TSLA"}
    assert np.all(whole.shares == 1.0)


@pytest.mark.parametrize("ratio", [1.5, 0.1])
def test_any_other_split_gives_adjusted_contracts_beside_new_ones(ratio: float) -> None:
    whole = after(Adjustment(SPLIT_DAY, ratio=ratio), 1 / ratio)
    np.testing.assert_array_equal(of(whole, "TSLA1", EXPIRY), before_the_split())
    fresh = of(whole, "TSLA", EXPIRY)
    assert fresh.min() < 340 / ratio < fresh.max()
    is_adjusted = whole.shares != 1.0
    assert np.all(whole.shares[is_adjusted] == ratio)
    symbols = whole.symbols()
    assert all(parse_occ(symbols[row]).is_adjusted == is_adjusted[row] for row in range(0, len(symbols), 41))
    assert parse_occ(symbols[int(np.argmax(is_adjusted))]).underlying == "TSLA"


def test_a_special_dividend_lowers_the_strikes() -> None:
    whole = after(Adjustment(SPLIT_DAY, special_dividend=15.0), 325 / 340)
    lowered = before_the_split() - 15.0
    assert set(lowered[lowered > 0]) <= set(of(whole, "TSLA", EXPIRY))
    assert np.all(whole.shares == 1.0)


def test_expiries_listed_after_the_event_know_nothing_of_it() -> None:
    day = date(2026, 3, 20)
    whole = after(Adjustment(SPLIT_DAY, ratio=1.5), 1 / 1.5, day)
    assert of(whole, "TSLA1", date(2026, 4, 24)).size == 0
    assert of(whole, "TSLA", date(2026, 4, 24)).size > 0


def test_contracts_that_are_adjusted_twice_keep_their_root_and_add_up() -> None:
    once = adjusted(Standing("XYZ", np.array([30.0, 60.0]), 1.0), Adjustment(DAY, ratio=1.5), 0)
    assert once.root == "XYZ1"
    twice = adjusted(once, Adjustment(DAY, ratio=2.0), 1)
    assert twice.root == "XYZ1"
    assert twice.shares == 3.0
    thrice = adjusted(twice, Adjustment(DAY, special_dividend=11.0), 2)
    np.testing.assert_array_equal(thrice.strikes, [27.0])
    between = adjusted(Standing("XYZ", np.array([30.0]), 1.0), Adjustment(DAY, ratio=0.1), 3)
    assert between.root == "XYZ4"


def test_places_name_the_classes_of_the_table() -> None:
    whole = listed()
    for place, price in enumerate(PRICES):
        own = whole.strike[whole.name == place]
        assert own.min() < price < own.max()
    few = whole.where(whole.name == 3)
    assert len(few.symbols()) == few.strike.size == np.sum(whole.name == 3)


def test_what_has_expired_is_no_longer_alive() -> None:
    whole = listed()
    moment = int(np.unique(whole.expires_at)[3])
    alive = whole.alive(moment)
    assert alive.strike.size == np.sum(whole.expires_at > moment)
    known = expiries(alive)
    assert known.expires_at.min() > moment
    np.testing.assert_array_equal(known.expires_at[known.of_contract], alive.expires_at)
    np.testing.assert_array_equal(known.name[known.of_contract], alive.name)
    assert list(zip(known.name, known.expires_at, strict=True)) == sorted(
        set(zip(alive.name, alive.expires_at, strict=True))
    )
