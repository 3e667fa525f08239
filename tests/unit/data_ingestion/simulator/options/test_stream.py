"""What is quoted through a session: contracts as the payouts left them, priced at the curve and by the dividends."""

from datetime import date

import numpy as np
import pytest

from contracts.instruments import parse_occ
from contracts.wire import encode
from data_ingestion.simulator.happenings import rates
from data_ingestion.simulator.happenings.days import day_of, number
from data_ingestion.simulator.happenings.terms import payouts
from data_ingestion.simulator.options.arbitrage import Quoted, violations
from data_ingestion.simulator.options.arrays import Bools, Floats
from data_ingestion.simulator.options.board import board, rows, terms
from data_ingestion.simulator.options.classes import CLASSES
from data_ingestion.simulator.options.fair import fair
from data_ingestion.simulator.options.stream import Day, option_quotes
from data_ingestion.simulator.orders.listing import listed
from data_ingestion.simulator.orders.touch import touch
from data_ingestion.simulator.universe import UNIVERSE
from models.quantitative.times import years_between
from tests.unit.data_ingestion.simulator.happenings.market import DETAILED
from tests.unit.data_ingestion.simulator.options.market import AMZN, META, WORLD, day, latent, number_of, state

BEFORE, SPLIT = date(2026, 2, 17), date(2026, 2, 18)
BEFORE_WHOLE, WHOLE = date(2026, 9, 21), date(2026, 9, 22)


def own(found: Day, name: int) -> Bools:
    return np.asarray(found.chain.name == name)


def strikes(found: Day, name: int, shares: float) -> dict[date, set[float]]:
    """By expiry, of one deliverable."""
    chosen = found.chain.where(own(found, name) & (found.chain.shares == shares))
    days = [chosen.series[place].day for place in chosen.place.tolist()]
    return {one: {k for k, at in zip(chosen.strike.tolist(), days, strict=True) if at == one} for one in set(days)}


def prices(found: Day, one: date, spot: Floats) -> dict[str, float]:
    """Fair prices by symbol, at some spots, at the session's open."""
    given = terms(CLASSES, found.known, state(one, spot))
    made = fair(given, rows(found.chain, found.known, state(one, spot)))
    return dict(zip([contract.symbol for contract in found.contracts], made.price.tolist(), strict=True))


def test_contracts_from_before_a_split_deliver_more_shares_under_a_root_of_their_own() -> None:
    before, after = day(BEFORE), day(SPLIT)
    assert set(before.chain.shares[own(before, AMZN)]) == {1.0}
    old, kept = strikes(before, AMZN, 1.0), strikes(after, AMZN, 1.5)
    assert all(kept[expiry] == ladder for expiry, ladder in old.items() if expiry in kept)
    assert set(kept) == {expiry for expiry in old if expiry > BEFORE}
    fresh = strikes(after, AMZN, 1.0)
    spot = float(np.exp(latent().log_opens[number_of(SPLIT), AMZN]))
    assert all(min(ladder) < spot < max(ladder) for ladder in fresh.values())
    adjusted = own(after, AMZN) & (after.chain.shares == 1.5)
    for row in np.flatnonzero(adjusted)[::50].tolist():
        parsed = parse_occ(after.contracts[row].symbol)
        assert parsed.is_adjusted
        assert parsed.underlying == after.contracts[row].underlying == "AMZN"


def test_contracts_from_before_a_whole_split_stay_standard_at_parts_of_their_strikes() -> None:
    old, new = strikes(day(BEFORE_WHOLE), META, 1.0), strikes(day(WHOLE), META, 1.0)
    for expiry, ladder in old.items():
        if expiry > BEFORE_WHOLE:
            assert {round(strike / 4, 3) for strike in ladder} <= {round(strike, 3) for strike in new[expiry]}
    assert set(day(WHOLE).chain.shares[own(day(WHOLE), META)]) == {1.0}


def test_holders_of_options_neither_win_nor_lose_by_a_split() -> None:
    spot = np.exp(latent().log_opens[number_of(SPLIT)])
    old_spot = spot.copy()
    old_spot[AMZN] *= 1.5
    found = day(SPLIT)
    whole = prices(found, SPLIT, spot)
    adjusted = np.flatnonzero(own(found, AMZN) & (found.chain.shares == 1.5))
    plain = found._replace(
        chain=found.chain._replace(shares=np.ones(len(found.chain.shares))),
    )
    unsplit = prices(plain, SPLIT, old_spot)
    for row in adjusted.tolist():
        symbol = found.contracts[row].symbol
        assert whole[symbol] == pytest.approx(unsplit[symbol], abs=1e-4)


@pytest.mark.parametrize("one", [SPLIT, WHOLE])
def test_no_chain_after_a_split_can_be_traded_at_a_profit(one: date) -> None:
    found, now = day(one), state(one)
    noise = np.random.default_rng(0).standard_normal((4, found.chain.strike.size))
    made = board(found.chain, CLASSES, found.known, now, noise).quotes
    asked, given = rows(found.chain, found.known, now), terms(CLASSES, found.known, now)
    for shares in np.unique(found.chain.shares).tolist():
        chosen = np.flatnonzero((found.chain.shares == shares) & (own(found, AMZN) | own(found, META)))
        part = Quoted(
            asked.expiry[chosen],
            asked.spot[chosen] * shares,
            asked.strike[chosen],
            asked.is_call[chosen],
            made.bid_cents[chosen] / 100,
            made.ask_cents[chosen] / 100,
        )
        assert violations(given, part).total == 0


def test_options_are_discounted_at_the_curve_published_last() -> None:
    found = day(SPLIT)
    curve = rates.known(rates.curves(WORLD.seed, 2026, 2026), found.session.opens_at)
    years = years_between(found.session.opens_at, found.known.expires_at)
    np.testing.assert_array_equal(found.carry.rate, rates.at(curve, years))
    assert np.ptp(found.carry.rate) > 0.0005


def test_forwards_do_not_jump_when_a_dividend_is_paid() -> None:
    """The price falls by what the yield has lost."""
    spy = next(place for place, one in enumerate(CLASSES) if one.symbol == "SPY")
    table = payouts(WORLD.seed, DETAILED).dividends
    ex = int(table.ex_day[(table.name == spy) & (table.ex_day > number(SPLIT))][0])
    number_at = next(session.number for session in latent().sessions if session.day == day_of(ex))
    paid = []
    for one in (number_at - 1, number_at):
        found = day(latent().sessions[one].day)
        soon = (found.known.name == spy) & (found.known.expires_at > latent().sessions[number_at].closes_at)
        paid.append(float(found.carry.paid[soon][0]))
    amount = float(table.amount[(table.name == spy) & (table.ex_day == ex)][0])
    assert paid[1] == 0.0
    assert paid[0] == pytest.approx(-amount / np.exp(latent().log_opens[number_at, spy]), rel=0.05)


def test_a_quote_says_all_that_its_greeks_need_of_adjusted_contracts_too() -> None:
    segment, columns, found = latent().segment(number_of(SPLIT), 3), listed(UNIVERSE), day(SPLIT)
    best = touch(segment, columns)
    rates_per_s = np.where(np.arange(len(UNIVERSE)) == AMZN, 20.0, 1.0)
    made = list(option_quotes(segment, latent(), found, columns, best, rates_per_s, "simulator-40"))
    times = [event.event_time for event in made]
    assert times == sorted(times)
    assert len({event.event_id for event in made}) == len(made) > 1_000
    middle = {one.symbol: (best.bid[:, place] + best.ask[:, place]) / 200 for place, one in enumerate(UNIVERSE)}
    shares = dict(zip([contract.symbol for contract in found.contracts], found.chain.shares.tolist(), strict=True))
    for event in made:
        assert encode(event)
        shown = middle[event.underlying] * shares[event.contract]
        assert shown.min() - 0.01 < event.underlying_price < shown.max() + 0.01
        sign = 1.0 if event.right == "C" else -1.0
        assert event.style == "european" or event.ask > sign * (event.underlying_price - event.strike)
        assert 0.02 < event.rate < 0.06
    of_amzn = {shares[event.contract] for event in made if event.underlying == "AMZN"}
    assert of_amzn == {1.0, 1.5}
    spy = {event.expires_at: event.dividend_yield for event in made if event.underlying == "SPY"}
    assert min(spy.values()) == 0.0 < max(spy.values())
