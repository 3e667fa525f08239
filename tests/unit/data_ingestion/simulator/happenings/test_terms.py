"""Prices as traded: what they fall by, and that nothing else happens to them."""

from datetime import date

import numpy as np
import pytest

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.latent import ANCHOR
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.happenings.days import number
from data_ingestion.simulator.happenings.subjects import Floats, Ints
from data_ingestion.simulator.happenings.terms import Payouts, as_traded, payouts, shares, shifts
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.universe import UNIVERSE
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED, SPLITTING

SYMBOLS = [subject.symbol for subject in DETAILED]
SPY, SPX, AMZN, TSLA = (SYMBOLS.index(symbol) for symbol in ("SPY", "SPX", "AMZN", "TSLA"))
KNOWN = payouts(SPLITTING, DETAILED)
DAYS = np.arange(number(date(2024, 1, 1)), number(date(2028, 1, 1)))
AT = int(np.flatnonzero(number(ANCHOR) == DAYS)[0])


def path(seed: int = 3) -> Floats:
    moves = np.random.default_rng(seed).normal(0, 0.02, (len(DAYS), len(DETAILED)))
    made: Floats = np.cumsum(moves, axis=0)
    return np.asarray(made - made[AT] + np.log([subject.price for subject in DETAILED]))


PATH = path()
FOUND = shifts(KNOWN, DETAILED, DAYS, PATH)


def dividends_of(known: Payouts, name: int) -> tuple[Ints, Floats]:
    mine = (known.dividends.name == name) & (known.dividends.ex_day > DAYS[0]) & (known.dividends.ex_day <= DAYS[-1])
    return known.dividends.ex_day[mine], known.dividends.amount[mine]


def test_on_the_anchor_session_prices_are_the_table_s() -> None:
    np.testing.assert_allclose(FOUND[AT], 0.0, atol=1e-12)


def test_a_price_falls_by_the_dividend_in_dollars_before_and_after_the_anchor() -> None:
    days, amounts = dividends_of(KNOWN, SPY)
    rows = days - DAYS[0]
    held = np.exp(PATH[rows, SPY] + FOUND[rows - 1, SPY])
    np.testing.assert_allclose(held - np.exp(PATH[rows, SPY] + FOUND[rows, SPY]), amounts, rtol=1e-9)
    quiet = np.setdiff1d(np.arange(1, len(DAYS)), rows)
    np.testing.assert_allclose(FOUND[quiet, SPY], FOUND[quiet - 1, SPY], atol=1e-12)
    assert 15 <= len(rows) <= 17
    assert np.any(rows < AT)
    assert np.any(rows > AT)


def test_a_split_divides_the_price_from_its_day_on() -> None:
    mine = (KNOWN.splits.name == AMZN) & (KNOWN.splits.effective_day > DAYS[AT])
    row = int(KNOWN.splits.effective_day[mine][0] - DAYS[0])
    assert KNOWN.splits.ratio[mine][0] == 1.5
    np.testing.assert_allclose(np.exp(FOUND[row - 1 : row + 1, AMZN]), [1.0, 1 / 1.5])


def test_shares_count_splits_from_the_anchor_both_ways() -> None:
    table = KNOWN.splits
    one = table._replace(
        name=np.array([0, 0]),
        new_shares=np.array([3, 4]),
        old_shares=np.array([2, 1]),
        effective_day=number(ANCHOR) + np.array([-100, 100]),
    )
    days = number(ANCHOR) + np.array([-101, -100, 0, 99, 100])
    np.testing.assert_allclose(shares(one, np.array(0), days), [2 / 3, 1, 1, 1, 4])
    np.testing.assert_allclose(shares(one, np.array(1), days), 1.0)


def test_an_index_falls_by_its_yield_and_who_pays_nothing_not_at_all() -> None:
    a_year = FOUND[AT + 365, SPX] - FOUND[AT, SPX]
    assert a_year == pytest.approx(-DETAILED[SPX].dividend_yield)
    assert np.ptp(np.diff(FOUND[:, SPX])) < 1e-12
    quiet = payouts(1, DETAILED[TSLA : TSLA + 1])
    assert len(quiet.dividends.time_us) == 0


def test_a_dividend_beyond_the_price_takes_a_half() -> None:
    poor = PATH.copy()
    poor[AT + 10 :, SPY] = np.log(2.0)
    rows = dividends_of(KNOWN, SPY)[0] - DAYS[0]
    first = int(rows[rows > AT + 10][0])
    found = shifts(KNOWN, DETAILED, DAYS, poor)
    assert np.exp(found[first, SPY] - found[first - 1, SPY]) == pytest.approx(0.5)


def test_a_day_s_price_does_not_depend_on_the_span() -> None:
    few = slice(AT - 200, AT + 400)
    np.testing.assert_allclose(shifts(KNOWN, DETAILED, DAYS[few], PATH[few]), FOUND[few], atol=1e-12)


def test_minutes_begin_where_the_price_as_traded_stands() -> None:
    world = World(SPLITTING, Hours.EXCHANGE)
    plain, traded = latent_of(world, UNIVERSE[:4]), as_traded(latent_of(world, UNIVERSE[:4]), DETAILED[:4])
    split = next(session.number for session in plain.sessions if session.day == date(2026, 2, 18))
    moved = np.diff(traded.log_opens[split - 1 : split + 1, AMZN]) - np.diff(
        plain.log_opens[split - 1 : split + 1, AMZN]
    )
    np.testing.assert_allclose(moved, -np.log(1.5))
    np.testing.assert_allclose(traded.session_minutes(split).log_price[0], traded.log_opens[split])
    np.testing.assert_allclose(
        np.diff(traded.session_minutes(split).log_price, axis=0),
        np.diff(plain.session_minutes(split).log_price, axis=0),
    )
